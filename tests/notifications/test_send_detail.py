from notifications.models import Attempt
from tests.support.factories import NOW, make_send

URL = "/api/v1/notifications/sends"


def test_attempts_are_shown_in_their_order(owner, owner_client):
    send = make_send(owner)
    for number in (2, 1):
        Attempt.objects.create(
            send=send, number=number, started_at=NOW, duration_ms=12, status="succeeded"
        )

    attempts = owner_client.get(f"{URL}/{send.pk}").json()["attempts"]

    assert [attempt["number"] for attempt in attempts] == [1, 2]


def test_an_email_has_no_request_body(owner, owner_client):
    send = make_send(owner, notification_type="email", recipient="owner@example.com")

    assert owner_client.get(f"{URL}/{send.pk}").json()["request_body"] is None


def test_a_send_whose_payload_was_pruned_is_still_shown(owner, owner_client):
    send = make_send(owner)
    send.payload.delete()

    response = owner_client.get(f"{URL}/{send.pk}")

    assert (response.status_code, response.json()["request_body"]) == (200, None)


def test_a_malformed_id_is_422(owner_client):
    response = owner_client.get(f"{URL}/17")

    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["path", "send_id"]


def test_a_send_costs_three_queries(owner, owner_client, django_assert_num_queries):
    send = make_send(owner)
    owner_client.get(f"{URL}/{send.pk}")

    with django_assert_num_queries(3):  # the key, the send with its payload, its attempts
        owner_client.get(f"{URL}/{send.pk}")
