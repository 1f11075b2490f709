"""Users and API keys as the operator sees them."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import APIKey, User
from tests.conftest import client_of
from tests.support.factories import NOW, staff_with

USERS = "/admin/accounts/user/"
KEYS = "/admin/accounts/apikey/"


def shown(response) -> list[Any]:
    """Return the rows of a list page."""
    assert response.status_code == HTTPStatus.OK
    return list(response.context["cl"].result_list)


def faults(response) -> dict[str, list[str]]:
    """Return what a form's page says is wrong."""
    assert response.status_code == HTTPStatus.OK
    return dict(response.context["adminform"].form.errors)


def form_of(user: User, **changes) -> dict[str, str]:
    """Return what the browser sends when the operator saves `user`'s page."""
    return {
        "email": user.email,
        "first_name": user.first_name,
        "username": user.username or "",
        "is_active": "on",
        **changes,
    }


NEW_USER = {
    "email": "New@Example.com",
    "usable_password": "true",
    "password1": "a long password",
    "password2": "a long password",
}


def test_the_operator_adds_a_user_who_can_log_in(operator_client, client):
    response = operator_client.post(f"{USERS}add/", NEW_USER)

    user = User.objects.get(email="New@Example.com")
    assert response.status_code == HTTPStatus.FOUND
    assert response["Location"] == f"{USERS}{user.pk}/change/"
    assert (user.is_active, user.is_staff, user.is_superuser) == (True, False, False)
    assert user.username is None
    assert client.login(username="new@example.com", password="a long password")


def test_the_operator_adds_a_user_without_a_password(operator_client):
    operator_client.post(f"{USERS}add/", {"email": "new@example.com", "usable_password": "false"})

    assert User.objects.get(email="new@example.com").has_usable_password() is False


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"email": "OWNER@example.com"}, {"__all__": ["A user with this email exists."]}),
        ({"email": "owner"}, {"email": ["Enter a valid email address."]}),
        ({"email": ""}, {"email": ["This field is required."]}),
        (
            {"password1": "short", "password2": "short"},
            {
                "password2": [
                    "This password is too short. It must contain at least 8 characters.",
                ]
            },
        ),
        (
            {"password2": "another password"},
            {"password2": ["The two password fields didn\N{RIGHT SINGLE QUOTATION MARK}t match."]},
        ),
    ],
    ids=["email taken", "no email", "nothing", "short password", "two passwords"],
)
def test_the_operator_is_told_what_is_wrong_with_a_new_user(operator_client, owner, changes, said):
    response = operator_client.post(f"{USERS}add/", {**NEW_USER, **changes})

    assert faults(response) == said
    assert User.objects.exclude(is_staff=True).get() == owner


def test_the_operator_changes_a_user(operator_client, owner):
    response = operator_client.post(
        f"{USERS}{owner.pk}/change/", form_of(owner, first_name="Oliver", is_staff="on")
    )

    assert response.status_code == HTTPStatus.FOUND
    owner.refresh_from_db()
    assert (owner.first_name, owner.is_staff, owner.username) == ("Oliver", True, None)


def test_the_operator_gives_a_user_a_username(operator_client, owner):
    response = operator_client.post(f"{USERS}{owner.pk}/change/", form_of(owner, username="olive"))

    assert response.status_code == HTTPStatus.FOUND
    owner.refresh_from_db()
    assert owner.username == "olive"


def test_the_operator_switches_a_user_off(operator_client, owner):
    caller = client_of(owner)
    form = form_of(owner)
    del form["is_active"]

    operator_client.post(f"{USERS}{owner.pk}/change/", form)

    assert caller.get("/auth/me").status_code == HTTPStatus.UNAUTHORIZED


def test_the_operator_gives_a_user_a_new_password(operator_client, client, owner):
    response = operator_client.post(
        f"{USERS}{owner.pk}/password/",
        {"usable_password": "true", "password1": "another one", "password2": "another one"},
    )

    assert response.status_code == HTTPStatus.FOUND
    assert client.login(username=owner.email, password="another one")


@pytest.mark.parametrize(
    ("query", "emails"),
    [
        ({"q": "owner@"}, ["owner@example.com"]),
        ({"q": "olive"}, ["owner@example.com"]),
        ({"is_active__exact": "0"}, ["stranger@example.com"]),
        ({"is_staff__exact": "1"}, ["operator@example.com"]),
        ({}, ["operator@example.com", "owner@example.com", "stranger@example.com"]),
    ],
    ids=["email", "username", "switched off", "operators", "all"],
)
def test_the_operator_finds_users(operator_client, owner, stranger, query, emails):
    User.objects.filter(pk=owner.pk).update(username="olive")
    User.objects.filter(pk=stranger.pk).update(is_active=False)

    response = operator_client.get(USERS, query)

    assert [user.email for user in shown(response)] == emails


