"""Every route, walked with another user's key, with a revoked one and with none."""

from typing import Any
from uuid import UUID

import pytest

from accounts.authentication import READ_ONLY
from accounts.models import APIKey, EmailAddress
from executions.models import Execution
from notifications.models import NotificationSend, WebhookEndpoint
from tasks.models import Task
from tasks.previews import Preview
from tasks.view_counts import view_counter
from tests.conftest import client_of
from tests.support.factories import make_address, make_execution, make_preview, make_send, make_task
from tests.support.routes import METHODS, PUBLIC_ROUTES, ROUTES


@pytest.fixture
def ids(owner) -> dict[str, Any]:
    """The owner has one of each thing, by the name of the parameter that names it."""
    task = make_task(owner)
    execution = make_execution(task, notification="**secret**")
    key, _ = APIKey.objects.create_key(user=owner, name="mine")
    send = make_send(owner, task=task, execution=execution)
    address = make_address(owner)
    return {
        "task_id": task.pk,
        "preview_id": make_preview(owner).pk,
        "key_id": key.pk,
        "send_id": send.pk,
        "endpoint_id": send.endpoint.public_id,
        "email": address.email,
    }


def rows() -> list[Any]:
    models = (Task, Preview, Execution, NotificationSend, WebhookEndpoint, APIKey, EmailAddress)
    return [row for model in models for row in model.objects.order_by("pk").values()]


def test_the_walk_sees_the_routes():
    assert "/api/v1/notifications/sends" in ROUTES
    assert "/api/v1/tasks/{task_id}/notifications" in ROUTES
    assert "/auth/api-keys/{key_id}" in ROUTES
    assert set(ROUTES) >= PUBLIC_ROUTES


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", [route for route in ROUTES if "{" in route])
def test_a_strangers_key_finds_nothing_and_changes_nothing(route, method, ids, stranger_client):
    before = rows()

    there = getattr(stranger_client, method)(route.format(**ids))
    missing = getattr(stranger_client, method)(route.format(**dict.fromkeys(ids, UUID(int=7))))

    assert there.status_code in (404, 405)
    assert (there.status_code, there.content) == (missing.status_code, missing.content)
    assert without_use(rows()) == without_use(before)


@pytest.mark.parametrize("route", [route for route in ROUTES if "{" not in route])
def test_a_strangers_lists_hold_nothing_of_the_owners(route, ids, stranger_client):
    response = stranger_client.get(route, {"username": "sam"})  # one route asks for it

    assert response.status_code in (200, 403, 405)
    text = response.getvalue().decode()  # one of them is streamed
    for id_ in ids.values():
        assert str(id_) not in text


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", sorted(PUBLIC_ROUTES))
def test_without_a_key_public_routes_are_read_and_hold_nothing_private(
    route, method, ids, anonymous_client
):
    before = rows()

    response = getattr(anonymous_client, method)(route.format(**ids))

    assert response.status_code in ((200, 404) if method == "get" else (405,))
    for id_ in ids.values():
        assert str(id_) not in response.text
    assert rows() == before


@pytest.mark.parametrize("route", sorted(PUBLIC_ROUTES - {"/api/v1"}))
def test_of_a_public_task_nothing_is_told_that_is_its_owners(route, owner, anonymous_client):
    task = make_task(
        owner,
        name="shown",
        is_public=True,
        notification_email=owner.email,
        webhook_url="https://secret.example/",
        webhook_headers={"X-Token": "secret"},
        context={"order": "secret"},
    )
    make_execution(task, notification="told", error_message="secret")

    response = anonymous_client.get(route.format(task_id=task.pk))
    view_counter.take()

    assert "shown" in response.text
    for private in (owner.email, "secret"):
        assert private not in response.text


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", [route for route in ROUTES if route not in PUBLIC_ROUTES])
def test_without_a_key_nothing_is_answered(route, method, ids, anonymous_client):
    response = getattr(anonymous_client, method)(route.format(**ids))

    assert response.status_code == 401
    assert response.json() == {"detail": "Authorization header missing"}
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", ROUTES)
def test_a_revoked_key_opens_nothing(route, method, ids, owner_client):
    owner_client.key.revoke()

    response = getattr(owner_client, method)(route.format(**ids))

    assert response.status_code == 401
    assert response.json() == {"detail": "Invalid API key"}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", ROUTES)
def test_a_read_only_key_reads_what_its_user_may_and_changes_nothing(route, method, ids, owner):
    other, auditor = client_of(owner), client_of(owner, is_read_only=True)
    path = route.format(**ids)
    if method == "get":
        expected = other.get(path).status_code
    before = rows()

    response = getattr(auditor, method)(path, format="json")

    if method == "get":
        assert response.status_code == expected
    else:
        assert response.status_code == 403
        assert response.json() == {"detail": READ_ONLY}
    assert without_use(rows()) == without_use(before)


def without_use(found: list[Any]) -> list[Any]:
    return [{**row, "last_used_at": None} for row in found]
