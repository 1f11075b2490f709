import pytest

from tasks.models import Task
from tests.support.factories import NOW, days, make_execution, make_task

URL = "/api/v1/public/feed"


@pytest.fixture(autouse=True)
def _within_the_limits_minute(time_machine):
    time_machine.move_to("2026-03-10T10:00:00Z", tick=False)


def ids(response) -> list[str]:
    return [entry["id"] for entry in response.json()]


@pytest.mark.parametrize("who", ["anonymous_client", "owner_client"])
def test_the_feed_holds_what_public_tasks_told(request, owner, who):
    task = make_task(owner, name="Is it back?", is_public=True)
    make_execution(task)
    met = make_execution(task, notification="**In stock**")
    make_execution(make_task(owner), notification="private")

    response = request.getfixturevalue(who).get(URL)

    assert response.status_code == 200
    assert response.json() == [
        {
            "id": str(met.pk),
            "task_id": str(task.pk),
            "status": "success",
            "started_at": "2026-03-04T09:00:10Z",
            "completed_at": "2026-03-04T09:00:10Z",
            "result": {"evidence": "Seen.", "confidence": 100, "sources": [], "activity": []},
            "notification": "**In stock**",
            "grounding_sources": [],
            "error_message": None,
            "created_at": "2026-03-04T09:00:10Z",
            "task_name": "Is it back?",
            "task_search_query": "Is it there? https://shop.example/",
            "task_is_public": True,
            "task_user_id": str(owner.pk),
        }
    ]


def test_limit_and_offset_walk_the_feed_of_all(owner, stranger, anonymous_client):
    tasks = [make_task(owner, is_public=True), make_task(stranger, is_public=True)]
    told = [
        make_execution(tasks[number % 2], notification=str(number), created_at=NOW + days(number))
        for number in range(5)
    ]

    response = anonymous_client.get(URL, {"limit": 2, "offset": 1})

    assert ids(response) == [str(told[3].pk), str(told[2].pk)]


@pytest.mark.parametrize(
    ("name", "value"), [("limit", "0"), ("limit", "101"), ("limit", "x"), ("offset", "-1")]
)
def test_a_bad_parameter_is_422(anonymous_client, name, value):
    response = anonymous_client.get(URL, {name: value})

    assert response.status_code == 422
    [fault] = response.json()["detail"]
    assert (fault["loc"], fault["input"]) == (["query", name], value)


def test_an_invalid_key_is_401_here_too(anonymous_client):
    response = anonymous_client.get(URL, HTTP_AUTHORIZATION="Bearer sk_unknown")

    assert response.status_code == 401
    assert response.json() == {"detail": "Invalid API key"}


@pytest.mark.parametrize("rows", [1, 50])
def test_the_feed_costs_two_queries(owner, anonymous_client, rows, django_assert_num_queries):
    for _ in range(rows):
        make_execution(make_task(owner, is_public=True), notification="told")

    with django_assert_num_queries(2):  # the limit, the page
        assert len(anonymous_client.get(URL).json()) == rows


def test_the_answer_is_304_until_something_changes(owner, anonymous_client):
    task = make_task(owner, is_public=True)
    make_execution(task, notification="told")
    etag = anonymous_client.get(URL).headers["ETag"]

    same = anonymous_client.get(URL, HTTP_IF_NONE_MATCH=etag)
    Task.objects.update(is_public=False)
    hidden = anonymous_client.get(URL, HTTP_IF_NONE_MATCH=etag)

    assert (same.status_code, same.content) == (304, b"")
    assert (hidden.status_code, hidden.json()) == (200, [])


def test_a_copy_is_not_good_any_more_when_a_next_page_comes_to_be(owner, anonymous_client):
    task = make_task(owner, is_public=True)
    make_execution(task, notification="told")
    only = anonymous_client.get(URL, {"limit": 1})
    make_execution(task, notification="told before", created_at=NOW - days(1))

    again = anonymous_client.get(URL, {"limit": 1}, HTTP_IF_NONE_MATCH=only.headers["ETag"])

    assert 'rel="next"' not in only.headers["Link"]
    assert (again.status_code, again.json()) == (200, only.json())
    assert 'rel="next"' in again.headers["Link"]
