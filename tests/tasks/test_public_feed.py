import pytest

from tasks.models import Task
from tests.support.factories import NOW, days, make_execution, make_task

URL = "/api/v1/public/feed"


@pytest.fixture(autouse=True)
def _within_the_limits_minute(time_machine):
    time_machine.move_to("2026-03-10T10:00:00Z", tick=False)


def ids(response) -> list[str]:
    return [entry["id"] for entry in response.json()]


def test_limit_and_offset_walk_the_feed_of_all(owner, stranger, anonymous_client):
    tasks = [make_task(owner, is_public=True), make_task(stranger, is_public=True)]
    told = [
        make_execution(tasks[number % 2], notification=str(number), created_at=NOW + days(number))
        for number in range(5)
    ]

    response = anonymous_client.get(URL, {"limit": 2, "offset": 1})

    assert ids(response) == [str(told[3].pk), str(told[2].pk)]


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
