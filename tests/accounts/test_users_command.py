"""`manage.py users`."""

import json
from http import HTTPStatus
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from tests.conftest import client_of
from tests.support.processes import manage


def users(*arguments: str) -> str:
    output = StringIO()
    call_command("users", *arguments, stdout=output, stderr=output)
    return output.getvalue()


@pytest.mark.django_db
def test_a_user_is_created_who_has_no_password():
    printed = users("create", "Olive@Example.com")

    user = User.objects.get(email="Olive@example.com")
    assert printed == f"{user.pk}\n"
    assert (user.is_active, user.is_staff, user.is_superuser) == (True, False, False)
    assert not user.has_usable_password()


@pytest.mark.django_db
def test_a_user_is_created_with_a_password(monkeypatch, client):
    monkeypatch.setattr("sys.stdin", StringIO("a long password\n"))

    users("create", "olive@example.com", "--password-stdin")

    assert client.login(username="olive@example.com", password="a long password")


@pytest.mark.parametrize(
    ("arguments", "typed", "message"),
    [
        (("create", "OWNER@example.com"), "", "A user with this email exists."),
        (("create", "owner"), "", "Enter a valid email address."),
        (
            ("create", "olive@example.com", "--password-stdin"),
            "short\n",
            "This password is too short. It must contain at least 8 characters.",
        ),
        (("create", "olive@example.com", "--password-stdin"), "", "This password is too short."),
        (
            ("disable", "olive@example.com"),
            "",
            "No user has the email olive@example.com. `manage.py users list` prints them.",
        ),
    ],
    ids=["taken", "no email", "short", "nothing typed", "nobody"],
)
@pytest.mark.usefixtures("owner")
def test_what_cannot_be_done_is_said(monkeypatch, arguments, typed, message):
    monkeypatch.setattr("sys.stdin", StringIO(typed))

    with pytest.raises(CommandError) as refusal:
        users(*arguments)

    assert str(refusal.value).startswith(message)
    assert User.objects.count() == 1


def test_a_user_is_switched_off_and_on(owner):
    caller = client_of(owner)

    off = users("disable", "OWNER@example.com")
    status = caller.get("/auth/me").status_code
    off_again = users("disable", owner.email)
    on = users("enable", owner.email)

    assert status == HTTPStatus.UNAUTHORIZED
    assert caller.get("/auth/me").status_code == HTTPStatus.OK
    assert [off, off_again, on] == [
        "Switched owner@example.com off.\n",
        "owner@example.com was switched off already.\n",
        "Switched owner@example.com on.\n",
    ]


@pytest.mark.parametrize(
    ("arguments", "emails"),
    [
        ((), ["operator@example.com", "stranger@example.com", "owner@example.com"]),
        (("--off",), ["stranger@example.com"]),
        (("--search", "OWN"), ["owner@example.com"]),
    ],
    ids=["all", "off", "search"],
)
def test_users_are_listed_newest_first(
    owner, stranger, operator, django_assert_num_queries, arguments, emails
):
    User.objects.filter(pk=stranger.pk).update(is_active=False)

    with django_assert_num_queries(1):
        rows = json.loads(users("list", "--format", "json", *arguments))

    assert [row["email"] for row in rows] == emails
    assert "password" not in rows[0]
    assert {owner.email, operator.email} >= {row["email"] for row in rows if row["is_active"]}


@pytest.mark.usefixtures("owner", "stranger")
def test_a_list_says_that_it_is_cut():
    printed = users("list", "--limit", "1")

    assert "These are the newest 1; --limit prints more." in printed
    assert "owner@example.com" not in printed


@pytest.mark.parametrize("arguments", [(), ("burn",), ("create",), ("list", "--limit", "no")])
def test_a_wrong_use_is_status_2(arguments, tmp_path):
    ended = manage("users", *arguments, TORALE_DATA_DIR=tmp_path)

    assert (ended.returncode, ended.stdout) == (2, "")
