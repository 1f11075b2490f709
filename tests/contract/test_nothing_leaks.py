"""404 for what the caller may not see: with the same body, the same headers, the same queries."""

import re
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import APIKey
from tests.support.api_calls import SENDS, TASKS
from tests.support.factories import (
    make_address,
    make_execution,
    make_preview,
    make_send,
    make_task,
    make_unverified_address,
)
from tests.support.routes import METHODS, PUBLIC_ROUTES, ROUTES

MISSING = UUID(int=7)
ONE = [route for route in ROUTES if "{" in route]
ALL = [route for route in ROUTES if "{" not in route]
BODIES: dict[str, Any] = {"name": "x", "is_public": True, "state": "paused", "status": "failed"}


@pytest.fixture
def theirs(owner) -> dict[str, Any]:
    """What the owner has, by the name of the parameter that names it."""
    task = make_task(owner, name="owners-task", search_query="https://owners.example/")
    execution = make_execution(task, notification="owners-notification")
    send = make_send(owner, task=task, execution=execution, recipient="https://owners.example/hook")
    key, _ = APIKey.objects.create_key(user=owner, name="owners-key")
    address = make_address(owner, email="owners@example.com")
    return {
        "task_id": task.pk,
        "preview_id": make_preview(owner).pk,
        "send_id": send.pk,
        "endpoint_id": send.endpoint.public_id,
        "key_id": key.pk,
        "email": address.email,
    }


@pytest.fixture
def nobodys() -> dict[str, Any]:
    return {
        "task_id": MISSING,
        "preview_id": MISSING,
        "send_id": MISSING,
        "endpoint_id": MISSING,
        "key_id": MISSING,
        "email": "nobody@example.com",
    }


def call(client, method: str, path: str):
    """Return the answer, and the SQL that it took without its values."""
    body = BODIES if method != "get" else None
    with CaptureQueriesContext(connection) as queries:
        response = getattr(client, method)(path, body, format="json")
    return response, [re.sub(r"'[^']*'|\b\d+\b", "?", query["sql"]) for query in queries]


def call_all(client, route: str, names: dict[str, Any]):
    """Return what `call` does, by each method."""
    return {method: call(client, method, route.format(**names)) for method in METHODS}


def told(response) -> tuple[int, bytes, dict[str, str]]:
    """All that an answer tells, less how often one may still call."""
    headers = {
        name: value for name, value in response.headers.items() if not name.startswith("RateLimit-")
    }
    return response.status_code, response.content, headers


@pytest.mark.parametrize("route", ONE)
def test_a_foreign_id_is_answered_as_a_missing_one(theirs, nobodys, stranger_client, route):
    """404 for
    what does not exist *and* for what the caller may not see, with the same body."""
    stranger_client.get("/auth/me")  # the key's use is noted once a minute

    foreign = call_all(stranger_client, route, theirs)
    missing = call_all(stranger_client, route, nobodys)

    for method in METHODS:
        (answer, queries), (other, others) = foreign[method], missing[method]
        assert answer.status_code in (404, 405)
        assert told(answer) == told(other)
        assert queries == others


@pytest.mark.parametrize("route", ONE)
def test_without_a_key_it_is_the_same(theirs, nobodys, route):
    """404 for
    what does not exist *and* for what the caller may not see, with the same body."""
    foreign = call_all(APIClient(), route, theirs)
    missing = call_all(APIClient(), route, nobodys)

    for method in METHODS:
        (answer, queries), (other, others) = foreign[method], missing[method]
        assert answer.status_code in ((404, 405) if route in PUBLIC_ROUTES else (401,))
        assert told(answer) == told(other)
        assert queries == others


@pytest.mark.parametrize("route", ONE)
def test_a_revoked_key_learns_nothing(theirs, nobodys, owner_client, route):
    """Unknown,
    revoked, malformed key: 401 `{"detail": "Invalid API key"}`."""
    owner_client.key.revoke()

    its_own = call_all(owner_client, route, theirs)
    missing = call_all(owner_client, route, nobodys)

    for method in METHODS:
        (answer, queries), (other, others) = its_own[method], missing[method]
        assert (answer.status_code, answer.content) == (401, b'{"detail":"Invalid API key"}')
        assert told(answer) == told(other)
        assert queries == others
        assert len(queries) == 1


@pytest.mark.parametrize("route", ALL)
def test_lists_neither_hold_nor_count_what_is_anothers(theirs, stranger_client, route):
    """what the caller may not see"""
    response = stranger_client.get(route, {"username": "sam"})

    text = (response.getvalue() if response.streaming else response.content).decode()
    assert "owners" not in text
    assert not any(str(value) in text for value in theirs.values())
    if response.status_code == 200 and '"total":' in text:
        assert response.json()["total"] == 0
    assert "Content-Range" not in response.headers
    assert all("offset=" not in link for link in response.headers.get("Link", "").split(","))


@pytest.mark.parametrize("name", ["task_id", "execution_id", "recipient"])
def test_no_filter_tells_whether_it_is_there(theirs, stranger_client, name):
    """A task that is not the caller's gives an empty list, not an error."""
    values = {"task_id": theirs["task_id"], "execution_id": theirs["task_id"],
              "recipient": "https://owners.example/hook"}  # fmt: skip
    nothing = {"recipient": "https://nobody.example/"}
    stranger_client.get("/auth/me")

    foreign, its_queries = call(stranger_client, "get", f"{SENDS}?{name}={values[name]}")
    missing, no_queries = call(
        stranger_client, "get", f"{SENDS}?{name}={nothing.get(name, MISSING)}"
    )

    assert foreign.json() == missing.json() == {"sends": [], "total": 0}
    assert its_queries == no_queries


def test_deliveries_tell_not_whether_the_task_is_there(theirs, stranger_client):
    """with 404 for a task that was never the caller's."""
    path = "/api/v1/webhooks/deliveries?task_id={}"
    stranger_client.get("/auth/me")

    foreign, its_queries = call(stranger_client, "get", path.format(theirs["task_id"]))
    missing, no_queries = call(stranger_client, "get", path.format(MISSING))

    assert foreign.status_code == 404
    assert told(foreign) == told(missing)
    assert its_queries == no_queries


def test_a_code_of_another_is_as_none(owner, stranger_client):
    """400 with the reason"""
    make_unverified_address(owner, email="owners@example.com")
    stranger_client.get("/auth/me")
    url = "/api/v1/email-verification/verify"
    bodies = [{"email": f"{name}@example.com", "code": "123456"} for name in ("owners", "nobody")]

    foreign, missing = (stranger_client.post(url, body, format="json") for body in bodies)

    assert foreign.status_code == missing.status_code == 400
    assert foreign.text.replace("owners", "nobody") == missing.text


def test_a_malformed_id_is_told_only_to_callers_with_a_key(owner_client, anonymous_client):
    """`loc` starting with `body`, `query` or `path`."""
    paths = [f"{TASKS}/17", f"{SENDS}/17", "/auth/api-keys/17"]

    with_key = [owner_client.delete(path).status_code for path in paths]
    without = [anonymous_client.delete(path).status_code for path in paths]

    assert with_key == [422, 422, 422]
    assert without == [401, 401, 401]
