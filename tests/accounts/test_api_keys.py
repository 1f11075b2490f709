"""Making, listing and revoking API keys."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from accounts.models import APIKey
from tests.conftest import client_of

KEYS = "/auth/api-keys"
#: A well-formed id that no key has.
NO_ID = UUID("018f0000-0000-7000-8000-000000000000")


def rows():
    return list(APIKey.objects.order_by("id").values())


def listed(key: APIKey) -> dict[str, object]:
    """Return what an owner sees of `key`."""
    return {
        "id": str(key.pk),
        "user_id": str(key.user_id),
        "key_prefix": key.prefix,
        "name": key.name,
        "created_at": written(key.created_at),
        "last_used_at": written(key.last_used_at),
        "is_active": key.revoked_at is None,
        "read_only": key.is_read_only,
        "expires_on": key.expires_on and key.expires_on.isoformat(),
    }


def written(moment):
    return moment and moment.isoformat().replace("+00:00", "Z")


def test_a_secret_is_shown_once_and_kept_nowhere(owner_client):
    secret = owner_client.post(KEYS, {"name": "Laptop"}, format="json").json()["key"]

    response = owner_client.get(KEYS)

    assert secret not in response.content.decode()
    assert secret not in str(rows())


@pytest.mark.parametrize("path", [KEYS, f"{KEYS}/"])
def test_keys_are_listed_newest_first_used_and_revoked_ones_too(owner, owner_client, path):
    revoked, _ = APIKey.objects.create_key(user=owner, name="Old laptop")
    revoked.revoke()
    newest, _ = APIKey.objects.create_key(user=owner, name="Laptop")

    response = owner_client.get(path)

    owner_client.key.refresh_from_db()
    assert owner_client.key.last_used_at is not None
    assert response.status_code == HTTPStatus.OK
    assert response.json() == [listed(newest), listed(revoked), listed(owner_client.key)]
    assert [key["is_active"] for key in response.json()] == [True, False, True]


def test_the_list_costs_as_many_queries_at_25_keys_as_at_1(
    owner, owner_client, django_assert_num_queries
):
    owner_client.get(KEYS)

    with django_assert_num_queries(2):  # the caller's key and the list
        owner_client.get(KEYS)
    for number in range(24):
        APIKey.objects.create_key(user=owner, name=f"Laptop {number}")
    with django_assert_num_queries(2):
        response = owner_client.get(KEYS)

    assert len(response.json()) == 25


@pytest.mark.usefixtures("owner_client")
def test_another_users_keys_are_not_listed(stranger_client):
    response = stranger_client.get(KEYS)

    assert [key["id"] for key in response.json()] == [str(stranger_client.key.pk)]


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_revoked_key_stays_listed_and_opens_no_door(owner, owner_client, slash):
    replaced: Any = client_of(owner)

    response = owner_client.delete(f"{KEYS}/{replaced.key.pk}{slash}")

    assert response.status_code == HTTPStatus.OK
    assert response.json() == {"status": "revoked"}
    replaced.key.refresh_from_db()
    assert owner_client.get(KEYS).json()[0] == {**listed(replaced.key), "is_active": False}
    assert replaced.get("/auth/me").status_code == HTTPStatus.UNAUTHORIZED
    assert owner_client.get("/auth/me").status_code == HTTPStatus.OK


def test_a_key_can_revoke_itself(owner_client):
    response = owner_client.delete(f"{KEYS}/{owner_client.key.pk}")

    assert response.json() == {"status": "revoked"}
    assert owner_client.get(KEYS).status_code == HTTPStatus.UNAUTHORIZED


def test_revoking_twice_keeps_the_first_time(owner, owner_client):
    key, _ = APIKey.objects.create_key(user=owner, name="Laptop")
    key.revoke()
    before = rows()

    response = owner_client.delete(f"{KEYS}/{key.pk}")

    assert response.json() == {"status": "revoked"}
    (_, after) = rows()
    assert after == before[1]


def test_a_key_that_is_not_the_callers_is_not_there(owner_client, stranger_client):
    stranger_client.get("/auth/me")
    before = rows()

    of_the_owner = stranger_client.delete(f"{KEYS}/{owner_client.key.pk}")
    of_no_one = stranger_client.delete(f"{KEYS}/{NO_ID}")

    assert of_the_owner.status_code == of_no_one.status_code == HTTPStatus.NOT_FOUND
    assert of_the_owner.json() == of_no_one.json() == {"detail": "Not found"}
    assert rows() == before


def test_an_id_that_is_no_uuid_is_pointed_at(owner_client):
    response = owner_client.delete(f"{KEYS}/laptop")

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert response.json() == {
        "detail": [
            {
                "type": "value_error",
                "loc": ["path", "key_id"],
                "msg": "'laptop' is not a UUID.",
                "input": "laptop",
            }
        ]
    }


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (
            {},
            {
                "type": "missing",
                "loc": ["body", "name"],
                "msg": "Field required",
                "input": {},
            },
        ),
        (
            {"name": None},
            {
                "type": "value_error",
                "loc": ["body", "name"],
                "msg": "This field may not be null.",
                "input": None,
            },
        ),
        (
            {"name": " "},
            {
                "type": "string_too_short",
                "loc": ["body", "name"],
                "msg": "This field may not be blank.",
                "input": " ",
            },
        ),
        (
            {"name": "a" * 101},
            {
                "type": "string_too_long",
                "loc": ["body", "name"],
                "msg": "Ensure this field has no more than 100 characters.",
                "input": "a" * 101,
            },
        ),
        (
            {"name": ["Laptop"]},
            {
                "type": "value_error",
                "loc": ["body", "name"],
                "msg": "Not a valid string.",
                "input": ["Laptop"],
            },
        ),
        (
            ["Laptop"],
            {
                "type": "value_error",
                "loc": ["body"],
                "msg": "Invalid data. Expected a dictionary, but got list.",
                "input": ["Laptop"],
            },
        ),
    ],
    ids=["missing", "null", "blank", "too long", "not a string", "not an object"],
)
def test_a_key_needs_a_name(owner_client, body, fault):
    response = owner_client.post(KEYS, body, format="json")

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert response.json() == {"detail": [fault]}
    assert APIKey.objects.count() == 1


@pytest.mark.parametrize(
    ("member", "value", "type_"),
    [
        ("expires_on", "2027-1-31", "value_error"),
        ("expires_on", "20270131", "value_error"),
        ("expires_on", "2027-W04-7", "value_error"),
        ("expires_on", "2027-02-30", "value_error"),
        ("expires_on", "2027-01-31T00:00:00Z", "value_error"),
        ("expires_on", "\N{FULLWIDTH DIGIT TWO}027-01-31", "value_error"),
        ("expires_on", "0000-01-01", "value_error"),
        ("expires_on", "", "value_error"),
        ("expires_on", 20270131, "value_error"),
        ("expires_on", "1999-12-31", "value_error"),
        ("read_only", "true", "value_error"),
        ("read_only", 1, "value_error"),
        ("read_only", None, "value_error"),
    ],
)
def test_what_limits_a_key_is_in_one_notation(owner_client, member, value, type_):
    response = owner_client.post(KEYS, {"name": "Laptop", member: value}, format="json")

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    [fault] = response.json()["detail"]
    assert (fault["type"], fault["loc"], fault["input"]) == (type_, ["body", member], value)
    assert APIKey.objects.count() == 1


@pytest.mark.parametrize("day", [None, "9999-12-31"])
def test_a_key_may_last_for_ever(owner_client, day):
    body = {"name": "Laptop", "expires_on": day}

    made = owner_client.post(KEYS, body, format="json").json()

    assert made["key_info"]["expires_on"] == day
    caller = {"Authorization": f"Bearer {made['key']}"}
    assert APIClient().get("/auth/me", headers=caller).status_code == HTTPStatus.OK


def test_a_key_may_end_today(owner_client, time_machine):
    time_machine.move_to(datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC), tick=False)

    response = owner_client.post(
        KEYS, {"name": "Laptop", "expires_on": "2027-01-31"}, format="json"
    )

    assert response.json()["key_info"]["is_active"] is True


def test_a_name_may_have_100_characters(owner_client):
    response = owner_client.post(KEYS, {"name": "ß" * 100}, format="json")

    assert response.json()["key_info"]["name"] == "ß" * 100


def test_what_a_client_may_not_set_is_ignored(owner, owner_client, stranger):
    body = {
        "name": "Laptop",
        "id": str(NO_ID),
        "user_id": str(stranger.pk),
        "key_prefix": "sk_mine",
        "is_active": False,
    }

    response = owner_client.post(KEYS, body, format="json")

    key = APIKey.objects.get(name="Laptop")
    assert response.json()["key_info"] == listed(key)
    assert (key.user, key.revoked_at) == (owner, None)
    assert key.pk != NO_ID


@pytest.mark.parametrize("method", ["get", "put", "patch"])
def test_a_key_is_not_read_or_changed_by_itself(owner_client, method):
    response = getattr(owner_client, method)(f"{KEYS}/{owner_client.key.pk}")

    assert response.status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert response.json() == {"detail": f'Method "{method.upper()}" not allowed.'}
