import pytest

from tasks.models import Task
from tests.support.api_calls import QUESTION
from tests.support.api_calls import TASKS as URL
from tests.support.factories import make_task


def nested(levels: int) -> dict[str, object]:
    return {"a": nested(levels - 1)} if levels > 1 else {}


def test_a_task_created_paused_is_not_scheduled(owner_client):
    response = owner_client.post(URL, {**QUESTION, "state": "paused"}, format="json")

    assert (response.json()["state"], response.json()["next_run"]) == ("paused", None)


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        pytest.param(
            {},
            [
                {
                    "type": "missing",
                    "loc": ["body", "search_query"],
                    "msg": "Field required",
                    "input": {},
                }
            ],
            id="no question",
        ),
        pytest.param(
            {"search_query": "Is it out yet?"},
            [
                {
                    "type": "value_error",
                    "loc": ["body", "search_query"],
                    "msg": 'Name the page to watch, for example "https://example.com/product". '
                    "Questions without a page need a language model and a search engine; an "
                    "operator sets them by TORALE_MODEL and TORALE_SEARCH.",
                    "input": "Is it out yet?",
                }
            ],
            id="no address and no model",
        ),
        pytest.param(
            {**QUESTION, "condition_description": "when contains In stock"},
            [
                {
                    "type": "value_error",
                    "loc": ["body", "condition_description"],
                    "msg": 'Unknown condition "when". Write changes, contains "…", '
                    'does not contain "…", matches /…/, css("…") < 100, json("$.…") >= 5, '
                    'price < 100, in stock, new items or exists css("…"). '
                    "(character 1) A condition in plain words needs a language model; an operator "
                    "sets one by TORALE_MODEL.",
                    "input": "when contains In stock",
                }
            ],
            id="condition is no rule",
        ),
        pytest.param(
            {"search_query": "http://127.0.0.1/"},
            [
                {
                    "type": "value_error",
                    "loc": ["body", "search_query"],
                    "msg": "127.0.0.1 is not a public address. Allow its network with "
                    "TORALE_WEBHOOK_ALLOW_PRIVATE.",
                    "input": "http://127.0.0.1/",
                }
            ],
            id="page on a private address",
        ),
        pytest.param(
            {**QUESTION, "state": "asleep"},
            [
                {
                    "type": "enum",
                    "loc": ["body", "state"],
                    "msg": "Input should be 'active', 'paused' or 'completed'",
                    "input": "asleep",
                }
            ],
            id="unknown state",
        ),
        pytest.param(
            {**QUESTION, "context": {"a": ["x\0"]}},
            [
                {
                    "type": "nul",
                    "loc": ["body", "context"],
                    "msg": "Leave out the NUL character (\\u0000).",
                    "input": {"a": ["x\0"]},
                }
            ],
            id="context that cannot be kept",
        ),
        pytest.param(
            {**QUESTION, "context": nested(51)},
            [
                {
                    "type": "too_deep",
                    "loc": ["body", "context"],
                    "msg": "Nest at most 50 levels.",
                    "input": nested(51),
                }
            ],
            id="context nested too deeply",
        ),
        pytest.param(
            {**QUESTION, "context": {"a": [1e300]}},
            [
                {
                    "type": "too_large",
                    "loc": ["body", "context"],
                    "msg": "Write numbers beyond 64 bits as text.",
                    "input": {"a": [1e300]},
                }
            ],
            id="context whose number would come back too large to be shown",
        ),
        pytest.param(
            [1],
            [
                {
                    "type": "value_error",
                    "loc": ["body"],
                    "msg": "Invalid data. Expected a dictionary, but got list.",
                    "input": [1],
                }
            ],
            id="not an object",
        ),
    ],
)
def test_a_bad_body_is_422_and_says_what_to_change(owner_client, body, faults):
    response = owner_client.post(URL, body, format="json")

    assert response.status_code == 422
    assert response.json() == {"detail": faults}
    assert not Task.objects.exists()


@pytest.mark.parametrize("number", [2**64 - 1, -(2**63), 1e19, -9e18, 1e-300, 0.1, True])
def test_a_context_may_hold_numbers_of_64_bits(owner_client, number):
    made = owner_client.post(URL, {**QUESTION, "context": {"number": number}}, format="json")

    shown = owner_client.get(URL)

    assert (made.status_code, shown.status_code) == (200, 200)
    assert shown.json()[0]["context"] == {"number": number}


def test_a_context_that_is_too_deep_to_be_shown_again_is_422_all_the_same(owner_client):
    response = owner_client.post(URL, {**QUESTION, "context": nested(300)}, format="json")

    assert response.status_code == 422
    assert response.json() == {
        "detail": [
            {
                "type": "too_deep",
                "loc": ["body", "context"],
                "msg": "Nest at most 50 levels.",
                "input": None,
            }
        ]
    }


@pytest.mark.parametrize(
    ("notifications", "detail"),
    [
        pytest.param(
            [{"type": "sms", "number": "1"}],
            'Invalid notification: its type must be "email" or "webhook".',
            id="unknown type",
        ),
        pytest.param(
            ["email"],
            'Invalid notification: its type must be "email" or "webhook".',
            id="no object",
        ),
        pytest.param(
            [None],
            'Invalid notification: its type must be "email" or "webhook".',
            id="null",
        ),
        pytest.param(
            [{"type": "email", "address": "nobody"}],
            "Invalid notification: address 'nobody' is not an email address.",
            id="no address",
        ),
        pytest.param(
            [{"type": "email", "address": "a@example.com"}] * 2,
            "Multiple notifications of the same type are not supported; send one email entry.",
            id="two emails",
        ),
        pytest.param(
            [{"type": "webhook", "url": "ftp://r.example/"}],
            "Invalid notification: The URL must start with http:// or https://.",
            id="not http",
        ),
        pytest.param(
            [{"type": "webhook"}], "Invalid notification: a webhook needs a url.", id="no url"
        ),
    ],
)
def test_a_bad_notification_is_400(owner_client, notifications, detail):
    response = owner_client.post(URL, {**QUESTION, "notifications": notifications}, format="json")

    assert response.status_code == 400
    assert response.json() == {"detail": detail}
    assert not Task.objects.exists()


def test_one_active_task_too_many_is_400(owner, stranger, owner_client, settings):
    settings.TORALE_MAX_ACTIVE_TASKS = 2
    make_task(owner)
    make_task(owner, state="paused")
    make_task(stranger)
    owner_client.post(URL, QUESTION, format="json")

    response = owner_client.post(URL, QUESTION, format="json")

    assert response.status_code == 400
    assert response.json() == {
        "detail": "You have 2 active tasks, the most a user may have. Pause or complete one first."
    }
    assert owner_client.post(URL, {**QUESTION, "state": "paused"}, format="json").status_code == 200
