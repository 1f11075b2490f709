from uuid import uuid4

import pytest

from tasks.models import Task
from tasks.view_counts import ViewCounter, view_counter
from tests.support.factories import make_task


@pytest.fixture
def task(owner):
    return make_task(owner, is_public=True, view_count=5)


def stored(task) -> int:
    view_counter.store()
    return Task.objects.values_list("view_count", flat=True).get(pk=task.pk)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/tasks/{}/executions",
        "/api/v1/tasks/{}/notifications",
        "/api/v1/public/tasks",
        "/api/v1/public/feed",
        "/tasks/{}/rss",
    ],
)
def test_only_the_task_itself_is_viewed(task, anonymous_client, path):
    assert anonymous_client.get(path.format(task.pk)).status_code == 200

    assert stored(task) == 5


@pytest.mark.parametrize("path", ["/api/v1/tasks/{}", "/api/v1/public/tasks/id/{}"])
def test_a_head_request_is_no_view(task, anonymous_client, path):
    assert anonymous_client.head(path.format(task.pk)).status_code == 200

    assert stored(task) == 5


def test_a_private_task_that_is_not_shown_is_not_viewed(owner, stranger_client):
    task = make_task(owner)

    stranger_client.get(f"/api/v1/tasks/{task.pk}")

    assert stored(task) == 0


def test_a_view_writes_nothing_on_the_requests_path(
    task, anonymous_client, django_assert_num_queries
):
    # Whether it may be read, the task as shown, its last execution.
    with django_assert_num_queries(3):
        anonymous_client.get(f"/api/v1/tasks/{task.pk}")


def test_all_views_are_stored_in_one_statement(owner, stranger, django_assert_num_queries):
    tasks = [make_task(owner, is_public=True) for _ in range(20)]
    for viewed in tasks:
        view_counter.add(viewed, by=stranger)
        view_counter.add(viewed, by=stranger)

    with django_assert_num_queries(1):
        view_counter.store()

    assert set(Task.objects.values_list("view_count", flat=True)) == {2}


def test_storing_twice_counts_once(task, stranger):
    view_counter.add(task, by=stranger)
    view_counter.store()

    assert stored(task) == 6


def test_storing_nothing_asks_nothing(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        view_counter.store()


def test_views_of_a_deleted_task_are_dropped(task, stranger):
    view_counter.add(Task(pk=uuid4(), user=task.user), by=stranger)
    view_counter.add(task, by=stranger)

    assert stored(task) == 6


def test_the_first_view_starts_a_thread_that_does_not_keep_the_process(task, stranger):
    counter = ViewCounter()
    assert counter._timer is None

    counter.add(task, by=stranger)
    timer = counter._timer
    counter.add(task, by=stranger)

    assert timer
    assert (timer.daemon, timer.interval) == (True, 5)
    assert counter._timer is timer
    assert counter.take() == {task.pk: 2}
    assert counter._timer is None


def test_a_count_at_its_largest_does_not_lose_the_views_of_others(owner, stranger):
    most = 2**31 - 1
    full, other = (make_task(owner, view_count=count) for count in (most, 0))
    for task in (full, other):
        view_counter.add(task, by=stranger)

    view_counter.store()

    assert [*Task.objects.order_by("view_count").values_list("view_count", flat=True)] == [1, most]
