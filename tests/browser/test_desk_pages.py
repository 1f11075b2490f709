"""The admin's pages: for everyone who may enter it, on every screen."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from notifications.models import Attempt
from tests.support.browsers import PHONE, barriers, is_wider_than_screen, needs_chromium
from tests.support.factories import make_endpoint, make_execution, make_send, make_task
from tests.support.roles import user_of_role

pytestmark = [
    needs_chromium,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("at_now"),
]

#: Routes of the admin. Those of one row are of the send, of what belongs to it, or of its owner.
LISTS = [
    "notifications_notificationsend_changelist",
    "tasks_task_changelist",
    "executions_execution_changelist",
    "notifications_webhookendpoint_changelist",
    "accounts_user_changelist",
    "accounts_apikey_changelist",
]
RECORDS = [
    "notifications_notificationsend_change",
    "tasks_task_change",
    "executions_execution_change",
    "notifications_webhookendpoint_change",
    "accounts_user_change",
]
#: Django's script makes the boxes of a user's groups and permissions with these marks, whose labels
#: repeat what is written beside them.
DJANGOS = {"aria-prohibited-attr": ".help-tooltip.search-label-icon"}
OTHERS = ["index", "accounts_apikey_find", "accounts_user_invite", "admin-why"]
#: Those that every run looks at. The others have the same templates.
USUAL = {"index", "notifications_notificationsend_changelist", "tasks_task_change"}


@pytest.fixture
def send(owner_client, owner):
    """Store a failed send with long words, and all that belongs to it."""
    owner.email = "a.person.with.a.long.name@department.of.a.company.example"
    owner.save()
    url = "https://receiver.example/hooks/incoming/alerts/9f2c7b1a3f3e4a77/without/any/break"
    task = make_task(owner, name="Are the boots in stock at the shop that is open on Sundays?")
    make_execution(task, status="failed", failure_kind="network", error_message=f"{url}: no.")
    execution = make_execution(task, notification=f"**Boots**\n\nIn stock.\n\n<{url}>")
    send = make_send(owner, task=task, execution=execution, status="failed", recipient=url)
    make_send(owner, task=task, execution=execution, notification_type="email", recipient=url)
    make_endpoint(owner, url=url, failing_since=send.created_at)
    Attempt.objects.create(
        send=send,
        number=1,
        started_at=send.created_at,
        duration_ms=40,
        status="failed",
        error_message="The receiver answered 503.",
        request_headers={"Content-Type": "application/json", "webhook-id": str(send.pk)},
        response_status=503,
        response_headers={"Server": "nginx"},
        response_body="<p>Down for repairs</p>" * 9,
    )
    return send


def address_of(name, send) -> str:
    rows = {
        "notifications_notificationsend_change": send.pk,
        "tasks_task_change": send.task_id,
        "executions_execution_change": send.execution_id,
        "notifications_webhookendpoint_change": send.endpoint_id,
        "accounts_user_change": send.user_id,
        "admin-why": send.pk,
    }
    route = name if name == "admin-why" else f"admin:{name}"
    return reverse(route, args=[rows[name]] if name in rows else [])


def check_on_every_screen(page) -> None:
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert barriers(page, accepted=DJANGOS) == []
    assert not is_wider_than_screen(page)

    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    page.reload()  # the theme looks for the color scheme when a page is loaded

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.evaluate("document.documentElement.className") == "dark"
    assert barriers(page, accepted=DJANGOS) == []
    assert not is_wider_than_screen(page)


@pytest.mark.parametrize(
    "name",
    [
        name if name in USUAL else pytest.param(name, marks=pytest.mark.slow)
        for name in (*LISTS, *RECORDS, *OTHERS)
    ],
)
def test_operators_can_use_every_page_on_every_screen(open_page, send, name):
    check_on_every_screen(open_page(address_of(name, send), by=user_of_role("operator")))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["accounts_user_change", "accounts_user_add"])
def test_superusers_can_use_the_forms_on_every_screen(open_page, operator, send, name):
    check_on_every_screen(open_page(address_of(name, send), by=operator))


def test_operators_can_use_the_home_page_before_anything_happens(open_page):
    check_on_every_screen(open_page(reverse("admin:index"), by=user_of_role("operator")))


def test_everyone_can_log_in_to_the_admin(open_page):
    check_on_every_screen(open_page(reverse("admin:login")))
