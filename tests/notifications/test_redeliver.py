import pytest
from django.urls import reverse

from notifications.channels.webhook.config import configure
from notifications.models import NotificationSend
from notifications.redeliver import redeliver_all
from tests.support.factories import NOW, days, make_endpoint, make_send
from tests.support.races import at_once

URL = "/api/v1/notifications/sends"


def url(send) -> str:
    return f"{URL}/{send.pk}/redeliver"


@pytest.mark.parametrize("status", ["sent", "failed", "skipped", "bounced"])
def test_an_ended_send_is_queued_again(owner, owner_client, status, time_machine):
    time_machine.move_to(NOW + days(1), tick=False)
    send = make_send(owner, status=status, attempt_count=10)

    response = owner_client.post(url(send))

    assert response.status_code == 202
    assert response.json() == {
        "id": str(send.pk),
        "user_id": str(owner.pk),
        "task_id": str(send.task_id),
        "execution_id": str(send.execution_id),
        "recipient": "https://receiver.example/hook",
        "notification_type": "webhook",
        "status": "queued",
        "error_message": "The receiver answered 500." if status == "failed" else None,
        "created_at": "2026-03-04T09:00:10Z",
    }
    send.refresh_from_db()
    assert (send.next_attempt_at, send.earlier_attempt_count) == (NOW + days(1), 10)


@pytest.mark.parametrize("status", ["queued", "retrying"])
def test_a_send_in_flight_is_409(owner, owner_client, status):
    send = make_send(owner, status=status)

    response = owner_client.post(url(send))

    assert response.status_code == 409
    assert response.json() == {
        "detail": (
            "The send has not ended: it is queued or retrying, and will be attempted by itself."
        )
    }


def test_what_was_skipped_for_a_limit_is_not_delivered_past_it(owner, owner_client, settings):
    settings.TORALE_SENDS_PER_DAY = 2
    skipped = [make_send(owner, status="skipped") for _ in range(4)]

    all_of_them = owner_client.post(f"{URL}/redeliver", {"status": "skipped"}, format="json")
    one_more = owner_client.post(url(skipped[-1]))

    assert all_of_them.json() == {"count": 2}
    assert one_more.status_code == 409
    assert one_more.json() == {
        "detail": "You have had 2 notifications today (UTC), the most a user gets in a day."
    }
    assert queued() == set(skipped[:2])


def test_a_webhook_that_is_switched_off_is_409_and_says_how_to_switch_it_on(owner, owner_client):
    endpoint = make_endpoint(owner, switched_off_at=NOW, switched_off_because="it is gone")
    send = make_send(owner, status="failed", endpoint=endpoint)

    response = owner_client.post(url(send))

    assert response.status_code == 409
    assert (
        f"POST /api/v1/webhooks/endpoints/{endpoint.public_id}/switch-on"
        in (response.json()["detail"])
    )


def test_while_the_default_webhook_is_switched_off_a_send_to_it_is_409(owner, owner_client):
    send = make_send(owner, status="failed", is_for_default_webhook=True)
    configure(user=owner, is_enabled=False)

    one = owner_client.post(url(send))
    all_of_them = owner_client.post(f"{URL}/redeliver", {}, format="json")

    assert one.status_code == 409
    assert all_of_them.json() == {"count": 0}


def test_while_the_default_webhook_is_switched_off_a_tasks_own_is_delivered_again(
    owner, owner_client
):
    own = make_send(owner, status="failed")
    make_send(owner, status="failed", is_for_default_webhook=True)
    configure(user=owner, is_enabled=False)

    one = owner_client.post(url(own))
    NotificationSend.objects.filter(pk=own.pk).give_up("No.")
    all_of_them = owner_client.post(f"{URL}/redeliver", {}, format="json")

    assert one.status_code == 202
    assert all_of_them.json() == {"count": 1}


