from uuid import uuid4

from notifications.models import Attempt
from tests.support.factories import NOW, make_send

URL = "/api/v1/notifications/sends"


def test_a_send_is_shown_with_its_attempts_in_their_order(owner, owner_client):
    send = make_send(
        owner,
        status="retrying",
        error_message="The receiver answered 503 Service Unavailable.",
        body='{"id": "1"}',
        headers={"X-Token": "very-secret"},
        task_name="Is it back?",
    )
    for number in (2, 1):
        Attempt.objects.create(
            send=send,
            number=number,
            started_at=NOW,
            duration_ms=12,
            status="failed",
            request_headers={"webhook-id": str(send.pk)},
            response_status=503,
            response_headers={"retry-after": "5"},
            response_body="later",
            error_message="The receiver answered 503 Service Unavailable.",
        )

    response = owner_client.get(f"{URL}/{send.pk}")

    assert response.json() == {
        "id": str(send.pk),
        "user_id": str(owner.pk),
        "task_id": str(send.task_id),
        "execution_id": str(send.execution_id),
        "recipient": "https://receiver.example/hook",
        "notification_type": "webhook",
        "status": "retrying",
        "error_message": "The receiver answered 503 Service Unavailable.",
        "created_at": "2026-03-04T09:00:10Z",
        "event_type": "task.condition_met",
        "task_name": "Is it back?",
        "next_attempt_at": "2026-03-04T09:00:10Z",
        "request_body": '{"id": "1"}',
        "attempts": [
            {
                "number": number,
                "started_at": "2026-03-04T09:00:10Z",
                "duration_ms": 12,
                "status": "failed",
                "request_headers": {"webhook-id": str(send.pk)},
                "response_status": 503,
                "response_headers": {"retry-after": "5"},
                "response_body": "later",
                "error_message": "The receiver answered 503 Service Unavailable.",
            }
            for number in (1, 2)
        ],
    }


def test_an_email_has_no_request_body(owner, owner_client):
    send = make_send(owner, notification_type="email", recipient="owner@example.com")

    assert owner_client.get(f"{URL}/{send.pk}").json()["request_body"] is None


def test_a_send_whose_payload_was_pruned_is_still_shown(owner, owner_client):
    send = make_send(owner)
    send.payload.delete()

    response = owner_client.get(f"{URL}/{send.pk}")

    assert (response.status_code, response.json()["request_body"]) == (200, None)


def test_another_users_send_is_answered_like_one_that_is_not_there(owner, stranger_client):
    there = stranger_client.get(f"{URL}/{make_send(owner).pk}")
    missing = stranger_client.get(f"{URL}/{uuid4()}")

    assert there.status_code == missing.status_code == 404
    assert there.content == missing.content == b'{"detail":"Not found"}'


def test_a_malformed_id_is_422(owner_client):
    response = owner_client.get(f"{URL}/17")

    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["path", "send_id"]


def test_a_send_costs_three_queries(owner, owner_client, django_assert_num_queries):
    send = make_send(owner)
    owner_client.get(f"{URL}/{send.pk}")

    with django_assert_num_queries(3):  # the key, the send with its payload, its attempts
        owner_client.get(f"{URL}/{send.pk}")
