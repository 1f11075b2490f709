import re
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.models import NotificationSend
from tests.support.factories import NOW, days, make_send
from torale.api.keyset import Cursor

PATH = "/api/v1/notifications/sends"
BASE = f"http://testserver{PATH}"
CURSOR = Cursor(created_at=NOW, id=UUID(int=1)).encode()


def ids(response) -> list[str]:
    return [send["id"] for send in response.json()["sends"]]


def links(response) -> dict[str, str]:
    return {rel: url for url, rel in re.findall(r'<([^>]*)>; rel="(\w+)"', response["Link"])}


def test_a_walk_shows_every_send_once_newest_first(owner, owner_client):
    sends = [make_send(owner) for _ in range(5)]

    first = owner_client.get(PATH, {"cursor": "", "limit": 2})
    second = owner_client.get(links(first)["next"])
    third = owner_client.get(links(second)["next"])

    shown = [ids(page) for page in (first, second, third)]
    newest_first = [str(send.pk) for send in reversed(sends)]
    assert shown == [newest_first[:2], newest_first[2:4], newest_first[4:]]
    assert [page.json()["total"] for page in (first, second, third)] == [5, 5, 5]


def test_a_page_of_a_walk_links_to_what_lies_around_it(owner, owner_client):
    low, middle, high = (make_send(owner, pk=UUID(int=number)) for number in (1, 2, 3))

    first = owner_client.get(PATH, {"cursor": "", "limit": 1})
    second = owner_client.get(links(first)["next"])
    third = owner_client.get(links(second)["next"])

    after_high, after_middle = (Cursor(created_at=NOW, id=s.pk).encode() for s in (high, middle))
    before_middle, before_low = (
        Cursor(created_at=NOW, id=send.pk, is_backward=True).encode() for send in (middle, low)
    )
    begin = f'<{BASE}?cursor=&limit=1>; rel="first"'
    assert [page["Link"] for page in (first, second, third)] == [
        f'{begin}, <{BASE}?cursor={after_high}&limit=1>; rel="next"',
        (
            f'{begin}, <{BASE}?cursor={before_middle}&limit=1>; rel="prev", '
            f'<{BASE}?cursor={after_middle}&limit=1>; rel="next"'
        ),
        f'{begin}, <{BASE}?cursor={before_low}&limit=1>; rel="prev"',
    ]


def test_a_walk_can_go_back_to_what_is_newer_and_to_what_has_been_added(owner, owner_client):
    sends = [make_send(owner) for _ in range(4)]
    first = owner_client.get(PATH, {"cursor": "", "limit": 2})
    second = owner_client.get(links(first)["next"])
    added = make_send(owner, created_at=NOW + days(1))

    back = owner_client.get(links(second)["prev"])
    further_back = owner_client.get(links(back)["prev"])

    assert ids(back) == ids(first) == [str(sends[3].pk), str(sends[2].pk)]
    assert ids(owner_client.get(links(back)["next"])) == ids(second)
    assert ids(further_back) == [str(added.pk)]
    assert set(links(further_back)) == {"first", "next"}


def test_sends_added_above_neither_repeat_nor_push_out_a_row(owner, owner_client):
    old = [make_send(owner) for _ in range(4)]
    first = owner_client.get(PATH, {"cursor": "", "limit": 2})

    make_send(owner, created_at=NOW + days(1))
    second = owner_client.get(links(first)["next"])

    assert ids(first) + ids(second) == [str(send.pk) for send in reversed(old)]
    assert second.json()["total"] == 5


def test_a_row_whose_status_changes_takes_no_other_with_it(owner, owner_client):
    sends = [make_send(owner, status="failed") for _ in range(4)]
    first = owner_client.get(PATH, {"cursor": "", "limit": 2, "status": "failed"})

    NotificationSend.objects.filter(pk=sends[2].pk).update(status="sent", error_message=None)
    second = owner_client.get(links(first)["next"])

    assert ids(second) == [str(sends[1].pk), str(sends[0].pk)]
    assert second.json()["total"] == 3


def test_filters_stay_in_the_links(owner, owner_client):
    wanted = [make_send(owner, status="failed") for _ in range(2)]
    make_send(owner)

    first = owner_client.get(PATH, {"cursor": "", "limit": 1, "status": "failed"})
    second = owner_client.get(links(first)["next"])

    assert ids(first) + ids(second) == [str(send.pk) for send in reversed(wanted)]
    assert all("status=failed" in url for url in links(second).values())


