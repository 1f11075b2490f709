"""What the pages may load and run: nothing that was written into them."""

import re
from html.parser import HTMLParser

import pytest

from notifications.channels.email.unsubscribe import url_for
from tests.support.factories import make_task

PAGES = {
    "/": set(),
    "/tasks": set(),
    "/tasks/new": set(),
    "/settings": set(),
    "/settings/addresses": set(),
    "/settings/emails": set(),
    "/settings/keys": set(),
    "/settings/password": set(),
    "/settings/webhook": set(),
    "/docs": set(),
    "/redoc": {"style"},
    "/api/v1/tasks": set(),
    "/unsubscribe": set(),
    "/admin/login/": {"style", "eval"},
    "/admin/": {"style", "eval"},
    "/admin/tasks/task/": {"style", "eval"},
}


class Inline(HTMLParser):
    """Counts what a page holds of scripts and styles in itself, and gathers event handlers."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts = 0
        self.styles = 0
        self.handlers: list[str] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        # What is no JavaScript is data for one.
        if tag == "script" and "src" not in given and given.get("type") != "application/json":
            self.scripts += 1
        if tag == "style":
            self.styles += 1
        self.handlers += [name for name in given if re.fullmatch("on[a-z]+", name)]
        self.handlers += [name for name, value in attrs if (value or "").startswith("javascript:")]


def directives(answer) -> dict[str, list[str]]:
    policy = answer.headers["Content-Security-Policy"]
    parts = (directive.split() for directive in policy.split(";"))
    return {name: sources for name, *sources in parts}


@pytest.fixture(params=PAGES)
def page(request, client, operator):
    if request.param not in ("/", "/admin/login/"):  # they redirect who has logged in
        client.force_login(operator)
    address = request.param
    if address == "/unsubscribe":
        address = url_for(make_task(operator).pk).removeprefix("http://localhost:8000")
    answer = client.get(address, headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["Content-Type"][:9]) == (200, "text/html")
    return request.param, answer


def test_a_page_may_load_only_from_this_server_and_run_nothing_inline(page):
    address, answer = page
    found = directives(answer)

    assert found["default-src"] == ["'self'"]
    assert found["object-src"] == found["base-uri"] == found["frame-ancestors"] == ["'none'"]
    assert found["form-action"] == ["'self'"]
    assert "'unsafe-inline'" not in found["script-src"]
    assert ("'unsafe-eval'" in found["script-src"]) == ("eval" in PAGES[address])
    assert ("'unsafe-inline'" in found["style-src"]) == ("style" in PAGES[address])


def test_a_page_holds_nothing_that_its_policy_forbids(page):
    address, answer = page
    inline = Inline()

    inline.feed(answer.text)

    assert inline.handlers == []
    assert inline.scripts == 0
    if "style" not in PAGES[address]:
        assert inline.styles == 0


def test_the_script_of_the_reference_is_a_file_of_its_own(client):
    page = client.get("/docs").text
    [address] = [
        address for address in re.findall('<script src="([^"]+)"', page) if "script" in address
    ]

    script = client.get(address)

    assert script.headers["Content-Type"] == "application/javascript"
    assert "SwaggerUIBundle(" in script.text


def test_json_needs_no_policy(owner_client):
    assert "Content-Security-Policy" not in owner_client.get("/auth/me").headers


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/admin/login/", "/healthz"])
def test_no_page_of_others_can_hold_on_to_a_window_of_ours(client, db, path):
    assert client.get(path).headers["Cross-Origin-Opener-Policy"] == "same-origin"
