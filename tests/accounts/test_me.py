"""The caller's own account."""

from http import HTTPStatus

import pytest

from accounts.models import User
from tests.conftest import client_of
from tests.support.factories import NOW


@pytest.fixture
def known_user(db) -> User:
    return User.objects.create_user(
        "Olive@Example.COM", first_name="Olive", username="olive", created_at=NOW
    )


@pytest.mark.parametrize("path", ["/auth/me", "/auth/me/"])
def test_a_caller_sees_their_account(known_user, path):
    response = client_of(known_user).get(path)

    assert response.status_code == HTTPStatus.OK
    assert response.json() == {
        "id": str(known_user.pk),
        "email": "Olive@example.com",
        "first_name": "Olive",
        "username": "olive",
        "is_active": True,
        "has_seen_welcome": False,
        "wants_notices": True,
        "created_at": "2026-03-04T09:00:10Z",
    }


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_the_account_is_not_changed_here(owner, owner_client, method):
    before = User.objects.values().get(pk=owner.pk)

    response = getattr(owner_client, method)("/auth/me", {"is_staff": True}, format="json")

    assert response.status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert response.json() == {"detail": f'Method "{method.upper()}" not allowed.'}
    assert User.objects.values().get(pk=owner.pk) == before


def test_a_caller_says_whether_they_want_notices(owner, owner_client):
    response = owner_client.patch("/auth/me", {"wants_notices": False}, format="json")

    assert response.json() == owner_client.get("/auth/me").json()
    owner.refresh_from_db()
    assert owner.wants_notices is False


def test_nothing_else_of_the_account_is_changed(owner, owner_client):
    before = User.objects.values().get(pk=owner.pk)

    response = owner_client.patch(
        "/auth/me", {"is_staff": True, "email": "other@example.com"}, format="json"
    )

    assert response.status_code == HTTPStatus.OK
    assert User.objects.values().get(pk=owner.pk) == before


def test_a_wish_that_is_no_flag_is_422(owner_client):
    response = owner_client.patch("/auth/me", {"wants_notices": "no"}, format="json")

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
