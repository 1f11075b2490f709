"""What holds for all pages of the settings, and the page of the account."""

import re
from typing import Any
from uuid import UUID

import pytest

from accounts.models import USERNAME_FORM_MESSAGE, APIKey, EmailAddress, User
from notifications.models import WebhookConfig, WebhookEndpoint
from tasks.models import Task
from tests.support.factories import (
    NOW,
    make_address,
    make_endpoint,
    make_task,
    make_unverified_address,
)
from tests.support.routes import CONSOLE_ROUTES

ROUTES = [route for route in CONSOLE_ROUTES if route.startswith("/settings")]
PAGES = [
    "/settings",
    "/settings/addresses",
    "/settings/emails",
    "/settings/keys",
    "/settings/keys/{key_id}/revoke",
    "/settings/password",
    "/settings/webhook",
    "/settings/webhook/rotate",
]
pytestmark = pytest.mark.usefixtures("at_now")

MODELS: tuple[Any, ...] = (User, EmailAddress, WebhookConfig, WebhookEndpoint, Task, APIKey)


@pytest.fixture
def ids(owner) -> dict[str, object]:
    """The owner has one of each thing, by the name of the parameter that names it."""
    make_address(owner, email="private@example.com")
    make_unverified_address(owner, email="waiting@example.com")
    WebhookConfig.objects.create(user=owner, url="https://private.example/", secret="whsec_private")
    endpoint = make_endpoint(owner, url="https://private.example/", failing_since=NOW)
    return {
        "task_id": make_task(owner, name="private").pk,
        "key_id": APIKey.objects.create_key(user=owner, name="private")[0].pk,
        "endpoint_id": endpoint.public_id,
    }


def rows() -> list[dict[str, Any]]:
    return [row for model in MODELS for row in model.objects.order_by("pk").values()]


def test_the_walks_see_all_pages():
    assert set(ROUTES) > set(PAGES)
    assert "/settings/emails/{task_id}/stop" in ROUTES


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("route", ROUTES)
def test_who_has_not_logged_in_is_asked_to(client, ids, route, method):
    before = rows()
    address = route.format(**ids)

    answer = getattr(client, method)(address)

    if answer.status_code != 405:
        assert answer.status_code == 302
        assert answer.headers["Location"] == f"/log-in?next={address}"
    assert rows() == before


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("route", [route for route in ROUTES if "{" in route])
def test_a_stranger_finds_nothing_and_changes_nothing(client, stranger, ids, route, method):
    client.force_login(stranger)
    before = [row for row in rows() if row.get("last_login") is None]

    there = getattr(client, method)(route.format(**ids))
    missing = getattr(client, method)(route.format(**dict.fromkeys(ids, UUID(int=7))))

    assert there.status_code in (404, 405)
    assert (there.status_code, there.content) == (missing.status_code, missing.content)
    assert [row for row in rows() if row.get("last_login") is None] == before


@pytest.mark.parametrize("route", [route for route in PAGES if "{" not in route])
def test_a_strangers_pages_hold_nothing_of_the_owners(client, stranger, ids, route):
    client.force_login(stranger)

    page = client.get(route)

    assert page.status_code == 200
    for private in ("private", "waiting", "owner", *(str(each) for each in ids.values())):
        assert private not in page.text


@pytest.mark.parametrize("route", PAGES)
def test_no_cache_keeps_a_page(owner_browser, ids, route):
    page = owner_browser.get(route.format(**ids))

    assert page.status_code == 200
    assert {"no-store", "private"} <= {*page.headers["Cache-Control"].split(", ")}


@pytest.mark.parametrize("route", PAGES)
def test_a_page_has_one_heading_and_is_marked_in_both_menus(owner_browser, ids, route):
    text = owner_browser.get(route.format(**ids)).text

    assert len(re.findall("<h1", text)) == 1
    marked = re.findall(r'<a href="([^"]+)" aria-current="page">', text)
    assert marked[0] == "/settings"
    assert len(marked) == 2
    assert route.startswith(marked[1])


def test_ids_of_a_page_are_unique(owner_browser, owner, ids):
    make_unverified_address(owner, email="more@example.com")

    for route in PAGES:
        found = re.findall(r' id="([^"]+)"', owner_browser.get(route.format(**ids)).text)
        assert len(found) == len(set(found)), route


def test_the_account_shows_what_it_is_known_by(owner_browser, owner):
    text = owner_browser.get("/settings").text

    for said in (owner.email, "Olive", str(owner.pk), "Choose a username"):
        assert said in text


def test_a_username_is_set_once(owner_browser, owner):
    first = owner_browser.post("/settings", {"username": "olive"}, follow=True)
    second = owner_browser.post("/settings", {"username": "other"})

    assert first.redirect_chain == [("/settings", 302)]
    assert "Your username is olive." in first.text
    assert "Choose a username" not in first.text
    assert second.context["form"].errors == {
        "username": ["Your username is set and cannot be changed any more."]
    }
    owner.refresh_from_db()
    assert owner.username == "olive"


@pytest.mark.parametrize(
    ("username", "fault"),
    [
        ("", "This field is required."),
        ("admin", "This username is reserved. Choose another one."),
        ("sam", "This username is taken. Choose another one."),
        ("Olive", USERNAME_FORM_MESSAGE),
        ("a\0b", "Null characters are not allowed."),
    ],
)
def test_a_username_that_cannot_be_had_is_an_error_at_its_field(
    owner_browser, owner, stranger, username, fault
):
    User.objects.filter(pk=stranger.pk).update(username="sam")

    page = owner_browser.post("/settings", {"username": username})

    assert page.context["form"].errors == {"username": [fault]}
    owner.refresh_from_db()
    assert owner.username is None
