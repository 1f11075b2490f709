"""What staff may do in the admin: who may, what is counted, and what the log tells of it."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.models import User
from notifications.models import EmailSuppression, NotificationSend, WebhookEndpoint
from tests.support.factories import NOW, make_endpoint, make_send

SENDS = reverse("admin:notifications_notificationsend_changelist")
ENDPOINTS = reverse("admin:notifications_webhookendpoint_changelist")
SUPPRESSIONS = reverse("admin:notifications_emailsuppression_changelist")


@pytest.fixture
def staff(db) -> User:
    return User.objects.create_user("staff@example.com", is_staff=True)


@pytest.fixture
def log_in(staff, client) -> Callable[..., Any]:
    """Return a browser in which `staff`, who has only these permissions, is logged in."""

    def with_permissions(*codenames: str):
        staff.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        client.force_login(staff)
        return client

    return with_permissions


def act(client, path: str, action: str, *rows: Any, **query: str) -> list[str]:
    """Do `action` with the selected rows, and return what the page says then."""
    page = client.post(
        f"{path}?{urlencode(query)}",
        {"action": action, "_selected_action": [str(row.pk) for row in rows]},
        follow=True,
    )
    return [str(message) for message in page.context["messages"]]


def offered(client, path: str) -> set[str]:
    """Return the actions that the list's page offers."""
    form = client.get(path).context["action_form"]
    return {name for name, _ in form.fields["action"].choices} if form else set()


def log() -> list[tuple[str, int, str | None, str]]:
    return [
        (entry.user.email, entry.action_flag, entry.object_id, entry.get_change_message())
        for entry in LogEntry.objects.order_by("object_id")
    ]


def switched_off(user: User, **values: Any) -> WebhookEndpoint:
    return make_endpoint(
        user, failing_since=NOW, switched_off_at=NOW, switched_off_because="it is gone", **values
    )


@pytest.mark.parametrize("filtered", [{}, {"status__exact": "failed"}], ids=["all", "failed"])
def test_redelivery_counts_right_also_under_a_filter_by_status(log_in, owner, filtered):
    client = log_in("view_notificationsend", "redeliver_notificationsend")
    failed = make_send(owner, status="failed", error_message="No.")

    said = act(client, SENDS, "redeliver", failed, **filtered)

    assert said == ["Queued 1 of 1 sends."]


def test_redelivery_is_logged_for_each_send_that_it_queued(log_in, owner):
    client = log_in("view_notificationsend", "redeliver_notificationsend")
    failed = make_send(owner, status="failed", error_message="No.")
    sent = make_send(owner)
    in_flight = make_send(owner, status="queued", next_attempt_at=NOW)

    said = act(client, SENDS, "redeliver", failed, sent, in_flight)

    assert said == ["Queued 2 of 3 sends."]
    assert log() == [
        ("staff@example.com", CHANGE, str(pk), "Queued to be delivered again.")
        for pk in sorted([failed.pk, sent.pk])
    ]


def test_who_may_only_view_sends_cannot_have_them_delivered_again(log_in, owner):
    client = log_in("view_notificationsend")
    failed = make_send(owner, status="failed", error_message="No.")

    act(client, SENDS, "redeliver", failed)

    assert NotificationSend.objects.get().status == "failed"
    assert log() == []


def test_switching_on_is_logged_for_each_webhook_that_was_off(log_in, owner):
    client = log_in("view_webhookendpoint", "switch_on_webhookendpoint")
    off = switched_off(owner, url="https://off.example/")
    failing = make_endpoint(owner, url="https://failing.example/", failing_since=NOW)

    said = act(client, ENDPOINTS, "switch_on", off, failing, failing_since__isempty="0")

    assert said == ["Switched on 1 of 2 webhooks."]
    off.refresh_from_db()
    failing.refresh_from_db()
    assert (off.switched_off_at, failing.failing_since) == (None, NOW)
    assert log() == [("staff@example.com", CHANGE, str(off.pk), "Switched on again.")]


def test_who_may_only_view_webhooks_cannot_switch_them_on(log_in, owner):
    client = log_in("view_webhookendpoint")
    off = switched_off(owner)

    act(client, ENDPOINTS, "switch_on", off)

    off.refresh_from_db()
    assert off.switched_off_at == NOW
    assert log() == []


@pytest.mark.parametrize(
    ("path", "viewing", "permission", "action"),
    [
        (SENDS, "view_notificationsend", "redeliver_notificationsend", "redeliver"),
        (ENDPOINTS, "view_webhookendpoint", "switch_on_webhookendpoint", "switch_on"),
    ],
)
def test_an_action_is_offered_to_those_who_may_do_it(
    log_in, owner, path, viewing, permission, action
):
    switched_off(owner)
    make_send(owner)

    to_lookers = offered(log_in(viewing), path)
    to_others = offered(log_in(viewing, permission), path)

    assert action not in to_lookers
    assert action in to_others


def test_adding_and_deleting_a_suppression_is_logged(log_in):
    client = log_in("view_emailsuppression", "add_emailsuppression", "delete_emailsuppression")

    client.post(
        reverse("admin:notifications_emailsuppression_add"),
        {
            "address": "gone@example.com",
            "reason": "bounced",
            "created_at_0": "2026-03-04",
            "created_at_1": "09:00:00",
        },
    )
    suppression = EmailSuppression.objects.get()
    client.post(
        SUPPRESSIONS,
        {"action": "delete_selected", "_selected_action": [str(suppression.pk)], "post": "yes"},
    )

    assert not EmailSuppression.objects.exists()
    assert [(entry.user.email, entry.action_flag) for entry in LogEntry.objects.order_by("pk")] == [
        ("staff@example.com", ADDITION),
        ("staff@example.com", DELETION),
    ]
