"""A task that fails is never visited later than its own schedule says."""

from datetime import timedelta

import pytest

from tests.support.factories import NOW, make_task

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("schedule", "wait"),
    [
        ("auto", timedelta(minutes=15)),
        ("every 5 minutes", timedelta(minutes=5)),
        ("30 9 * * *", timedelta(minutes=29, seconds=50)),
        ("every 2 days", timedelta(hours=1)),
        ("0 9 1 1 *", timedelta(hours=1)),
    ],
)
def test_a_task_that_has_failed_often_is_visited_on_its_schedule_or_hourly(owner, schedule, wait):
    task = make_task(owner, schedule=schedule, failed_run_count=20)

    task.put_off(since=NOW, now=NOW)

    task.refresh_from_db()
    assert task.next_run_at == NOW + wait
