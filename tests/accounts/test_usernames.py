import re

import pytest
from django.db import IntegrityError, transaction

from accounts.models import USERNAME_FORM, User
from accounts.usernames import RESERVED

AVAILABLE = "/api/v1/users/username/available"
MINE = "/api/v1/users/me/username"

FORM = (
    "A username has 3 to 30 characters: a letter from a to z first, then such letters, digits, "
    "hyphens and underscores."
)
TAKEN = "This username is taken. Choose another one."

WELL_FORMED = [
    pytest.param("abc", id="three letters"),
    pytest.param("a" * 30, id="thirty letters"),
    pytest.param("o-l_i2", id="each kind of character"),
    pytest.param("o--", id="ends in hyphens"),
]
MALFORMED = [
    pytest.param("ab", id="two letters"),
    pytest.param("a" * 31, id="thirty-one letters"),
    pytest.param("Olive", id="a capital letter"),
    pytest.param("1olive", id="a digit first"),
    pytest.param("-olive", id="a hyphen first"),
    pytest.param("_olive", id="an underscore first"),
    pytest.param("oli.ve", id="a dot"),
    pytest.param("oli ve", id="a space"),
    pytest.param("oli\nve", id="a line break"),
    pytest.param("ölive", id="an umlaut"),
    pytest.param("olive٣", id="a digit of another script"),
]


def name(user: User, username: str) -> User:
    user.username = username
    user.save()
    return user


# --- Whether one can be had ---


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("username", WELL_FORMED)
def test_a_free_username_is_available(owner_client, username, slash):
    response = owner_client.get(AVAILABLE + slash, {"username": username})

    assert response.status_code == 200
    assert response.json() == {"username": username, "available": True, "reason": None}


@pytest.mark.parametrize("username", MALFORMED)
def test_a_malformed_username_is_not_available(owner_client, username):
    response = owner_client.get(AVAILABLE, {"username": username})

    assert response.status_code == 200
    assert response.json() == {"username": username, "available": False, "reason": FORM}


def test_a_reserved_username_is_not_available(owner_client):
    response = owner_client.get(AVAILABLE, {"username": "admin"})

    assert response.json() == {
        "username": "admin",
        "available": False,
        "reason": "This username is reserved. Choose another one.",
    }


def test_a_taken_username_is_not_available(stranger, owner_client):
    name(stranger, "sam")

    response = owner_client.get(AVAILABLE, {"username": "sam"})

    assert response.json() == {"username": "sam", "available": False, "reason": TAKEN}


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        pytest.param(
            {}, {"type": "missing", "msg": "Field required", "input": {}}, id="without a username"
        ),
        pytest.param(
            {"username": ""},
            {"type": "string_too_short", "msg": "This field may not be blank.", "input": ""},
            id="with an empty one",
        ),
        pytest.param(
            {"username": "a\0b"},
            {
                "type": "null_characters_not_allowed",
                "msg": "Null characters are not allowed.",
                "input": "a\0b",
            },
            id="with a NUL in it",
        ),
    ],
)
def test_the_question_is_422(owner_client, query, fault):
    response = owner_client.get(AVAILABLE, query)

    assert response.status_code == 422
    assert response.json() == {"detail": [{"loc": ["query", "username"], **fault}]}


def test_the_question_costs_two_queries(owner_client, django_assert_num_queries):
    owner_client.get(AVAILABLE, {"username": "olive"})

    with django_assert_num_queries(2):  # the key, the username
        owner_client.get(AVAILABLE, {"username": "olive"})


# --- Take one ---


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("username", WELL_FORMED)
def test_a_username_is_set(owner, owner_client, username, slash):
    response = owner_client.patch(MINE + slash, {"username": username}, format="json")

    assert response.status_code == 200
    assert response.json() == owner_client.get("/auth/me").json()
    assert response.json() == {
        "id": str(owner.pk),
        "email": "owner@example.com",
        "first_name": "Olive",
        "username": username,
        "is_active": True,
        "has_seen_welcome": False,
        "wants_notices": True,
        "created_at": owner.created_at.isoformat().replace("+00:00", "Z"),
    }


@pytest.mark.parametrize("username", MALFORMED)
def test_a_malformed_username_is_422(owner, owner_client, username):
    response = owner_client.patch(MINE, {"username": username}, format="json")

    assert response.status_code == 422
    assert response.json() == {
        "detail": [
            {"type": "value_error", "loc": ["body", "username"], "msg": FORM, "input": username}
        ]
    }
    owner.refresh_from_db()
    assert owner.username is None


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        pytest.param(
            {}, {"type": "missing", "msg": "Field required", "input": {}}, id="without a username"
        ),
        pytest.param(
            {"username": None},
            {"type": "value_error", "msg": "This field may not be null.", "input": None},
            id="with null",
        ),
    ],
)
def test_a_body_without_a_username_is_422(owner_client, body, fault):
    response = owner_client.patch(MINE, body, format="json")

    assert response.status_code == 422
    assert response.json() == {"detail": [{"loc": ["body", "username"], **fault}]}


@pytest.mark.parametrize("username", sorted(RESERVED))
def test_a_reserved_username_is_refused(owner, owner_client, username):
    response = owner_client.patch(MINE, {"username": username}, format="json")

    assert response.status_code == 400
    assert response.json() == {"detail": "This username is reserved. Choose another one."}
    owner.refresh_from_db()
    assert owner.username is None


def test_every_reserved_username_would_be_well_formed():
    assert [name for name in RESERVED if not re.fullmatch(USERNAME_FORM, name)] == []


def test_a_taken_username_is_409(owner, stranger, owner_client):
    name(stranger, "olive")

    response = owner_client.patch(MINE, {"username": "olive"}, format="json")

    assert (response.status_code, response.json()) == (409, {"detail": TAKEN})
    owner.refresh_from_db()
    assert owner.username is None


@pytest.mark.parametrize("username", ["liv", "olive"])
def test_a_username_is_set_once(owner, owner_client, username):
    name(owner, "olive")

    response = owner_client.patch(MINE, {"username": username}, format="json")

    assert response.status_code == 409
    assert response.json() == {"detail": "Your username is set and cannot be changed any more."}
    owner.refresh_from_db()
    assert owner.username == "olive"


def test_nobody_elses_username_is_changed(stranger, owner_client):
    owner_client.patch(MINE, {"username": "olive"}, format="json")

    stranger.refresh_from_db()
    assert stranger.username is None


# --- What the database holds ---


@pytest.mark.parametrize("username", WELL_FORMED)
def test_the_database_takes_what_is_well_formed(owner, username):
    name(owner, username)

    owner.refresh_from_db()
    assert owner.username == username


@pytest.mark.parametrize(
    "username", [case for case in MALFORMED if case.id != "thirty-one letters"]
)
def test_the_database_refuses_what_is_malformed(owner, username):
    with pytest.raises(IntegrityError, match="user_username_well_formed"), transaction.atomic():
        name(owner, username)


def test_the_database_refuses_a_username_twice(owner, stranger):
    name(stranger, "olive")

    with pytest.raises(IntegrityError, match="user_one_per_username"), transaction.atomic():
        name(owner, "olive")


@pytest.mark.parametrize(("url", "status"), [(f"{AVAILABLE}?username=olive", 200), (MINE, 405)])
def test_each_endpoint_has_a_browsable_page(owner_client, url, status):
    response = owner_client.get(url, headers={"Accept": "text/html"})

    assert response.status_code == status
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
