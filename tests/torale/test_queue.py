"""How the queue is seen to do."""

from datetime import timedelta

import pytest
from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateJob

from tests.support.factories import NOW
from tests.support.jobs import (
    end_job,
    make_failed_job,
    make_job,
    make_periodic_job,
)
from torale.queue import QueueStatus, failed_jobs, queue_status

pytestmark = pytest.mark.django_db


def test_an_empty_queue():
    assert queue_status(now=NOW) == QueueStatus(
        waiting=0,
        oldest_due_s=0,
        failed=0,
        not_made_up_for=0,
        last_failed=(),
    )


def test_the_job_that_is_due_the_longest_tells_how_late_the_queue_is():
    make_job(schedule_at=NOW - timedelta(seconds=70))
    make_job(schedule_at=NOW - timedelta(seconds=90))
    make_job(schedule_at=NOW + timedelta(hours=1))
    make_failed_job()

    status = queue_status(now=NOW)

    assert (status.waiting, status.oldest_due_s) == (3, 90)


def test_a_queue_whose_jobs_are_not_due_yet_is_not_late():
    make_job(schedule_at=NOW + timedelta(hours=1))

    status = queue_status(now=NOW)

    assert (status.waiting, status.oldest_due_s) == (1, 0)


def test_a_job_that_may_run_at_once_has_been_due_since_it_was_made():
    job = make_job(schedule_at=None)
    made_at = ProcrastinateEvent.objects.get(job=job).at

    status = queue_status(now=made_at + timedelta(seconds=40))

    assert (status.waiting, status.oldest_due_s) == (1, 40)


def test_the_last_failed_jobs_are_named():
    for name in ("first", "second", "third", "fourth", "fifth", "sixth"):
        make_failed_job(name)

    status = queue_status(now=NOW)

    assert (status.failed, status.not_made_up_for) == (6, 6)
    assert status.last_failed == ("sixth", "fifth", "fourth", "third", "second")


def test_a_regular_job_that_failed_counts_until_the_next_has_been_started():
    failed = make_periodic_job("prune_sends", timestamp=1)
    end_job(failed, failed=True)
    before = queue_status(now=NOW)

    end_job(make_periodic_job("prune_sends", timestamp=2))

    after = queue_status(now=NOW)
    assert (before.failed, before.not_made_up_for, before.last_failed) == (1, 1, ("prune_sends",))
    assert (after.failed, after.not_made_up_for, after.last_failed) == (1, 0, ())


def test_a_regular_job_that_fails_each_time_counts_once():
    for timestamp in (1, 2, 3):
        end_job(make_periodic_job("prune_sends", timestamp=timestamp), failed=True)

    status = queue_status(now=NOW)

    assert (status.failed, status.not_made_up_for) == (3, 1)


def test_another_regular_job_makes_up_for_nothing():
    end_job(make_periodic_job("prune_sends", timestamp=1), failed=True)
    end_job(make_periodic_job("prune_executions", timestamp=2))

    assert [job.task_name for job in failed_jobs()] == ["prune_sends"]


def test_the_status_costs_three_queries_however_many_jobs_there_are(django_assert_num_queries):
    for _ in range(20):
        make_job()
        make_failed_job()
    assert ProcrastinateJob.objects.count() == 40

    with django_assert_num_queries(3):
        queue_status(now=NOW)
