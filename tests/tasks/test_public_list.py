import pytest

from tests.conftest import client_of
from tests.support.factories import NOW, days, make_execution, make_task

URL = "/api/v1/public/tasks"


@pytest.fixture(autouse=True)
def _within_the_limits_minute(time_machine):
    time_machine.move_to("2026-03-10T10:00:00Z", tick=False)


def names(response) -> list[str]:
    return [task["name"] for task in response.json()["tasks"]]


def test_public_tasks_are_listed_without_what_is_their_owners(owner, anonymous_client):
    task = make_task(
        owner,
        name="Is it back?",
        is_public=True,
        notification_email="owner@example.com",
        webhook_url="https://r.example/hook?token=secret",
        webhook_headers={"X-Token": "secret"},
        context={"order": "secret"},
    )
    execution = make_execution(task, notification="**In stock**")
    make_task(owner, name="private")

    response = anonymous_client.get(URL)

    assert response.status_code == 200
    assert response.json() == {
        "tasks": [
            {
                "id": str(task.pk),
                "user_id": str(owner.pk),
                "name": "Is it back?",
                "search_query": "Is it there? https://shop.example/",
                "condition_description": 'contains "In stock"',
                "state": "active",
                "next_run": "2026-03-04T09:00:10Z",
                "is_public": True,
                "view_count": 0,
                "subscriber_count": 0,
                "forked_from_task_id": None,
                "last_known_state": None,
                "last_execution_id": str(execution.pk),
                "last_execution": {
                    "id": str(execution.pk),
                    "task_id": str(task.pk),
                    "status": "success",
                    "started_at": "2026-03-04T09:00:10Z",
                    "completed_at": "2026-03-04T09:00:10Z",
                    "result": {
                        "evidence": "Seen.",
                        "confidence": 100,
                        "sources": [],
                        "activity": [],
                    },
                    "notification": "**In stock**",
                    "grounding_sources": [],
                    "error_message": None,
                    "created_at": "2026-03-04T09:00:10Z",
                },
                "notifications": [],
                "notification_email": None,
                "webhook_url": None,
                "is_muted": False,
                "state_changed_at": "2026-03-04T09:00:10Z",
                "created_at": "2026-03-04T09:00:10Z",
                "updated_at": None,
                "immediate_execution_error": None,
                "context": None,
                "schedule": "auto",
                "config": {},
                "is_active": True,
            }
        ],
        "total": 1,
        "offset": 0,
        "limit": 20,
    }


def test_the_owner_sees_all_of_their_own(owner, stranger, owner_client):
    make_task(owner, is_public=True, context={"order": 17})
    make_task(stranger, is_public=True, context={"order": 18}, created_at=NOW - days(1))

    mine, foreign = owner_client.get(URL).json()["tasks"]

    assert (mine["user_id"], mine["context"]) == (str(owner.pk), {"order": 17})
    assert (foreign["user_id"], foreign["context"]) == (str(stranger.pk), None)


def test_an_invalid_key_is_401_here_too(anonymous_client):
    response = anonymous_client.get(URL, HTTP_AUTHORIZATION="Bearer sk_unknown")

    assert response.status_code == 401
    assert response.json() == {"detail": "Invalid API key"}


@pytest.fixture
def well_known(owner):
    """Public tasks, older ones first."""
    make_task(owner, name="forked", is_public=True, subscriber_count=2, created_at=NOW)
    make_task(owner, name="viewed", is_public=True, view_count=90, created_at=NOW + days(1))
    make_task(owner, name="plain", is_public=True, created_at=NOW + days(2))
    make_task(owner, name="new", is_public=True, created_at=NOW + days(3))


@pytest.mark.parametrize(
    ("parameters", "order"),
    [
        pytest.param({}, ["new", "plain", "viewed", "forked"], id="unsaid"),
        pytest.param({"sort_by": "recent"}, ["new", "plain", "viewed", "forked"], id="recent"),
        pytest.param({"sort_by": "popular"}, ["forked", "viewed", "new", "plain"], id="popular"),
    ],
)
def test_they_are_sorted(well_known, anonymous_client, parameters, order):
    assert names(anonymous_client.get(URL, parameters)) == order


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


@pytest.mark.parametrize(
    ("name", "value", "type_"),
    [
        ("sort_by", "name", "enum"),
        ("sort_by", "", "enum"),
        ("limit", "0", "greater_than_equal"),
        ("limit", "101", "less_than_equal"),
        ("limit", "many", "value_error"),
        ("offset", "-1", "greater_than_equal"),
    ],
)
def test_a_bad_parameter_is_422(anonymous_client, name, value, type_):
    response = anonymous_client.get(URL, {name: value})

    assert response.status_code == 422
    [fault] = response.json()["detail"]
    assert (fault["type"], fault["loc"], fault["input"]) == (type_, ["query", name], value)


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
