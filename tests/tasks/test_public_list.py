import pytest

from tests.conftest import client_of
from tests.support.factories import NOW, days, make_execution, make_task

URL = "/api/v1/public/tasks"


@pytest.fixture(autouse=True)
def _within_the_limits_minute(time_machine):
    time_machine.move_to("2026-03-10T10:00:00Z", tick=False)


def names(response) -> list[str]:
    return [task["name"] for task in response.json()["tasks"]]


def test_the_owner_sees_all_of_their_own(owner, stranger, owner_client):
    make_task(owner, is_public=True, context={"order": 17})
    make_task(stranger, is_public=True, context={"order": 18}, created_at=NOW - days(1))

    mine, foreign = owner_client.get(URL).json()["tasks"]

    assert (mine["user_id"], mine["context"]) == (str(owner.pk), {"order": 17})
    assert (foreign["user_id"], foreign["context"]) == (str(stranger.pk), None)


@pytest.fixture
def well_known(owner):
    """Public tasks, older ones first."""
    make_task(owner, name="forked", is_public=True, subscriber_count=2, created_at=NOW)
    make_task(owner, name="viewed", is_public=True, view_count=90, created_at=NOW + days(1))
    make_task(owner, name="plain", is_public=True, created_at=NOW + days(2))
    make_task(owner, name="new", is_public=True, created_at=NOW + days(3))


def test_popular_are_those_with_most_subscribers_then_views_then_the_newest(
    well_known, anonymous_client
):
    response = anonymous_client.get(URL, {"sort_by": "popular"})

    assert names(response) == ["forked", "viewed", "new", "plain"]


def test_limit_and_offset_walk_the_list(well_known, anonymous_client):
    response = anonymous_client.get(URL, {"limit": 2, "offset": 1, "sort_by": "popular"})

    assert names(response) == ["viewed", "new"]
    page = response.json()
    assert (page["total"], page["offset"], page["limit"]) == (4, 1, 2)
    assert (
        '<http://testserver/api/v1/public/tasks?limit=2&offset=3&sort_by=popular>; rel="next"'
        in response.headers["Link"]
    )


def test_beyond_the_end_there_are_none(well_known, anonymous_client):
    response = anonymous_client.get(URL, {"offset": 4})

    assert response.json() == {"tasks": [], "total": 4, "offset": 4, "limit": 20}


@pytest.mark.parametrize("rows", [1, 50])
def test_the_list_costs_four_queries(owner, anonymous_client, rows, django_assert_num_queries):
    for _ in range(rows):
        make_execution(make_task(owner, is_public=True))

    with django_assert_num_queries(4):  # the limit, the total, the tasks, their last executions
        assert len(anonymous_client.get(URL, {"limit": 100}).json()["tasks"]) == rows


def test_the_answer_is_304_while_nothing_changed(well_known, anonymous_client):
    etag = anonymous_client.get(URL).headers["ETag"]

    response = anonymous_client.get(URL, HTTP_IF_NONE_MATCH=etag)

    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["ETag"] == etag
    assert response.headers["Cache-Control"] == "no-cache"
    assert "Authorization" in response.headers["Vary"]


def test_the_owner_has_a_version_of_their_own(owner, owner_client, stranger, anonymous_client):
    make_task(owner, is_public=True, context={"order": 17})
    callers = [owner_client, client_of(stranger), anonymous_client]

    own, strangers, nobodys = [caller.get(URL).headers["ETag"] for caller in callers]

    assert own not in (strangers, nobodys)
    assert strangers == nobodys  # who get the same body


def test_a_secret_that_is_not_shown_makes_no_new_version(owner, anonymous_client):
    task = make_task(owner, is_public=True, context={"order": 17})
    before = anonymous_client.get(URL).headers["ETag"]
    task.context = {"order": 18}
    task.save()

    assert anonymous_client.get(URL).headers["ETag"] == before
