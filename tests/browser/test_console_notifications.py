"""The console's pages of notifications, on every screen."""

import pytest
from playwright.sync_api import expect

from notifications.models import Attempt
from tests.support.browsers import PHONE, barriers, is_wider_than_screen, needs_chromium
from tests.support.factories import NOW, make_execution, make_send, make_task

pytestmark = [needs_chromium, pytest.mark.django_db(transaction=True)]

LONG = f"https://receiver.example/{'hook' * 30}"


@pytest.fixture
def send(owner):
    task = make_task(owner, name="Is the bread back?")
    execution = make_execution(
        task,
        notification="**Bread**\n\nIn stock.",
        grounding_sources=[{"url": "https://shop.example/", "title": "Shop"}],
    )
    send = make_send(
        owner, task=task, execution=execution, status="failed", recipient=LONG, attempt_count=1
    )
    Attempt.objects.create(
        send=send,
        number=1,
        started_at=NOW,
        duration_ms=120,
        status="failed",
        error_message="The receiver answered 500.",
        response_status=500,
        response_body="<html>" * 100,
        request_headers={"webhook-signature": "v1," + "a" * 100},
        response_headers={"Server": "teapot"},
    )
    make_send(
        owner, task=task, execution=execution, notification_type="email", recipient="a@b.example"
    )
    return send


@pytest.fixture(params=["/notifications", "/notifications?status=lost", "send", "why", "history"])
def page(request, open_page, owner, send):
    """A page with all that can be unfolded on it."""
    paths = {
        "send": f"/notifications/{send.pk}",
        "why": f"/why/{send.pk}",
        "history": f"/tasks/{send.task_id}?execution={send.execution_id}",
    }
    page = open_page(paths.get(request.param, request.param), by=owner)
    for summary in page.locator("details:not([open]) > summary").all():
        summary.click()
    return page


def test_everyone_can_use_every_page_on_every_screen(page):
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    assert barriers(page) == []

    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(PHONE)

    assert barriers(page) == []
    assert not is_wider_than_screen(page)


def test_a_failed_notification_is_found_and_delivered_again(open_page, owner, send):
    page = open_page("/tasks", by=owner)

    page.get_by_role("link", name="Notifications").click()
    page.get_by_text("Filter").click()
    page.get_by_label("Status").select_option("failed")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("1 notification, newest first")).to_be_visible()
    page.get_by_role("cell").get_by_role("link", name="Is the bread back?").click()
    page.get_by_role("button", name="Deliver again").click()

    expect(page.get_by_text("It is being delivered again")).to_be_visible()
    expect(page.get_by_role("button", name="Deliver again")).to_be_disabled()
    send.refresh_from_db()
    assert send.status == "queued"


def test_the_table_names_its_columns_on_the_phone_too(open_page, owner, send):
    page = open_page("/notifications", by=owner, viewport=PHONE)

    expect(page.get_by_role("row")).to_have_count(3)
    expect(page.get_by_role("columnheader", name="Status")).to_have_count(1)
