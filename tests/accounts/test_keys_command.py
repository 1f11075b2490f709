"""`manage.py keys`."""

import csv
import json
from datetime import date
from http import HTTPStatus
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command

from accounts.models import APIKey
from tests.support.factories import NOW
from tests.support.processes import manage


def keys(*arguments: str) -> str:
    output = StringIO()
    call_command("keys", *arguments, stdout=output, stderr=output)
    return output.getvalue()


@pytest.fixture
def three_keys(owner, stranger) -> dict[str, APIKey]:
    """Return an active, a revoked and an expired key, by status."""
    with time_machine.travel(NOW, tick=False):
        expired, _ = APIKey.objects.create_key(
            user=owner, name="Audit", is_read_only=True, expires_on=NOW.date()
        )
    active, _ = APIKey.objects.create_key(user=owner, name="Laptop")
    revoked, _ = APIKey.objects.create_key(user=stranger, name="Phone")
    revoked.revoke()
    return {"active": active, "revoked": revoked, "expired": expired}


@pytest.mark.parametrize("email", ["owner@example.com", "OWNER@Example.com"])
def test_a_script_gets_the_key_and_nothing_else(owner, anonymous_client, email):
    secret = keys("create", email, "--name", "Laptop").removesuffix("\n")

    response = anonymous_client.get("/auth/me", headers={"Authorization": f"Bearer {secret}"})
    assert response.status_code == HTTPStatus.OK
    assert response.json()["id"] == str(owner.pk)
    key = APIKey.objects.get()
    assert (key.name, key.prefix, key.is_read_only, key.expires_at) == (
        "Laptop",
        secret[:10],
        False,
        None,
    )


def test_an_auditors_key_is_created(owner):
    keys("create", owner.email, "--name", "Audit", "--read-only", "--expires", "2999-01-31")

    key = APIKey.objects.get()
    assert (key.is_read_only, key.expires_on) == (True, date(2999, 1, 31))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("create", "nobody@example.com", "--name", "Laptop"),
            "No user has the email nobody@example.com. `manage.py users create nobody@example.com`",
        ),
        (
            ("create", "owner@example.com", "--name", ""),
            "--name: This field cannot be blank.",
        ),
        (
            ("create", "owner@example.com", "--name", "a" * 101),
            "--name: Ensure this value has at most 100 characters (it has 101).",
        ),
        (
            ("create", "owner@example.com", "--name", "Audit", "--expires", "2026-03-03"),
            "--expires: 2026-03-03 is past. The last day of a key is 2026-03-04 (today, UTC) or",
        ),
        (
            ("revoke", "sk_unknown_and_more"),
            "No key has the prefix or id sk_unknown. `manage.py keys list` prints both.",
        ),
        (("list", "--user", "nobody@example.com"), "No user has the email nobody@example.com."),
    ],
    ids=["no user", "blank name", "long name", "past", "no key", "keys of nobody"],
)
@pytest.mark.usefixtures("owner", "at_now")
def test_what_cannot_be_done_is_said(arguments, message):
    with pytest.raises(CommandError) as refusal:
        keys(*arguments)

    assert str(refusal.value).startswith(message)
    assert not APIKey.objects.exists()


@pytest.mark.parametrize("status", ["active", "revoked", "expired"])
def test_keys_are_listed_by_status(three_keys, status):
    [row] = json.loads(keys("list", "--status", status, "--format", "json"))

    key = three_keys[status]
    assert (row["id"], row["status"], row["user"]) == (str(key.pk), status, key.user.email)
    assert row["read_only"] is (status == "expired")
    assert row["expires_on"] == ("2026-03-04" if status == "expired" else None)


@pytest.mark.usefixtures("three_keys")
def test_keys_of_a_user_are_listed_newest_first(owner):
    rows: Any = csv.DictReader(keys("list", "--user", owner.email, "--format", "csv").splitlines())

    assert [row["name"] for row in rows] == ["Laptop", "Audit"]


@pytest.mark.usefixtures("three_keys")
def test_a_list_says_that_it_is_cut():
    printed = keys("list", "--limit", "2")

    assert "These are the newest 2; --limit prints more." in printed
    assert "Audit" not in printed


@pytest.mark.usefixtures("three_keys")
def test_listing_costs_one_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        keys("list")


@pytest.mark.parametrize("by", ["prefix", "id"])
def test_a_key_is_revoked_by_its_prefix_or_id(three_keys, by):
    key = three_keys["active"]

    printed = keys("revoke", str(getattr(key, by)))

    key.refresh_from_db()
    assert key.revoked_at is not None
    assert printed == f"Revoked Laptop ({key.prefix}…) of owner@example.com.\n"


def test_revoking_again_says_so(three_keys):
    assert "was revoked already" in keys("revoke", three_keys["revoked"].prefix)


def test_a_part_of_the_prefix_revokes_nothing(three_keys):
    with pytest.raises(CommandError):
        keys("revoke", three_keys["active"].prefix[:9])

    assert APIKey.objects.filter(revoked_at=None).count() == 2


@pytest.mark.usefixtures("three_keys")
def test_a_prefix_of_two_keys_revokes_neither():
    APIKey.objects.update(prefix="sk_the_one")

    with pytest.raises(CommandError, match="More than one key has the prefix"):
        keys("revoke", "sk_the_one")

    assert APIKey.objects.filter(revoked_at=None).count() == 2


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("burn",),
        ("create", "owner@example.com"),
        ("create", "owner@example.com", "--name", "a", "--expires", "soon"),
        ("list", "--limit", "0"),
        ("list", "--status", "lost"),
    ],
    ids=["nothing", "no verb", "no name", "no day", "no rows", "no status"],
)
def test_a_wrong_use_is_status_2(arguments, tmp_path):
    ended = manage("keys", *arguments, TORALE_DATA_DIR=tmp_path)

    assert (ended.returncode, ended.stdout) == (2, "")


def test_the_help_has_examples(tmp_path):
    shown = manage("keys", "revoke", "--help", TORALE_DATA_DIR=tmp_path).stdout

    assert "\n  manage.py keys revoke sk_AbCdEfG\n" in shown


def test_the_older_name_does_the_same(tmp_path):
    shown = manage("create_api_key", "--help", TORALE_DATA_DIR=tmp_path).stdout

    assert shown.startswith("usage: manage.py keys create ")