def test_a_send_whose_payload_was_pruned_is_409(owner, owner_client):
    send = make_send(owner, status="failed")
    send.payload.delete()
    configure(user=owner, is_enabled=False)  # which is of no matter to a task's own webhook

    response = owner_client.post(url(send))

    assert response.status_code == 409
    assert response.json() == {
        "detail": "What it carried is no longer kept (see TORALE_RETENTION_DAYS)."
    }


def queued() -> set[NotificationSend]:
    return set(NotificationSend.objects.filter(status="queued"))


def test_all_failed_sends_of_the_caller_are_queued_in_one_go(owner, stranger, owner_client):
    failed = {make_send(owner, status="failed") for _ in range(3)}
    make_send(owner)
    make_send(stranger, status="failed")

    response = owner_client.post(f"{URL}/redeliver", {}, format="json")

    assert (response.status_code, response.json()) == (202, {"count": 3})
    assert queued() == failed


@pytest.mark.parametrize(
    "matching",
    [
        pytest.param({"status": "skipped"}, id="status"),
        pytest.param({"created_after": "2026-03-05T09:00:10Z"}, id="created_after"),
        pytest.param({"notification_type": "email"}, id="notification_type"),
        pytest.param(
            {"created_after": "2026-03-05T09:00:10Z", "created_before": "2026-03-05T09:00:11Z"},
            id="created_before",
        ),
    ],
)
def test_only_what_matches_is_queued(owner, owner_client, matching):
    make_send(owner, status="failed")
    wanted = make_send(
        owner,
        status=matching.get("status", "failed"),
        created_at=NOW + days(1),
        notification_type=matching.get("notification_type", "webhook"),
    )

    response = owner_client.post(f"{URL}/redeliver", matching, format="json")

    assert response.json() == {"count": 1}
    assert queued() == {wanted}


def test_null_members_count_as_absent(owner, owner_client):
    make_send(owner, status="failed")

    response = owner_client.post(
        f"{URL}/redeliver", {"status": None, "task_id": None, "created_after": None}, format="json"
    )

    assert (response.status_code, response.json()) == (202, {"count": 1})


@pytest.mark.parametrize(
    ("name", "value"), [("status", "queued"), ("task_id", "x"), ("created_after", "yesterday")]
)
def test_a_bad_member_is_422_and_nothing_is_queued(owner, owner_client, name, value):
    make_send(owner, status="failed")

    response = owner_client.post(f"{URL}/redeliver", {name: value}, format="json")

    assert response.status_code == 422
    [fault] = response.json()["detail"]
    assert (fault["loc"], fault["input"]) == (["body", name], value)
    assert queued() == set()


def test_one_go_costs_the_same_queries_for_any_number(
    owner, owner_client, django_assert_num_queries
):
    for _ in range(30):
        make_send(owner, status="failed")
    owner_client.get(URL)

    # The key, the time, a savepoint and its end, whose were skipped, all the others, the wake-up.
    with django_assert_num_queries(7):
        owner_client.post(f"{URL}/redeliver", {}, format="json")


def test_the_admins_action_queues_the_selected(operator_client, owner):
    selected = make_send(owner, status="failed")
    make_send(owner, status="failed")
    page = reverse("admin:notifications_notificationsend_changelist")

    response = operator_client.post(
        page,
        {"action": "redeliver", "_selected_action": selected.pk, "confirmed": str(selected.pk)},
        follow=True,
    )

    assert "Queued 1 of 1 sends." in response.text
    assert queued() == {selected}


@pytest.mark.django_db(transaction=True)
def test_skipped_sends_that_are_redelivered_twice_at_once_use_up_the_limit_exactly(owner, settings):
    settings.TORALE_SENDS_PER_DAY = 10
    for _ in range(16):
        make_send(owner, status="skipped")

    def redeliver() -> int:
        return redeliver_all(sends=NotificationSend.objects.for_user(owner), now=NOW)

    assert sum(at_once(*[redeliver] * 4)) == 10
    assert NotificationSend.objects.unfinished().count() == 10
