"""A webhook that is no use to call is switched off, and its owner told."""

import json
from datetime import timedelta

import pytest

from notifications.eligibility import Refusal
from notifications.models import NotificationSend, WebhookEndpoint
from tests.support.factories import NOW, days, make_send
from tests.support.receivers import HTTPAnswer
from tests.support.run_delivery import deliver

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def attempt_at(owner, http_receiver, time_machine):
    """Return a function that has one send attempted at a time and returns its endpoint."""

    def attempt(when, answer: HTTPAnswer):
        time_machine.move_to(when, tick=False)
        http_receiver.answers = [answer]
        make_send(
            owner,
            status="queued",
            recipient=f"{http_receiver.url}/hook",
            created_at=when,
            next_attempt_at=when,
        )
        deliver()
        return WebhookEndpoint.objects.get()

    return attempt


def told() -> list[str]:
    notices = NotificationSend.objects.filter(event_type="webhook.switched_off")
    return [json.loads(send.payload.body)["notices"][0]["text"] for send in notices]


def test_410_switches_it_off_at_once_and_tells_the_owner(owner, http_receiver, attempt_at):
    endpoint = attempt_at(NOW, HTTPAnswer(410))

    assert endpoint.switched_off_because == "it answered 410 Gone"
    assert told() == [
        (
            f"Torale sends nothing to {http_receiver.url}/hook any more, because it answered 410 "
            "Gone.\n\nOnce it works again, switch it on: POST /api/v1/webhooks/endpoints/"
            f"{endpoint.public_id}/switch-on. What was not delivered meanwhile can be sent again: "
            'POST /api/v1/notifications/sends/redeliver {"status": "failed"}.'
        )
    ]


def test_the_notice_is_a_send_about_the_task_whose_webhook_it_was(
    owner, owner_client, http_receiver, smtp_receiver, attempt_at
):
    attempt_at(NOW, HTTPAnswer(410))
    deliver()

    failed = NotificationSend.objects.get(notification_type="webhook")
    notice = NotificationSend.objects.get(notification_type="email")
    assert (notice.task_id, notice.execution_id) == (failed.task_id, failed.execution_id)
    assert (notice.recipient, notice.status) == (owner.email, "sent")
    assert [mail["Subject"] for mail in smtp_receiver.messages] == [
        "Torale has switched off one of your webhooks"
    ]


def test_a_webhook_that_is_switched_off_again_is_told_again(
    owner, owner_client, http_receiver, attempt_at
):
    attempt_at(NOW, HTTPAnswer(410))
    owner_client.put("/api/v1/webhooks/config", {"enabled": True}, format="json")
    owner_client.post("/api/v1/notifications/sends/redeliver", {"status": "failed"}, format="json")
    deliver()

    assert NotificationSend.objects.filter(notification_type="webhook").count() == 1
    assert len(told()) == 2


def test_five_days_of_nothing_but_failures_switch_it_off(attempt_at):
    first = attempt_at(NOW, HTTPAnswer(500))
    almost = attempt_at(NOW + days(4.9), HTTPAnswer(500))
    last = attempt_at(NOW + days(5.1), HTTPAnswer(500))

    assert NOW <= first.failing_since <= NOW + timedelta(seconds=20)
    assert (almost.failing_since, almost.switched_off_at) == (first.failing_since, None)
    assert last.switched_off_because == "every attempt has failed for 5 days"
    assert len(told()) == 1


def test_one_success_in_between_begins_the_count_anew(attempt_at):
    attempt_at(NOW, HTTPAnswer(500))
    recovered = attempt_at(NOW + days(3), HTTPAnswer(204))
    later = attempt_at(NOW + days(6), HTTPAnswer(500))

    assert recovered.failing_since is None
    assert later.failing_since > NOW + days(5)
    assert later.switched_off_at is None


def test_what_was_due_to_a_webhook_switched_off_ends_without_another_request(
    owner, http_receiver, attempt_at
):
    attempt_at(NOW, HTTPAnswer(410))
    waiting = make_send(
        owner, status="retrying", recipient=f"{http_receiver.url}/hook", error_message="500"
    )
    before = len(http_receiver.requests)

    deliver()

    waiting.refresh_from_db()
    assert waiting.status == "failed"
    assert waiting.error_message == Refusal.ENDPOINT_OFF.sentence(waiting)
    assert len(http_receiver.requests) == before


def test_switched_on_again_it_gets_what_it_missed(owner, owner_client, http_receiver, attempt_at):
    attempt_at(NOW, HTTPAnswer(410))
    http_receiver.answers = [HTTPAnswer(204)]
    owner_client.put("/api/v1/webhooks/config", {"enabled": True}, format="json")

    response = owner_client.post(
        "/api/v1/notifications/sends/redeliver", {"status": "failed"}, format="json"
    )
    deliver()

    assert response.json() == {"count": 1}
    shown = owner_client.get("/api/v1/notifications/sends?notification_type=webhook").json()[
        "sends"
    ]
    assert [send["status"] for send in shown] == ["sent"]
    first, second = http_receiver.requests
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
