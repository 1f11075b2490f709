"""The section "Notification sends": attempts, one send, and delivering again; over real servers."""

import json
from uuid import uuid4

import pytest

from notifications.models import NotificationSend
from tasks.models import Task
from tests.support.api_calls import SENDS, TIMESTAMP, email, new_task, tell, webhook
from tests.support.factories import NOW, days, make_send, make_task
from tests.support.receivers import HTTPAnswer
from tests.support.run_delivery import deliver

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hook(http_receiver) -> str:
    return f"{http_receiver.url}/hook"


@pytest.fixture
def told(owner_client, hook):
    """Return a function that has a webhook told, and the id of its send."""

    def tell_it(**members) -> str:
        tell(owner_client, new_task(owner_client, **webhook(hook, **members)))
        return str(owner_client.get(SENDS).json()["sends"][0]["id"])

    return tell_it


@pytest.fixture
def detail(owner_client):
    return lambda id_: owner_client.get(f"{SENDS}/{id_}").json()


def again(time_machine) -> None:
    """Let the wait for the next attempt be over, and deliver."""
    due = NotificationSend.objects.get().next_attempt_at
    assert due
    time_machine.move_to(due, tick=True)
    deliver()


@pytest.mark.parametrize(
    ("status", "becomes", "due"),
    [
        pytest.param(200, "sent", False, id="200"),
        pytest.param(204, "sent", False, id="204"),
        pytest.param(299, "sent", False, id="299"),
        pytest.param(500, "retrying", True, id="500"),
        pytest.param(410, "failed", False, id="410"),
    ],
)
def test_an_attempt_decides_the_status(http_receiver, told, detail, status, becomes, due):
    """`retrying` (attempted, another attempt is due),
    `sent` (accepted by …2xx from the webhook), `failed` (given up; `error_message` says
    why)"""
    http_receiver.answers = [HTTPAnswer(status)]
    send_id = told()

    deliver()

    send = detail(send_id)
    assert (send["status"], bool(send["next_attempt_at"])) == (becomes, due)
    assert bool(send["error_message"]) == (becomes != "sent")
    assert len(send["attempts"]) == 1


def test_sent_is_accepted_by_the_smtp_server(owner_client, smtp_receiver):
    """`sent` (accepted by the SMTP server"""
    tell(owner_client, new_task(owner_client, **email("owner@example.com")))

    deliver()

    [send] = owner_client.get(SENDS).json()["sends"]
    assert (send["status"], send["error_message"]) == ("sent", None)
    assert [message["To"] for message in smtp_receiver.messages] == ["owner@example.com"]


def test_attempts_belong_to_their_send(http_receiver, told, detail, owner_client, time_machine):
    """its attempts belong to it. `error_message` is the last
    attempt's error, and null once sent."""
    time_machine.move_to(NOW, tick=True)
    http_receiver.answers = [HTTPAnswer(500), HTTPAnswer(503), HTTPAnswer(200)]
    send_id = told()
    seen = []

    for attempt in (deliver, lambda: again(time_machine), lambda: again(time_machine)):
        attempt()
        send = detail(send_id)
        seen.append((send["status"], send["error_message"], len(send["attempts"])))

    assert seen == [
        ("retrying", "The receiver answered 500 Internal Server Error.", 1),
        ("retrying", "The receiver answered 503 Service Unavailable.", 2),
        ("sent", None, 3),
    ]
    assert [attempt["number"] for attempt in send["attempts"]] == [1, 2, 3]
    assert [attempt["error_message"] for attempt in send["attempts"]] == [
        "The receiver answered 500 Internal Server Error.",
        "The receiver answered 503 Service Unavailable.",
        None,
    ]
    assert owner_client.get(SENDS).json()["total"] == 1


