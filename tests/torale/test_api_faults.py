"""What is sent and cannot be read or is not valid: each fault, where it is, and what was sent."""

from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from tests.support.factories import make_send

MIB = 1024 * 1024


def post(client, body: bytes, content_type="application/json"):
    return client.post("/auth/api-keys", body, content_type=content_type)


def test_a_body_of_one_mib_is_read(owner_client):
    answer = post(owner_client, b'{"name": "large"}'.ljust(MIB))

    assert answer.status_code == 200


def test_a_larger_body_is_too_large(owner, owner_client):
    answer = post(owner_client, b'{"name": "larger"}'.ljust(MIB + 1))

    assert (answer.status_code, answer.json()) == (
        413,
        {"detail": "The body may have at most 1 MiB."},
    )
    assert not owner.api_keys.filter(name="larger").exists()


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_a_body_that_is_not_json_is_an_unsupported_type(owner_client, content_type):
    answer = post(owner_client, b"name=form", content_type)

    assert (answer.status_code, answer.json()) == (
        415,
        {"detail": f'Unsupported media type "{content_type}" in request.'},
    )


def test_json_may_say_its_charset(owner_client):
    answer = post(owner_client, b'{"name": "key"}', "application/json; charset=utf-8")

    assert answer.status_code == 200


MALFORMED = {
    "cut off": (b'{"name": ', "line 1 column 10 (char 9)"),
    "not JSON": (b"name=key", "line 1 column 1 (char 0)"),
    "not UTF-8": (b'{"name": "\xff"}', "line 1 column 1 (char 0)"),
    "not a number": (b'{"name": NaN}', "line 1 column 10 (char 9)"),
}


