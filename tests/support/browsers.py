"""A real browser: Chromium, driven by Playwright. Tests are skipped where there is none."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from accounts.models import User

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no Chromium here; install Debian's package chromium"
)

#: How long the browser waits for what must appear: longer than a busy machine needs.
DEADLINE_MS = 20_000
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
#: What axe calls an impact that keeps some people from using a page.
SERIOUS = {"serious", "critical"}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start a browser.

    It is of one module, because Playwright's event loop is in this thread as long as it runs: until
    then no test could start another one, and Django refuses its database unless it is told that
    nothing else runs in that loop.
    """
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        expect.set_options(timeout=DEADLINE_MS)
        # As root, Chromium refuses to start with its sandbox.
        options: dict[str, Any] = {"executable_path": CHROMIUM, "args": ["--no-sandbox"]}
        browser = playwright.chromium.launch(**options)
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def open_page(chromium, live_server) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a page of a running server, as a user who has logged in.

    The test fails if the browser reports an error, such as a script that the policy forbids.
    """
    opened: list[BrowserContext] = []
    errors: list[str] = []

    def open_(path: str, *, by: User | None = None, **options: Any) -> Page:
        context = chromium.new_context(
            base_url=live_server.url, **{"viewport": WIDE, "color_scheme": "light", **options}
        )
        opened.append(context)
        page = watched(context, errors)
        if by is not None:
            session = Client()
            session.force_login(by)
            cookie = session.cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        page.goto(path)
        return page

    yield open_
    for context in opened:
        context.close()
    assert errors == []


def watched(context: BrowserContext, errors: list[str]) -> Page:
    """Return a new page, which adds the errors that the browser reports to `errors`."""
    context.set_default_timeout(DEADLINE_MS)
    page = context.new_page()

    def note(told: ConsoleMessage) -> None:
        if told.type == "error":
            errors.append(told.text)

    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return page


def barriers(page: Page, *, accepted: Mapping[str, str] = {}) -> list[tuple[str, str]]:
    """Return what axe finds on a page that keeps some people from using it, and where.

    Args:
        page: the page.
        accepted: what to leave out: rules, each with a part of the selectors that may break it.
    """
    found = [
        (each["id"], str(node["target"]))
        for each in Axe().run(page).response["violations"]
        if each["impact"] in SERIOUS
        for node in each["nodes"]
    ]
    return [
        (rule, where)
        for rule, where in found
        if rule not in accepted or accepted[rule] not in where
    ]


def is_wider_than_screen(page: Page) -> bool:
    """Return whether a page has to be scrolled sideways."""
    return bool(
        page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    )