def test_the_operator_sees_keys_without_their_digest(operator_client, owner):
    key, secret = APIKey.objects.create_key(user=owner, name="Laptop")

    of_all = operator_client.get(KEYS)
    of_one = operator_client.get(f"{KEYS}{key.pk}/change/")

    assert shown(of_all) == [key]
    assert of_one.status_code == HTTPStatus.OK
    for page in (of_all.content.decode(), of_one.content.decode()):
        assert "Laptop" in page
        assert key.prefix in page
        assert "owner@example.com" in page
        assert "igest" not in page
        assert secret not in page
        assert key.digest.hex() not in page


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"status": "active"}, ["Laptop"]),
        ({"status": "revoked"}, ["Phone"]),
        ({"status": "expired"}, ["Audit"]),
        ({"status": "nonsense"}, ["Phone", "Laptop", "Audit"]),
        ({"is_read_only__exact": "1"}, ["Audit"]),
        ({"q": "lap"}, ["Laptop"]),
        ({"q": "stranger@"}, ["Phone"]),
        ({}, ["Phone", "Laptop", "Audit"]),
    ],
    ids=["active", "revoked", "expired", "nonsense", "read-only", "name", "user", "all"],
)
def test_the_operator_finds_keys(operator_client, owner, stranger, query, names):
    with time_machine.travel(NOW - timedelta(days=9)):
        APIKey.objects.create_key(
            user=owner, name="Audit", is_read_only=True, expires_on=NOW.date() - timedelta(days=8)
        )
    APIKey.objects.create_key(user=owner, name="Laptop")
    revoked, _ = APIKey.objects.create_key(user=stranger, name="Phone")
    revoked.revoke()

    response = operator_client.get(KEYS, query)

    assert [key.name for key in shown(response)] == names


def test_the_operator_revokes_the_selected_keys(operator_client, owner):
    lost: Any = client_of(owner)
    kept = client_of(owner)
    already, _ = APIKey.objects.create_key(user=owner, name="Phone")
    already.revoke()

    response = operator_client.post(
        KEYS,
        {
            "action": "revoke_api_keys",
            "_selected_action": str(lost.key.pk),
            "confirmed": f"{lost.key.pk},{already.pk}",
        },
        follow=True,
    )

    assert [str(message) for message in response.context["messages"]] == [
        "Revoked 1 of 2 API keys."
    ]
    assert lost.get("/auth/me").status_code == HTTPStatus.UNAUTHORIZED
    assert kept.get("/auth/me").status_code == HTTPStatus.OK
    assert APIKey.objects.get(pk=already.pk).revoked_at == already.revoked_at


@pytest.mark.parametrize(
    "permissions",
    [["view_apikey"], ["view_apikey", "delete_apikey"]],
    ids=["view", "delete"],
)
def test_staff_without_the_permission_to_revoke_keys_cannot(client, owner, permissions):
    caller: Any = client_of(owner)
    client.force_login(staff_with(*permissions))

    offered = client.get(KEYS).text
    client.post(KEYS, {"action": "revoke_api_keys", "_selected_action": [str(caller.key.pk)]})

    assert "revoke_api_keys" not in offered
    assert caller.get("/auth/me").status_code == HTTPStatus.OK


def test_revoking_is_logged_for_each_key_that_was_active(client, owner):
    active, _ = APIKey.objects.create_key(user=owner, name="Laptop")
    already, _ = APIKey.objects.create_key(user=owner, name="Phone")
    already.revoke()
    client.force_login(staff_with("view_apikey", "revoke_apikey"))

    client.post(
        KEYS,
        {
            "action": "revoke_api_keys",
            "_selected_action": str(active.pk),
            "confirmed": f"{active.pk},{already.pk}",
        },
    )

    [entry] = LogEntry.objects.all()
    assert entry.user.email == "staff@example.com"
    assert (entry.action_flag, entry.object_id) == (CHANGE, str(active.pk))
    assert entry.get_change_message() == "Revoked."


@pytest.mark.parametrize("path", ["add/", "{id}/change/"], ids=["add", "change"])
def test_the_operator_makes_and_changes_no_keys(operator_client, owner, path):
    key, _ = APIKey.objects.create_key(user=owner, name="Laptop")

    response = operator_client.post(KEYS + path.format(id=key.pk), {"name": "Mine"})

    assert response.status_code == HTTPStatus.FORBIDDEN
    assert APIKey.objects.get().name == "Laptop"


@pytest.mark.parametrize("path", [USERS, KEYS], ids=["users", "keys"])
def test_a_list_costs_as_many_queries_at_25_rows_as_at_1(operator_client, path):
    operator_client.get(path)  # fills the cache of content types
    counts, rows = [], []

    for more in (range(1), range(1, 25)):
        for number in more:
            user = User.objects.create_user(f"user{number}@example.com")
            APIKey.objects.create_key(user=user, name="Laptop")
        with CaptureQueriesContext(connection) as queries:
            rows.append(len(shown(operator_client.get(path))))
        counts.append(len(queries))

    # The operator is a user, too.
    assert rows == ([2, 26] if path == USERS else [1, 25])
    assert counts[0] == counts[1]


@pytest.mark.parametrize("path", [USERS, KEYS], ids=["users", "keys"])
def test_a_user_who_is_not_staff_is_sent_to_the_login(client, owner, path):
    client.force_login(owner)

    response = client.get(path)

    assert response.status_code == HTTPStatus.FOUND
    assert response["Location"] == f"{reverse('admin:login')}?next={path}"