@pytest.mark.parametrize(("body", "place"), MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_json_is_told_with_where_it_breaks(owner_client, body, place):
    answer = post(owner_client, body)

    assert answer.status_code == 422
    (told,) = answer.json()["detail"]
    sentence = told.pop("msg")
    assert told == {"type": "json_invalid", "loc": ["body"], "input": None}
    assert sentence.startswith("JSON decode error: ")
    assert sentence.endswith(place)


MISSING = {"type": "missing", "msg": "Field required"}
INVALID = {"type": "value_error"}

# A path, a body, and each fault that is told of it.
BODIES = {
    "missing": (
        "/api/v1/tasks",
        {},
        [{**MISSING, "loc": ["body", "search_query"], "input": {}}],
    ),
    "missing among others": (
        "/api/v1/tasks",
        {"name": "Shop", "unknown": 1},
        [
            {
                **MISSING,
                "loc": ["body", "search_query"],
                "input": {"name": "Shop", "unknown": 1},
            }
        ],
    ),
    "nothing": ("/auth/api-keys", None, [{**MISSING, "loc": ["body", "name"], "input": {}}]),
    "null": (
        "/auth/api-keys",
        {"name": None},
        [
            {
                **INVALID,
                "loc": ["body", "name"],
                "msg": "This field may not be null.",
                "input": None,
            }
        ],
    ),
    "empty": (
        "/auth/api-keys",
        {"name": ""},
        [
            {
                "type": "string_too_short",
                "loc": ["body", "name"],
                "msg": "This field may not be blank.",
                "input": "",
            }
        ],
    ),
    "too long": (
        "/auth/api-keys",
        {"name": "x" * 101},
        [
            {
                "type": "string_too_long",
                "loc": ["body", "name"],
                "msg": "Ensure this field has no more than 100 characters.",
                "input": "x" * 101,
            }
        ],
    ),
    "another type": (
        "/auth/api-keys",
        {"name": ["key"]},
        [
            {
                **INVALID,
                "loc": ["body", "name"],
                "msg": "Not a valid string.",
                "input": ["key"],
            }
        ],
    ),
    "number for a text": (
        "/auth/api-keys",
        {"name": 1},
        [{**INVALID, "loc": ["body", "name"], "msg": "Not a valid string.", "input": 1}],
    ),
    "number for an address": (
        "/api/v1/email-verification/send",
        {"email": 1},
        [
            {
                **INVALID,
                "loc": ["body", "email"],
                "msg": "Enter a valid email address.",
                "input": 1,
            }
        ],
    ),
    "number for a code": (
        "/api/v1/email-verification/verify",
        {"email": "a@example.com", "code": 123456},
        [
            {
                **INVALID,
                "loc": ["body", "code"],
                "msg": "A verification code has 6 digits.",
                "input": 123456,
            }
        ],
    ),
    "number for an id": (
        "/api/v1/notifications/sends/redeliver",
        {"task_id": 1},
        [
            {
                **INVALID,
                "loc": ["body", "task_id"],
                "msg": "Must be a valid UUID.",
                "input": 1,
            }
        ],
    ),
    "word for true": (
        "/api/v1/tasks",
        {"search_query": "https://shop.example/", "is_public": "yes"},
        [
            {
                **INVALID,
                "loc": ["body", "is_public"],
                "msg": "Must be a valid boolean.",
                "input": "yes",
            }
        ],
    ),
    "number for true": (
        "/api/v1/tasks",
        {"search_query": "https://shop.example/", "run_immediately": 1},
        [
            {
                **INVALID,
                "loc": ["body", "run_immediately"],
                "msg": "Must be a valid boolean.",
                "input": 1,
            }
        ],
    ),
    "not an object": (
        "/auth/api-keys",
        ["key"],
        [
            {
                **INVALID,
                "loc": ["body"],
                "msg": "Invalid data. Expected a dictionary, but got list.",
                "input": ["key"],
            }
        ],
    ),
    "two faults": (
        "/api/v1/tasks",
        {"search_query": "", "notifications": "email"},
        [
            {
                "type": "string_too_short",
                "loc": ["body", "search_query"],
                "msg": "This field may not be blank.",
                "input": "",
            },
            {
                "type": "list_type",
                "loc": ["body", "notifications"],
                "msg": 'Expected a list of items but got type "str".',
                "input": "email",
            },
        ],
    ),
    "not a choice": (
        "/api/v1/tasks",
        {"search_query": "Is it there?", "state": "asleep"},
        [
            {
                "type": "enum",
                "loc": ["body", "state"],
                "msg": "Input should be 'active', 'paused' or 'completed'",
                "input": "asleep",
            }
        ],
    ),
    "NUL": (
        "/auth/api-keys",
        {"name": "a\0b"},
        [
            {
                "type": "null_characters_not_allowed",
                "loc": ["body", "name"],
                "msg": "Null characters are not allowed.",
                "input": "a\0b",
            }
        ],
    ),
}


@pytest.mark.parametrize(("path", "body", "told"), BODIES.values(), ids=BODIES.keys())
def test_every_fault_of_a_body_is_told_with_its_place_and_what_was_sent(
    owner_client, path, body, told
):
    answer = owner_client.post(path, body, format="json")

    assert (answer.status_code, answer.json()) == (422, {"detail": told})


SENDS = "/api/v1/notifications/sends"

#: The id of one task in notations that Python takes and the contract does not have.
ODD_IDS = [
    "{0199a1b2-0000-7000-8000-000000000001}",
    "urn:uuid:0199a1b2-0000-7000-8000-000000000001",
    "0199a1b2000070008000000000000001",
    "0199a1b2-00007000-8000-000000000001",
    "\uff10199a1b2-0000-7000-8000-000000000001",
    " 0199a1b2-0000-7000-8000-000000000001",
]

# A path, its query, and each fault that is told of it.
QUERIES = {
    "limit 0": (
        SENDS,
        {"limit": "0"},
        [("greater_than_equal", "limit", "Ensure this value is greater than or equal to 1.")],
    ),
    "limit over the most": (
        SENDS,
        {"limit": "501"},
        [("less_than_equal", "limit", "Ensure this value is less than or equal to 500.")],
    ),
    "limit that is no number": (
        SENDS,
        {"limit": "ten"},
        [("value_error", "limit", "A valid integer is required.")],
    ),
    "empty limit": (
        SENDS,
        {"limit": ""},
        [("value_error", "limit", "A valid integer is required.")],
    ),
    **{
        f"limit in another notation, {limit!r}": (
            path,
            {"limit": limit},
            [("value_error", "limit", "A valid integer is required.")],
        )
        for path in (SENDS, "/api/v1/webhooks/deliveries", "/api/v1/tasks")
        for limit in ("+5", "5_0", " 5", "5.0", "\uff15")
    },
    **{
        f"id in another notation, {id_!r}": (
            path,
            {"task_id": id_},
            [("value_error", "task_id", "Enter a valid UUID.")],
        )
        for path in (SENDS, "/api/v1/webhooks/deliveries")
        for id_ in ODD_IDS
    },
    "time in full-width digits": (
        SENDS,
        {"created_after": "\uff12\uff10\uff12\uff16-01-01T00:00:00Z"},
        [("value_error", "created_after", "Enter a valid date/time.")],
    ),
    "negative offset": (
        SENDS,
        {"offset": "-1"},
        [("greater_than_equal", "offset", "Ensure this value is greater than or equal to 0.")],
    ),
    "offset beyond the database": (
        SENDS,
        {"offset": str(2**31)},
        [
            (
                "less_than_equal",
                "offset",
                "Ensure this value is less than or equal to 2147483647.",
            )
        ],
    ),
    "unknown choice": (
        SENDS,
        {"notification_type": "sms"},
        [
            (
                "enum",
                "notification_type",
                "Input should be 'email' or 'webhook'",
            )
        ],
    ),
    "NUL": (
        SENDS,
        {"recipient": "a\0b"},
        [("null_characters_not_allowed", "recipient", "Null characters are not allowed.")],
    ),
    "two faults": (
        SENDS,
        {"task_id": "1", "created_after": "yesterday"},
        [
            ("value_error", "task_id", "Enter a valid UUID."),
            ("value_error", "created_after", "Enter a valid date/time."),
        ],
    ),
    "empty id": (
        SENDS,
        {"task_id": ""},
        [("string_too_short", "task_id", "This field may not be blank.")],
    ),
    "recipient of spaces": (
        SENDS,
        {"recipient": "  "},
        [("string_too_short", "recipient", "This field may not be blank.")],
    ),
    "time beyond the calendar": (
        SENDS,
        {"created_after": "0001-01-01T00:00:00+14:00"},
        [("value_error", "created_after", "Enter a valid date/time.")],
    ),
    "empty state of tasks": (
        "/api/v1/tasks",
        {"state": ""},
        [("string_too_short", "state", "This field may not be blank.")],
    ),
    "state of tasks": (
        "/api/v1/tasks",
        {"state": "asleep"},
        [
            (
                "enum",
                "state",
                "Input should be 'active', 'paused' or 'completed'",
            )
        ],
    ),
}


@pytest.mark.parametrize(("path", "query", "told"), QUERIES.values(), ids=QUERIES.keys())
def test_a_known_parameter_with_a_bad_value_is_told_not_dropped(owner_client, path, query, told):
    answer = owner_client.get(path, query)

    assert answer.status_code == 422
    assert answer.json() == {
        "detail": [
            {"type": type_, "loc": ["query", name], "msg": msg, "input": query[name]}
            for type_, name, msg in told
        ]
    }


def test_a_time_may_be_given_in_a_time_zone_far_from_utc(owner, owner_client):
    send = make_send(owner, created_at=datetime(2026, 3, 4, 9, 0, tzinfo=UTC))

    # 21:29 behind UTC, which PostgreSQL itself refuses: these are 8:59 and 9:01 in UTC.
    answer = owner_client.get(
        SENDS,
        {
            "created_after": "2026-03-03T11:30:00-21:29",
            "created_before": "2026-03-03T11:32:00-21:29",
        },
    )

    assert answer.status_code == 200
    assert [row["id"] for row in answer.json()["sends"]] == [str(send.pk)]


@pytest.mark.parametrize("path", [SENDS, "/api/v1/tasks", "/auth/api-keys", "/auth/me"])
def test_an_unknown_parameter_is_ignored(owner_client, path):
    plain = owner_client.get(path)
    with_unknown = owner_client.get(path, {"colour": "green", "page": "x", "format": "xml"})

    assert (plain.status_code, with_unknown.status_code) == (200, 200)
    assert plain.json() == with_unknown.json()


def test_an_id_in_the_path_that_is_none_is_told(owner_client):
    answer = owner_client.get("/api/v1/tasks/first")

    assert (answer.status_code, answer.json()) == (
        422,
        {
            "detail": [
                {
                    "type": "value_error",
                    "loc": ["path", "task_id"],
                    "msg": "'first' is not a UUID.",
                    "input": "first",
                }
            ]
        },
    )


@pytest.mark.parametrize("id_", ODD_IDS)
def test_an_id_in_another_notation_is_refused_in_the_path(owner_client, id_):
    answer = owner_client.get(f"/api/v1/tasks/{quote(id_)}")

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["msg"] == f"{id_!r} is not a UUID."


@pytest.mark.parametrize("id_", ODD_IDS)
def test_an_id_in_another_notation_is_refused_in_the_body(owner_client, id_):
    answer = owner_client.post(f"{SENDS}/redeliver", {"task_id": id_}, format="json")

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "task_id"]


def test_a_time_in_full_width_digits_is_refused_in_the_body(owner_client):
    given = {"created_after": "\uff12\uff10\uff12\uff16-01-01T00:00:00Z"}

    answer = owner_client.post(f"{SENDS}/redeliver", given, format="json")

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "created_after"]


def test_an_id_in_capitals_is_the_same_id(owner, owner_client):
    send = make_send(owner)

    answer = owner_client.get(f"{SENDS}/{str(send.pk).upper()}")

    assert answer.json()["id"] == str(send.pk)
