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
    """Do `action` with the selected rows, confirm it if asked, and return what is said then."""
    url = f"{path}?{urlencode(query)}"
    page = client.post(
        url, {"action": action, "_selected_action": [str(row.pk) for row in rows]}, follow=True
    )
    if "question" in page.context:
        page = client.post(url, page.context["fields"], follow=True)
    return [str(message) for message in page.context["messages"]]


def press(client, row: Any, action: str):
    """Press the button for `action` on the row's page, and confirm it if asked."""
    opts = row._meta
    url = reverse(f"admin:{opts.app_label}_{opts.model_name}_do", args=[row.pk, action])
    page = client.post(url, follow=True)
    if page.context and "question" in page.context:
        page = client.post(url, page.context["fields"], follow=True)
    return page


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
        (SENDS, "view_notificationsend", "give_up_notificationsend", "give_up"),
        (ENDPOINTS, "view_webhookendpoint", "switch_on_webhookendpoint", "switch_on"),
        (ENDPOINTS, "view_webhookendpoint", "switch_off_webhookendpoint", "switch_off"),
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


def test_switching_off_is_logged_for_each_webhook_that_was_on(log_in, owner):
    client = log_in("view_webhookendpoint", "switch_off_webhookendpoint")
    on = make_endpoint(owner, url="https://on.example/", failing_since=NOW)
    off = switched_off(owner, url="https://off.example/")

    said = act(client, ENDPOINTS, "switch_off", on, off)

    assert said == ["Switched off 1 of 2 webhooks."]
    on.refresh_from_db()
    off.refresh_from_db()
    assert (on.switched_off_because, on.failing_since) == ("an operator switched it off", NOW)
    assert off.switched_off_because == "it is gone"
    assert log() == [("staff@example.com", CHANGE, str(on.pk), "Switched off.")]


def test_giving_up_is_logged_for_each_send_that_had_not_ended(log_in, owner):
    client = log_in("view_notificationsend", "give_up_notificationsend")
    queued = make_send(owner, status="queued")
    sent = make_send(owner)

    said = act(client, SENDS, "give_up", queued, sent)

    assert said == ["Gave up on 1 of 2 sends."]
    queued.refresh_from_db()
    assert (queued.status, queued.error_message) == ("failed", "An operator gave up on it.")
    assert log() == [("staff@example.com", CHANGE, str(queued.pk), "Given up.")]


def test_an_action_with_several_rows_asks_first_and_says_how_many(log_in, owner):
    client = log_in("view_notificationsend", "redeliver_notificationsend")
    failed = [make_send(owner, status="failed") for _ in range(12)]

    page = client.post(
        SENDS, {"action": "redeliver", "_selected_action": [str(send.pk) for send in failed]}
    )

    assert "Deliver 12 notification sends again?" in page.text
    assert "and 2 more" in page.text
    assert not NotificationSend.objects.unfinished().exists()


def test_only_what_was_confirmed_is_done(log_in, owner):
    client = log_in("view_notificationsend", "redeliver_notificationsend")
    failed = [make_send(owner, status="failed") for _ in range(2)]
    query = f"{SENDS}?status__exact=failed"
    asked = {"action": "redeliver", "select_across": "1", "_selected_action": str(failed[0].pk)}
    page = client.post(query, asked)
    later = make_send(owner, status="failed")

    client.post(query, page.context["fields"])

    queued = NotificationSend.objects.unfinished()
    assert {send.pk for send in queued} == {send.pk for send in failed}
    assert later not in queued


def test_all_that_match_a_filter_are_delivered_again_by_one_button(log_in, owner):
    client = log_in("view_notificationsend", "redeliver_notificationsend")
    for _ in range(3):
        make_send(owner, status="failed")
    make_send(owner)

    page = client.get(SENDS, {"status__exact": "failed", "created_at__gte": "2026-03-04 9:00"})

    assert "Deliver all 3 again" in page.text
    assert "Deliver all" not in client.get(SENDS).text
    client = log_in("view_notificationsend")
    assert "Deliver all" not in client.get(SENDS, {"status__exact": "failed"}).text


def test_a_send_is_given_up_on_its_page_after_a_confirmation(log_in, owner):
    client = log_in("view_notificationsend", "give_up_notificationsend")
    send = make_send(owner, status="retrying")
    url = reverse("admin:notifications_notificationsend_do", args=[send.pk, "give_up"])

    asked = client.post(url)
    send.refresh_from_db()
    assert (asked.context["question"], send.status) == (
        "Give up on 1 notification send? They end as failed.",
        "retrying",
    )
    page = press(client, send, "give_up")

    assert "Gave up on 1 of 1 sends." in page.text
    assert page.request["PATH_INFO"].endswith(f"{send.pk}/change/")
    send.refresh_from_db()
    assert send.status == "failed"


def test_a_webhook_is_switched_off_and_on_on_its_page(log_in, owner):
    client = log_in(
        "view_webhookendpoint", "switch_off_webhookendpoint", "switch_on_webhookendpoint"
    )
    endpoint = make_endpoint(owner)

    for action, state in [("switch_off", True), ("switch_on", False)]:
        press(client, endpoint, action)
        endpoint.refresh_from_db()
        assert (endpoint.switched_off_at is not None) is state


def test_buttons_are_for_those_who_may_and_for_post_only(log_in, owner):
    send = make_send(owner, status="retrying")
    url = reverse("admin:notifications_notificationsend_do", args=[send.pk, "give_up"])
    client = log_in("view_notificationsend")
    page = reverse("admin:notifications_notificationsend_change", args=[send.pk])

    assert url not in client.get(page).text
    assert client.post(url, {"confirmed": str(send.pk)}).status_code == 403
    client = log_in("view_notificationsend", "give_up_notificationsend")
    assert url in client.get(page).text
    assert client.get(url).status_code == 405
    client = log_in("give_up_notificationsend")
    assert client.post(url, {"confirmed": str(send.pk)}).status_code == 403
    send.refresh_from_db()
    assert send.status == "retrying"


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
