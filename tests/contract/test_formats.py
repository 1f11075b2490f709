import json
from datetime import datetime
from functools import partial

import pytest

from tests.support.api_calls import CONFIG, JSON, QUESTION, SENDS, TASKS, new_task, tell
from tests.support.chats import PATHS, answer_of
from tests.support.receivers import HTTPAnswer
from tests.support.run_delivery import deliver

SERVICES = [*PATHS]
TEST = "/api/v1/webhooks/test"


def destination(service: str, **members) -> JSON:
    url = f"https://chat.example{PATHS[service]}"
    return {"type": "webhook", "url": url, "format": service, **members}


@pytest.mark.parametrize("service", SERVICES)
def test_a_task_shows_the_format_of_its_webhook(owner_client, service):
    """…{"type": "webhook", "url", "method", "headers", "format"}`…"""
    made = new_task(owner_client, notifications=[destination(service)])

    assert made["notifications"] == [destination(service, method="POST", headers={})]


def test_the_format_is_our_own_unless_another_is_named(owner_client):
    """A webhook's `format` is `torale` unless it is `slack`, `discord`, `ntfy` or `telegram`."""
    made = new_task(
        owner_client, notifications=[{"type": "webhook", "url": "https://receiver.example/hook"}]
    )

    assert [each["format"] for each in made["notifications"]] == ["torale"]


@pytest.mark.parametrize(
    ("changed", "detail"),
    [
        (
            {"format": "teams"},
            (
                "Invalid notification: format must be one of torale, slack, discord, ntfy, "
                "telegram, not 'teams'."
            ),
        ),
        (
            {"format": 5},
            (
                "Invalid notification: format must be one of torale, slack, discord, ntfy, "
                "telegram, not '5'."
            ),
        ),
        (
            {"format": "ntfy", "url": "https://ntfy.sh/a/b"},
            (
                "Invalid notification: The url does not fit the format ntfy: a URL of ntfy ends in "
                "the topic, such as https://ntfy.sh/my-topic."
            ),
        ),
        (
            {"format": "telegram", "url": "https://api.telegram.org/bot1:x/sendMessage"},
            (
                "Invalid notification: The url does not fit the format telegram: a URL of Telegram "
                "is https://api.telegram.org/bot<token>/sendMessage?chat_id=<chat>, with the bot's "
                "token and the chat's id."
            ),
        ),
        (
            {"format": "slack", "method": "PUT"},
            "Invalid notification: the format slack is sent by POST; leave method out.",
        ),
    ],
)
def test_a_format_that_cannot_be_is_refused(owner_client, changed, detail):
    """400 `Invalid notification: …` for another one, for a `url` that the service does not have,
    and for a `method` other than POST with one of these services."""
    body = {**QUESTION, "notifications": [{**destination("slack"), **changed}]}

    answer = owner_client.post(TASKS, body, format="json")

    assert (answer.status_code, answer.json()) == (400, {"detail": detail})


@pytest.mark.parametrize("service", SERVICES)
def test_the_default_webhook_has_a_format(owner_client, service):
    """…`{"url", "format", "secret", "enabled"}`; PUT takes `webhook_url`, `format`, `enabled`…"""
    assert owner_client.get(CONFIG).json()["format"] == "torale"
    url = destination(service)["url"]

    answer = owner_client.put(CONFIG, {"webhook_url": url, "format": service}, format="json")

    assert answer.json().keys() == {"url", "format", "secret", "enabled"}
    assert (answer.json()["url"], answer.json()["format"]) == (url, service)
    assert owner_client.put(CONFIG, {"enabled": False}, format="json").json()["format"] == service


def test_the_default_webhooks_url_must_fit_its_format(owner_client):
    """…PUT takes `webhook_url`, `format`, `enabled`…"""
    owner_client.put(CONFIG, {"webhook_url": "https://receiver.example/a/b"}, format="json")

    answer = owner_client.put(CONFIG, {"format": "ntfy"}, format="json")

    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("The url does not fit the format ntfy: ")
    assert owner_client.get(CONFIG).json()["format"] == "torale"


@pytest.mark.parametrize("service", SERVICES)
def test_a_test_has_the_body_that_the_service_takes(owner_client, http_receiver, service):
    """…{"webhook_url", "webhook_secret", "format"}`…"""
    http_receiver.judge = partial(answer_of, service)
    body = {"webhook_url": f"{http_receiver.url}{PATHS[service]}", "format": service}

    answer = owner_client.post(TEST, body, format="json")

    assert (answer.status_code, answer.json()["success"]) == (200, True)
    assert len(http_receiver.requests) == 1


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.django_db(transaction=True)
def test_a_webhook_in_a_services_form(owner_client, http_receiver, service):
    """A webhook of another `format` than `torale` is a POST with the body that its service takes,
    made of the task's name, the answer and the first page. It is not signed."""
    http_receiver.judge = partial(answer_of, service)
    url = f"{http_receiver.url}{PATHS[service]}"
    task = new_task(
        owner_client,
        name="Is it back?",
        notifications=[{"type": "webhook", "url": url, "format": service}],
    )
    tell(owner_client, task)

    deliver()

    [request] = http_receiver.requests
    assert request.method == "POST"
    assert "Is it back?" in json.dumps(json.loads(request.body), ensure_ascii=False)
    assert not [name for name in request.headers if name.startswith(("webhook-", "x-torale"))]


def test_only_the_owner_sees_a_chats_url(owner_client, stranger_client):
    """Only the owner sees more of its URL than the host."""
    made = new_task(owner_client, is_public=True, notifications=[destination("slack")])

    assert "s3cret" in owner_client.get(f"{TASKS}/{made['id']}").text
    assert "s3cret" not in stranger_client.get(f"{TASKS}/{made['id']}").text


@pytest.mark.django_db(transaction=True)
def test_the_wait_of_a_429_is_honoured(owner_client, http_receiver):
    """The wait that the service gives in the body of a 429 is honoured."""
    http_receiver.answers = [HTTPAnswer(429, b'{"retry_after": 3000}')]
    url = f"{http_receiver.url}{PATHS['discord']}"
    task = new_task(
        owner_client, notifications=[{"type": "webhook", "url": url, "format": "discord"}]
    )
    tell(owner_client, task)

    deliver()

    [send] = owner_client.get(SENDS).json()["sends"]
    detail = owner_client.get(f"{SENDS}/{send['id']}").json()
    next_attempt = datetime.fromisoformat(detail["next_attempt_at"])
    begun = datetime.fromisoformat(detail["attempts"][0]["started_at"])
    assert 2990 < (next_attempt - begun).total_seconds() < 3060
