"""Names that a request should not hold: given twice, or unknown where the caller is strict."""

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tasks.models import Task
from tests.support.api_calls import QUESTION, SENDS, TASKS
from tests.support.factories import make_task
from tests.support.routes import OUTSIDE_THE_API, ROUTES
from torale.api.document import document
from torale.api.strict import _path_of
from torale.api.views import CheckedNames

STRICT = {"prefer": "handling=strict"}


def faults(response) -> list[tuple[list[str | int], str]]:
    assert response.status_code == 422, response.text
    return [(fault["loc"], fault["type"]) for fault in response.json()["detail"]]


def patterns(resolver=None, prefix=""):
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver) and not pattern.namespace:
            yield from patterns(pattern, route)
        elif isinstance(pattern, URLPattern) and not route.lstrip("^").startswith(OUTSIDE_THE_API):
            yield route, pattern.callback


def test_every_route_of_the_api_checks_names_and_is_found_in_the_document():
    unchecked = [route for route, view in patterns() if not issubclass(view.cls, CheckedNames)]

    assert unchecked == []
    assert {_path_of(route) for route, _ in patterns()} == set(document()["paths"]) == set(ROUTES)


@pytest.mark.parametrize("path", [TASKS, SENDS, "/auth/me", "/api/v1/webhooks/deliveries"])
@pytest.mark.parametrize("name", ["limit", "unheard-of"])
def test_a_parameter_given_twice_is_422_and_named(owner_client, path, name):
    response = owner_client.get(f"{path}?{name}=1&{name}=2")

    assert response.status_code == 422
    assert response.json() == {
        "detail": [
            {
                "type": "repeated",
                "loc": ["query", name],
                "msg": "Give this parameter once.",
                "input": ["1", "2"],
            }
        ]
    }


def test_a_parameter_given_twice_is_refused_where_nothing_would_be_listed(owner, owner_client):
    task = make_task(owner)

    response = owner_client.post(f"{TASKS}/{task.pk}/execute?force=true&force=false")

    assert faults(response) == [(["query", "force"], "repeated")]
    assert not task.executions.exists()


def test_callers_without_a_key_learn_that_first(anonymous_client):
    response = anonymous_client.get(f"{SENDS}?a=1&a=2", headers=STRICT)

    assert response.status_code == 401
    assert "Preference-Applied" not in response.headers


def test_unknown_names_are_ignored_unless_the_caller_wants_to_be_told(owner_client):
    listed = owner_client.get(SENDS, {"statuss": "failed"})
    made = owner_client.post(TASKS, {**QUESTION, "headers": {}}, format="json")

    assert (listed.status_code, made.status_code) == (200, 200)
    assert "Preference-Applied" not in listed.headers


def test_a_strict_request_with_an_unknown_parameter_is_422_and_told_the_known_ones(owner_client):
    response = owner_client.get(TASKS, {"stat": "active"}, headers=STRICT)

    assert response.status_code == 422
    assert response.headers["Preference-Applied"] == "handling=strict"
    [fault] = response.json()["detail"]
    assert (fault["type"], fault["loc"]) == ("extra_forbidden", ["query", "stat"])
    assert fault["input"] == "active"
    assert "'limit'" in fault["msg"]
    assert "'state'" in fault["msg"]


def test_a_strict_request_with_unknown_members_is_422_nested_ones_too(owner, owner_client):
    notifications = [
        {"type": "email", "adress": "me@example.com"},
        {"type": "webhook", "url": "https://r.example/", "header": {"X-Any": "name"}},
    ]
    body = {**QUESTION, "priority": "high", "notifications": notifications}

    response = owner_client.post(TASKS, body, format="json", headers=STRICT)

    assert faults(response) == [
        (["body", "priority"], "extra_forbidden"),
        (["body", "notifications", 0, "adress"], "extra_forbidden"),
        (["body", "notifications", 1, "header"], "extra_forbidden"),
    ]
    assert not Task.objects.exists()


def test_an_unknown_member_may_be_called_as_the_parts_of_a_fault_are(owner_client):
    body = {**QUESTION, "code": "a", "message": "b"}

    response = owner_client.post(TASKS, body, format="json", headers=STRICT)

    assert faults(response) == [
        (["body", "code"], "extra_forbidden"),
        (["body", "message"], "extra_forbidden"),
    ]


