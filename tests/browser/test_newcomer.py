"""A newcomer's first task, in a browser, from logging in to being told."""

import os
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.browsers import WIDE, needs_chromium, watched
from tests.support.processes import answers, free_port
from tests.support.receivers import HTTPReceiver, wait_for
from tests.support.terminals import Terminal
from tests.support.watched_pages import html

pytestmark = [pytest.mark.e2e, needs_chromium]


@pytest.fixture
def shop() -> Iterator[HTTPReceiver]:
    receiver = HTTPReceiver()
    receiver.answers = [html("<h1>Bread</h1><p>Sold out</p>", title="Bread")]
    yield receiver
    receiver.close()


@pytest.fixture
def started(tmp_path) -> Iterator[tuple[str, str]]:
    """Start Torale; return its address and the admin's password."""
    port = free_port()
    address = f"http://localhost:{port}"
    terminal = Terminal(
        tmp_path / "screen",
        {
            **os.environ,
            "TORALE_DATA_DIR": f"{tmp_path}/var",
            "TORALE_LISTEN": f"127.0.0.1:{port}",
            "TORALE_URL": address,
            "TORALE_WEBHOOK_ALLOW_PRIVATE": "127.0.0.0/8",
        },
    )
    try:
        terminal.paste("exec .venv/bin/python manage.py serve")
        wait_for(lambda: answers(f"{address}/readyz"))
        wait_for(lambda: "worker_started" in terminal.screen)
        [password] = re.findall(r"Password +(\S+)", terminal.screen)
        yield address, password
    finally:
        terminal.close()


@pytest.fixture
def browser_page(chromium, started) -> Iterator[Callable[..., Page]]:
    errors: list[str] = []
    contexts = []

    def open_(**options) -> Page:
        address, _ = started
        contexts.append(chromium.new_context(base_url=address, viewport=WIDE, **options))
        return watched(contexts[-1], errors)

    yield open_
    for context in contexts:
        context.close()
    assert errors == []


@pytest.mark.parametrize(
    "scripts",
    [
        pytest.param(True, id="with scripts"),
        pytest.param(False, id="without scripts", marks=pytest.mark.slow),
    ],
)
def test_from_logging_in_to_being_told(browser_page, started, shop, scripts):
    _, password = started
    page = browser_page(java_script_enabled=scripts)

    page.goto("/")
    page.get_by_role("link", name="Log in").first.click()
    page.get_by_label("Email").fill("admin@localhost")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("Nothing is watched yet")).to_be_visible()

    page.get_by_role("link", name="Create your first task").click()
    page.get_by_label("Page to watch").fill(f"{shop.url}/bread")
    page.get_by_label("Tell me when").fill('contains "In stock')
    page.get_by_role("button", name="Try it now").click()
    expect(page.get_by_text("The quote that opens here is not closed")).to_be_visible()

    page.get_by_label("Tell me when").fill('contains "In stock"')
    page.get_by_role("button", name="Try it now").click()
    seen = page.get_by_text("The condition does not hold now.")
    if not scripts:
        wait_for(lambda: asked_for_result(page).is_visible())
    expect(seen).to_be_visible()
    expect(page.get_by_role("button", name='does not contain "Sold out"')).to_be_visible()

    page.get_by_label("Name").fill("Is the bread back?")
    page.get_by_role("button", name="Create the task").click()
    expect(page.get_by_role("heading", name="Is the bread back?")).to_be_visible()
    wait_for(lambda: reloaded(page).get_by_text("does not contain").count())

    shop.answers = [html("<h1>Bread</h1><p>In stock</p>", title="Bread")]
    page.get_by_role("button", name="Run now").click()
    wait_for(lambda: reloaded(page).locator(".told").count())
    expect(page.locator(".told")).to_contain_text("In stock")
    wait_for(lambda: reloaded(page).get_by_text("Sent", exact=True).count())
    expect(page.get_by_text("admin@localhost").last).to_be_visible()


def asked_for_result(page: Page) -> Locator:
    button = page.get_by_role("button", name="Show the result")
    if button.count():
        button.click()
    return page.get_by_text("The condition does not hold now.")


def reloaded(page: Page) -> Page:
    page.reload()
    return page