def test_one_send_is_shown_with_its_attempts(http_receiver, told, detail, owner_client):
    """`GET /api/v1/notifications/sends/{id}`: the send plus `attempts`: number, started_at,
    duration_ms,
    status, response_status, response_headers, response_body (first 4 KiB), error_message; and for
    webhooks the exact request body and the non-secret request headers; plus `next_attempt_at`,
    `event_type`
    and `task_name` as it was when the send was recorded."""
    http_receiver.answers = [HTTPAnswer(500, b"x" * 5000, {"X-Why": "disk"})]
    send_id = told(headers={"X-Token": "very-secret"})
    deliver()

    Task.objects.update(name="Renamed")
    send = detail(send_id)

    [request] = http_receiver.requests
    [listed] = owner_client.get(SENDS).json()["sends"]
    [attempt] = send["attempts"]
    assert send == {
        **listed,
        "event_type": "task.condition_met",
        "task_name": "New Monitor",
        "next_attempt_at": send["next_attempt_at"],
        "request_body": request.body.decode(),
        "attempts": [
            {
                "number": 1,
                "started_at": attempt["started_at"],
                "duration_ms": attempt["duration_ms"],
                "status": "failed",
                "request_headers": attempt["request_headers"],
                "response_status": 500,
                "response_headers": attempt["response_headers"],
                "response_body": "x" * 4096,
                "error_message": "The receiver answered 500 Internal Server Error.",
            }
        ],
    }
    assert TIMESTAMP.fullmatch(send["next_attempt_at"])
    assert TIMESTAMP.fullmatch(attempt["started_at"])
    assert isinstance(attempt["duration_ms"], int)
    assert attempt["response_headers"]["x-why"] == "disk"
    assert {name.lower(): value for name, value in attempt["request_headers"].items()} == {
        name: request.headers[name]
        for name in (
            "content-type", "webhook-id", "webhook-timestamp", "webhook-signature",
            "x-torale-event", "x-torale-delivery", "x-torale-timestamp", "x-torale-signature",
        )
    }  # fmt: skip
    assert request.headers["x-token"] == "very-secret"
    assert "very-secret" not in json.dumps(send)


def test_a_redelivery_is_the_same_payload_and_message_id(http_receiver, told, owner_client):
    """`POST /api/v1/notifications/sends/{id}/redeliver`: a fresh delivery of the same payload, same
    message
    id; 202 with the send."""
    send_id = told()
    deliver()
    [before] = owner_client.get(SENDS).json()["sends"]

    response = owner_client.post(f"{SENDS}/{send_id}/redeliver")
    deliver()

    assert (response.status_code, response.json()) == (202, {**before, "status": "queued"})
    first, second = http_receiver.requests
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == send_id
    assert owner_client.get(SENDS).json() == {"sends": [before], "total": 1}


def test_no_redelivery_while_it_is_queued_or_retrying(http_receiver, told, owner_client):
    """409 while it is queued or retrying."""
    http_receiver.answers = [HTTPAnswer(500)]
    send_id = told()

    queued = owner_client.post(f"{SENDS}/{send_id}/redeliver")
    deliver()
    retrying = owner_client.post(f"{SENDS}/{send_id}/redeliver")

    assert (queued.status_code, retrying.status_code) == (409, 409)
    assert queued.json() == retrying.json()
    assert len(http_receiver.requests) == 1


def test_many_are_redelivered_in_one_go(owner, stranger, owner_client, http_receiver, hook):
    """`POST /api/v1/notifications/sends/redeliver` with `{"status": "failed", "created_after": …,
    "notification_type": …, "task_id": …}`: every match in one go; 202 `{"count": N}`."""
    task = make_task(owner)
    match = {"task": task, "status": "failed", "recipient": hook, "created_at": NOW}
    wanted = {str(make_send(owner, **match).pk) for _ in range(3)}
    make_send(owner, **match | {"status": "skipped"})
    make_send(owner, **match | {"created_at": NOW - days(1)})
    make_send(owner, **match | {"task": None})
    make_send(owner, **match | {"notification_type": "email", "recipient": owner.email})
    make_send(stranger, **match | {"task": None})
    body = {
        "status": "failed",
        "created_after": "2026-03-04T09:00:10Z",
        "notification_type": "webhook",
        "task_id": str(task.pk),
    }

    response = owner_client.post(f"{SENDS}/redeliver", body, format="json")
    deliver()

    assert (response.status_code, response.json()) == (202, {"count": 3})
    assert {request.headers["webhook-id"] for request in http_receiver.requests} == wanted


def test_redelivering_for_another_users_task_counts_nothing(owner, owner_client, stranger_client):
    """every match in one go; 202 `{"count": N}`."""
    task = make_task(owner)
    make_send(owner, task=task, status="failed")

    foreign, missing = (
        stranger_client.post(f"{SENDS}/redeliver", {"task_id": str(task_id)}, format="json")
        for task_id in (task.pk, uuid4())
    )

    assert (foreign.status_code, foreign.json()) == (202, {"count": 0})
    assert (missing.status_code, missing.json()) == (202, {"count": 0})
