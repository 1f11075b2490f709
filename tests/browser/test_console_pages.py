"""The console's pages: for everyone, on every screen."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from executions.pages.page_text import PageTexts
from tasks.models import PageText
from tests.support.browsers import PHONE, barriers, is_wider_than_screen, needs_chromium
from tests.support.factories import make_execution, make_send, make_task

pytestmark = [needs_chromium, pytest.mark.django_db(transaction=True)]

#: Paths, or names of routes whose parameter is a task.
FOR_EVERYONE = ["/", "/log-in", "/sign-up", "/password-reset", "/help/conditions", "task"]
FOR_USERS = ["/tasks", "/tasks/new", "task", "task-edit", "pause", "task-delete", "snapshots"]


@pytest.fixture
def task(owner):
    task = make_task(owner, name="Is the bread back?", is_public=True)
    make_execution(task)
    told = make_execution(task, notification="**Bread**\n\nIn stock.\n\n<https://shop.example/>")
    make_send(owner, task=task, execution=told)
    make_send(owner, task=task, execution=told, status="failed", notification_type="email")
    texts = PageTexts(last="Bread\nSold out", told="Bread\nIn stock")
    PageText.objects.keep(task, {"https://shop.example/": texts.pack()})
    return task


def address_of(name, task) -> str:
    return name if name.startswith("/") else reverse(f"console:{name}", args=[task.pk])


@pytest.mark.parametrize(
    ("name", "is_owner"),
    [
        *(pytest.param(name, False, marks=pytest.mark.slow) for name in FOR_EVERYONE[1:]),
        (FOR_EVERYONE[0], False),
        *((name, True) for name in FOR_USERS),
    ],
)
def test_everyone_can_use_every_page_on_every_screen(open_page, owner, task, name, is_owner):
    page = open_page(address_of(name, task), by=owner if is_owner else None)
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    assert barriers(page) == []

    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(PHONE)

    color = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(int(part) for part in color[4:-1].split(",")) < 64
    assert barriers(page) == []
    assert not is_wider_than_screen(page)


def test_everyone_can_use_the_reference(open_page):
    page = open_page("/docs")
    expect(page.locator(".opblock").first).to_be_visible()

    assert barriers(page) == []


def test_the_keyboard_reaches_the_content_at_once(open_page, owner, task):
    page = open_page("/tasks", by=owner)

    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    expect(page.get_by_role("link", name="New task")).to_be_focused()