def test_a_strict_request_that_holds_known_names_only_is_done(owner_client):
    body = {
        **QUESTION,
        "context": {"any": {"name": "goes"}},
        "notifications": [
            {"type": "webhook", "url": "https://r.example/", "headers": {"X-Any": "name"}}
        ],
        "state": None,
    }

    made = owner_client.post(TASKS, body, format="json", headers=STRICT)
    listed = owner_client.get(
        SENDS,
        {"status": "sent", "limit": "1", "offset": "0", "event_type": "task.condition_met"},
        headers=STRICT,
    )

    assert (made.status_code, listed.status_code) == (200, 200)
    for response in (made, listed):
        assert response.headers["Preference-Applied"] == "handling=strict"


def test_a_strict_request_may_have_no_body_where_none_is_read(owner, owner_client):
    task = make_task(owner)

    with_body = owner_client.post(
        f"{TASKS}/{task.pk}/execute", {"force": True}, format="json", headers=STRICT
    )
    without = owner_client.post(f"{TASKS}/{task.pk}/execute?force=true", headers=STRICT)

    assert faults(with_body) == [(["body", "force"], "extra_forbidden")]
    assert without.status_code == 200


@pytest.mark.parametrize("depth", [450, 1000])
@pytest.mark.parametrize("member", ["notifications", "context", "state", "name"])
@pytest.mark.parametrize("headers", [{}, STRICT], ids=["lenient", "strict"])
def test_a_deeply_nested_value_is_no_fault_of_ours(owner_client, member, depth, headers):
    body = f'{{"search_query": "https://shop.example/", "{member}": {"[" * depth}{"]" * depth}}}'

    response = owner_client.post(TASKS, body, content_type="application/json", headers=headers)

    assert response.status_code in (400, 422)


@pytest.mark.parametrize(
    ("prefer", "is_strict"),
    [
        ("handling=strict", True),
        ('Handling = "strict"', True),
        ("respond-async, handling=strict; foo", True),
        ('note="a, b", handling=strict', True),
        ("handling=lenient", False),
        ("handling=lenient, handling=strict", False),
        ("strict", False),
        ("", False),
    ],
)
def test_the_preference_is_read_as_rfc_7240_has_it(owner_client, prefer, is_strict):
    response = owner_client.get(TASKS, {"stat": "active"}, headers={"prefer": prefer})

    assert response.status_code == (422 if is_strict else 200)


@pytest.mark.parametrize("accept", ["text/csv", "application/json"])
def test_a_download_tells_that_it_was_strict(owner_client, accept):
    response = owner_client.get(SENDS, headers={**STRICT, "accept": accept})

    assert response.headers["Preference-Applied"] == "handling=strict"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"{TASKS}?state=x", "'active', 'paused' or 'completed'"),
        (f"{SENDS}?notification_type=x", "'email' or 'webhook'"),
        (
            f"{SENDS}?event_type=x",
            (
                "'task.condition_met', 'task.failing', 'task.recovered', 'task.warning' or "
                "'webhook.switched_off'"
            ),
        ),
        ("/api/v1/public/tasks?sort_by=x", "'recent' or 'popular'"),
    ],
)
def test_a_fault_of_a_closed_set_in_the_query_names_what_is_allowed(owner_client, path, expected):
    response = owner_client.get(path)

    assert response.status_code == 422
    [fault] = response.json()["detail"]
    assert (fault["type"], fault["msg"]) == ("enum", f"Input should be {expected}")


@pytest.mark.parametrize("value", ["x", "", 1, True, [], {}])
def test_a_fault_of_a_closed_set_in_the_body_names_what_is_allowed(owner, owner_client, value):
    task = make_task(owner)

    response = owner_client.patch(f"{TASKS}/{task.pk}", {"state": value}, format="json")

    assert response.status_code == 422
    assert response.json()["detail"] == [
        {
            "type": "enum",
            "loc": ["body", "state"],
            "msg": "Input should be 'active', 'paused' or 'completed'",
            "input": value,
        }
    ]
