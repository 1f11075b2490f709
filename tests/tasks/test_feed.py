import pytest

from tests.support.factories import NOW, days, make_execution, make_task

URL = "/api/v1/tasks/feed"


def ids(response) -> list[str]:
    return [entry["id"] for entry in response.json()]


def test_the_newest_of_all_tasks_comes_first(owner, owner_client):
    shop, news = make_task(owner), make_task(owner, is_public=True)
    first = make_execution(shop, notification="1", created_at=NOW)
    second = make_execution(news, notification="2", created_at=NOW + days(1))
    third = make_execution(shop, notification="3", created_at=NOW + days(2))

    assert ids(owner_client.get(URL)) == [str(third.pk), str(second.pk), str(first.pk)]


def test_limit_and_offset_walk_the_feed(owner, owner_client):
    task = make_task(owner)
    told = [
        make_execution(task, notification=str(number), created_at=NOW + days(number))
        for number in range(5)
    ]

    response = owner_client.get(URL, {"limit": 2, "offset": 1})

    assert ids(response) == [str(told[3].pk), str(told[2].pk)]


def test_without_tasks_the_feed_is_empty(owner_client):
    assert owner_client.get(URL).json() == []


@pytest.mark.parametrize("rows", [1, 50])
def test_the_feed_costs_two_queries(owner, owner_client, rows, django_assert_num_queries):
    for _ in range(rows):
        make_execution(make_task(owner), notification="told")
    owner_client.get(URL)

    with django_assert_num_queries(2):  # the key, the page
        assert len(owner_client.get(URL).json()) == rows