@pytest.mark.parametrize("sends", [0, 2], ids=["none", "one_full_page"])
def test_a_page_that_holds_all_links_only_to_the_first(owner, owner_client, sends):
    for _ in range(sends):
        make_send(owner)

    response = owner_client.get(PATH, {"cursor": "", "limit": 2})

    assert len(ids(response)) == response.json()["total"] == sends
    assert response["Link"] == f'<{BASE}?cursor=&limit=2>; rel="first"'


def test_past_the_end_is_an_empty_page(owner, owner_client):
    make_send(owner)

    response = owner_client.get(PATH, {"cursor": CURSOR, "created_before": "2026-01-01T00:00:00Z"})

    assert response.json() == {"sends": [], "total": 0}
    assert set(links(response)) == {"first"}


def test_anothers_cursor_shows_only_ones_own_sends(owner, stranger, owner_client, stranger_client):
    for _ in range(3):
        make_send(owner)
    own = make_send(stranger, created_at=NOW - days(1))
    first = owner_client.get(PATH, {"cursor": "", "limit": 1})

    response = stranger_client.get(links(first)["next"])

    assert (ids(response), response.json()["total"]) == ([str(own.pk)], 1)


@pytest.mark.parametrize(
    "cursor",
    [
        pytest.param("x", id="word"),
        pytest.param("ä" * 34, id="not_ascii"),
        pytest.param("\0", id="nul"),
        pytest.param(CURSOR[:-1], id="cut"),
        pytest.param(CURSOR + "A", id="longer"),
        pytest.param(CURSOR + "==", id="padded"),
        pytest.param(CURSOR[:-1] + "B", id="bits_that_mean_nothing"),
        pytest.param("eA" + CURSOR[2:], id="no_such_direction"),
        pytest.param("b3____________" + CURSOR[14:], id="no_such_year"),
        pytest.param(CURSOR.replace("A", "+", 1), id="other_alphabet"),
        pytest.param(" " + CURSOR, id="space"),
        pytest.param("A" * 100_000, id="long"),
    ],
)
def test_a_malformed_cursor_is_422(owner_client, cursor):
    response = owner_client.get(PATH, {"cursor": cursor})

    assert response.status_code == 422
    assert response.json() == {
        "detail": [
            {
                "type": "value_error",
                "loc": ["query", "cursor"],
                "msg": "Not a cursor: take it from a Link header, or leave it empty.",
                "input": cursor,
            }
        ]
    }


@pytest.mark.parametrize("cursor", ["", CURSOR], ids=["beginning", "further"])
def test_a_cursor_together_with_an_offset_is_422(owner_client, cursor):
    response = owner_client.get(PATH, {"cursor": cursor, "offset": "0"})

    assert response.status_code == 422
    assert response.json() == {
        "detail": [
            {
                "type": "value_error",
                "loc": ["query", "offset"],
                "msg": "Give either cursor or offset: a cursor has its own position.",
                "input": "0",
            }
        ]
    }


@pytest.mark.parametrize(("name", "value"), [("limit", "0"), ("limit", "501"), ("status", "gone")])
def test_other_bad_parameters_are_422_in_a_walk_too(owner_client, name, value):
    response = owner_client.get(PATH, {"cursor": "", name: value})

    assert response.status_code == 422
    assert [fault["loc"] for fault in response.json()["detail"]] == [["query", name]]


@given(created_at=st.datetimes(timezones=st.just(UTC)), id_=st.uuids(), is_backward=st.booleans())
def test_a_cursor_is_read_as_it_was_written_and_fits_into_a_url(created_at, id_, is_backward):
    cursor = Cursor(created_at=created_at, id=id_, is_backward=is_backward)

    text = cursor.encode()

    assert Cursor.decode(text) == cursor
    assert re.fullmatch(r"[\w-]{34}", text)


@pytest.mark.parametrize(
    "created_at",
    [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)],
    ids=["first_year", "last_year"],
)
def test_a_cursor_from_the_ends_of_the_calendar_is_a_place_like_any(
    owner, owner_client, created_at
):
    send = make_send(owner)
    cursor = Cursor(created_at=created_at, id=UUID(int=0)).encode()

    response = owner_client.get(PATH, {"cursor": cursor})

    assert response.status_code == 200
    assert ids(response) == ([str(send.pk)] if created_at.year > 2026 else [])


@pytest.mark.parametrize("rows", [1, 50])
def test_a_page_of_a_walk_costs_one_query_besides_the_key(
    owner, owner_client, rows, django_assert_num_queries
):
    for _ in range(rows):
        make_send(owner)
    owner_client.get(PATH)

    with django_assert_num_queries(2):
        owner_client.get(PATH, {"cursor": CURSOR})
