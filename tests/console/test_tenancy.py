"""Every page of the console, opened by somebody who has not logged in, and by another user."""

from typing import Any
from uuid import UUID

import pytest

from accounts.models import APIKey, EmailAddress, User
from executions.models import Execution
from notifications.models import NotificationSend, WebhookConfig, WebhookEndpoint
from tasks.models import Task
from tasks.previews import Preview
from tests.support.factories import make_address, make_execution, make_preview, make_send, make_task
from tests.support.routes import CONSOLE_ROUTES

#: Pages that need no log-in. A task is shown to others only if it is public.
PUBLIC = {
    "/",
    "/help/{name}",
    "/log-in",
    "/log-out",
    "/password-reset",
    "/password-reset/{uidb64}/{token}",
    "/sign-up",
    "/sign-up/{token}",
    "/tasks/{task_id}",
}
#: A part of a page, which says in words that there is no such preview.
PART = "/tasks/previews/{preview_id}"
#: What a task, execution and send have in common is a page of their own: one route, three ids.
SUBJECTS = ("task_id", "execution_id", "send_id")
METHODS = ("get", "post")
#: It is in every text of the owner's.
MARK = "owners"


@pytest.fixture
def ids(owner) -> dict[str, Any]:
    """The owner has one of each thing, by the name of the parameter that names it."""
    task = make_task(
        owner,
        name=f"{MARK} boots",
        search_query=f"https://{MARK}.example/",
        condition_description=f'contains "{MARK}"',
        webhook_url=f"https://{MARK}.example/hook",
    )
    execution = make_execution(task, notification=f"**{MARK}**")
    send = make_send(
        owner,
        task=task,
        execution=execution,
        status="failed",
        recipient=f"https://{MARK}.example/hook",
        error_message=f"{MARK} error",
    )
    key, _ = APIKey.objects.create_key(user=owner, name=f"{MARK} key")
    address = make_address(owner, email=f"{MARK}@example.com")
    return {
        "task_id": task.pk,
        "preview_id": make_preview(owner).pk,
        "execution_id": execution.pk,
        "send_id": send.pk,
        "key_id": key.pk,
        "endpoint_id": send.endpoint.public_id,
        "address_id": address.pk,
        "email": address.email,
        "name": "conditions",
        "uidb64": "uid",
        "token": "token",
    }


def paths(routes, ids) -> list[str]:
    """The addresses of routes with these ids."""
    return [
        route.format(**ids, subject_id=ids[subject])
        for route in routes
        for subject in (SUBJECTS if "{subject_id}" in route else SUBJECTS[:1])
    ]


def rows() -> list[Any]:
    models = (
        *(User, APIKey, EmailAddress, Task, Preview, Execution),
        *(NotificationSend, WebhookConfig, WebhookEndpoint),
    )
    return [row for model in models for row in model._default_manager.order_by("pk").values()]


def assert_nothing_of_the_owners(response, ids) -> None:
    text = response.text
    assert MARK not in text
    assert "owner@example.com" not in text
    for name in ("execution_id", "send_id", "key_id", "endpoint_id", "address_id"):
        assert str(ids[name]) not in text.replace(response.request["PATH_INFO"], "")


def test_the_walk_sees_the_routes():
    assert set(CONSOLE_ROUTES) >= {*PUBLIC, PART, "/notifications/{send_id}", "/why/{subject_id}"}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", [route for route in CONSOLE_ROUTES if route not in PUBLIC])
def test_who_has_not_logged_in_is_asked_to_and_changes_nothing(route, method, ids, client):
    before = rows()

    for path in paths([route], ids):
        response = getattr(client, method)(path)

        if response.status_code != 405:
            assert response.status_code == 302
            assert response.headers["Location"] == f"/log-in?next={path}"
        assert_nothing_of_the_owners(response, ids)
    assert rows() == before


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", sorted(PUBLIC))
def test_public_pages_tell_visitors_nothing_of_the_owners(route, method, ids, client):
    before = rows()

    [path] = paths([route], ids)
    response = getattr(client, method)(path)

    assert response.status_code < 500
    assert_nothing_of_the_owners(response, ids)
    assert rows() == before


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "route", [route for route in CONSOLE_ROUTES if "_id}" in route and route != PART]
)
def test_a_stranger_finds_nothing_and_changes_nothing(route, method, ids, client, stranger):
    client.force_login(stranger)
    before = rows()

    for path in paths([route], ids):
        response = getattr(client, method)(path, {"confirm": "1"})

        assert response.status_code in (404, 405)
        assert_nothing_of_the_owners(response, ids)
    assert rows() == before


def test_a_strangers_preview_is_as_one_that_is_missing(ids, client, stranger):
    client.force_login(stranger)

    there = client.get(PART.format(**ids))
    missing = client.get(PART.format(preview_id=UUID(int=7)))

    assert there.text.replace(str(ids["preview_id"]), str(UUID(int=7))) == missing.text


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", [route for route in CONSOLE_ROUTES if "_id}" not in route])
def test_a_strangers_own_pages_hold_nothing_of_the_owners(route, method, ids, client, stranger):
    client.force_login(stranger)

    for path in paths([route], ids):
        response = getattr(client, method)(path)

        assert response.status_code < 500
        assert_nothing_of_the_owners(response, ids)


def test_filters_by_the_owners_ids_list_nothing(ids, client, stranger):
    client.force_login(stranger)

    for name in ("task_id", "execution_id"):
        page = client.get("/notifications", {name: ids[name]})

        assert "No notification matches." in page.text
        assert MARK not in page.text


def test_a_public_task_shows_visitors_nothing_private(ids, owner, client):
    task = make_task(
        owner,
        name="shown",
        is_public=True,
        notification_email=owner.email,
        webhook_url="https://secret.example/",
        webhook_headers={"X-Token": "secret"},
        context={"order": "secret"},
    )
    execution = make_execution(task, notification="told")
    make_execution(task, status="failed", error_message="secret")
    make_send(owner, task=task, execution=execution, recipient="https://secret.example/")

    page = client.get(f"/tasks/{task.pk}")

    assert "shown" in page.text
    assert "told" in page.text
    for private in (owner.email, "secret", "/why/", "/notifications"):
        assert private not in page.text
