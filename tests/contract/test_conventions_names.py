"""The section "Conventions": names and values that are refused, and callers from other origins."""

import pytest

from tests.support.api_calls import LISTS, SENDS, TASKS
from tests.support.factories import make_task


@pytest.mark.parametrize("path", LISTS)
def test_unknown_query_parameters_are_422_where_the_caller_is_strict(owner, owner_client, path):
    """unless the request says `Prefer: handling=strict`
    (RFC 7240): then each is a fault, 422, and the answer says `Preference-Applied:
    handling=strict`."""
    path = path.format(make_task(owner).pk)
    strict = {"prefer": "handling=strict"}

    faulty = owner_client.get(path, {"colour": "red", "page": "x"}, headers=strict)
    good = owner_client.get(path, headers=strict)

    assert (faulty.status_code, good.status_code) == (422, 200)
    assert [fault["loc"] for fault in faulty.json()["detail"]] == [
        ["query", "colour"],
        ["query", "page"],
    ]
    for response in (faulty, good):
        assert response.headers["Preference-Applied"] == "handling=strict"


def test_unknown_members_are_422_where_the_caller_is_strict(owner_client):
    """members of a body are ignored, unless the request says `Prefer: handling=strict`
    (RFC 7240): then each is a fault, 422"""
    body = {"search_query": "https://shop.example/", "colour": "red", "interval": 5}

    ignored = owner_client.post(TASKS, body, format="json")
    strict = owner_client.post(TASKS, body, format="json", headers={"prefer": "handling=strict"})

    assert (ignored.status_code, strict.status_code) == (200, 422)
    assert [fault["loc"] for fault in strict.json()["detail"]] == [
        ["body", "colour"],
        ["body", "interval"],
    ]


@pytest.mark.parametrize("path", LISTS)
def test_a_parameter_given_twice_is_422(owner, owner_client, path):
    """A parameter given twice is 422."""
    response = owner_client.get(f"{path.format(make_task(owner).pk)}?limit=1&limit=2")

    assert response.status_code == 422
    assert [fault["loc"] for fault in response.json()["detail"]] == [["query", "limit"]]


@pytest.mark.parametrize("source", ["query", "body"])
def test_a_fault_of_a_closed_set_names_what_is_allowed(owner_client, source):
    """A fault of a closed set names
    what is allowed: `Input should be 'active', 'paused' or 'completed'`."""
    if source == "query":
        response = owner_client.get(TASKS, {"state": "asleep"})
    else:
        body = {"search_query": "https://shop.example/", "state": "asleep"}
        response = owner_client.post(TASKS, body, format="json")

    assert response.status_code == 422
    assert response.json()["detail"] == [
        {
            "type": "enum",
            "loc": [source, "state"],
            "msg": "Input should be 'active', 'paused' or 'completed'",
            "input": "asleep",
        }
    ]


@pytest.mark.parametrize("path", [SENDS, "/auth/me", "/auth/unheard-of", "/api/v1/public/tasks"])
def test_pages_of_other_origins_may_call(owner_client, settings, path):
    """Cross-origin: `/api/v1/…` and `/auth/…` answer pages of other origins with
    `Access-Control-Allow-Origin: *`, without
    credentials (a setting narrows it)."""
    page = {"origin": "https://app.example"}

    anyone = owner_client.get(path, headers=page)
    settings.CORS_ALLOW_ALL_ORIGINS = False
    narrowed = owner_client.get(path, headers=page)

    assert anyone.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in anyone.headers
    assert "Access-Control-Allow-Origin" not in narrowed.headers


@pytest.mark.parametrize("path", [SENDS, "/auth/me"])
def test_preflights_need_no_key(anonymous_client, path):
    """Preflights are answered without a key (`Access-Control-Allow-Headers:
    Authorization, Content-Type, If-Match, If-None-Match, Prefer`), and `Link`, `Retry-After`,
    `RateLimit-*`, `ETag`
    and `Preference-Applied` are exposed."""
    asked = {"origin": "https://app.example", "access-control-request-method": "PATCH"}

    response = anonymous_client.options(path, headers=asked)

    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Access-Control-Allow-Headers"] == (
        "Authorization, Content-Type, If-Match, If-None-Match, Prefer"
    )
    exposed = set(response.headers["Access-Control-Expose-Headers"].split(", "))
    limits = {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}
    assert exposed == {"Link", "Retry-After", "ETag", "Preference-Applied", *limits}
