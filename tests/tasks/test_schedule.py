from datetime import timedelta

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from executions.models import LEASE, Execution
from tasks.schedule import recover, start_due
from tests.factories import NOW, make_pending_execution, make_task

pytestmark = pytest.mark.django_db


def test_due_tasks_are_started_and_put_a_day_off(owner):
    due = make_task(owner, next_run_at=NOW)
    make_task(owner, next_run_at=NOW + timedelta(seconds=1))
    make_task(owner, state="paused")

    assert start_due(now=NOW) == 1

    assert Execution.objects.get().task_id == due.pk
    due.refresh_from_db()
    assert due.next_run_at == NOW + timedelta(days=1)
    assert ProcrastinateJob.objects.count() == 1


def test_a_task_that_is_being_asked_is_not_asked_twice(owner):
    task = make_task(owner, next_run_at=NOW)
    make_pending_execution(task)

    start_due(now=NOW)

    assert Execution.objects.count() == 1


def test_a_task_of_a_user_who_is_switched_off_is_put_off(owner):
    task = make_task(owner, next_run_at=NOW)
    owner.is_active = False
    owner.save()

    start_due(now=NOW)

    task.refresh_from_db()
    assert not Execution.objects.exists()
    assert task.next_run_at == NOW + timedelta(days=1)


def test_an_execution_whose_worker_died_is_woken(owner):
    execution = make_pending_execution(make_task(owner))
    execution.claim(now=NOW)

    assert recover(now=NOW + LEASE) == 0
    assert recover(now=NOW + LEASE + timedelta(minutes=2)) == 1
    assert ProcrastinateJob.objects.get().args == {"execution_id": str(execution.pk)}


def test_an_execution_whose_job_was_lost_is_woken(owner):
    make_pending_execution(make_task(owner))

    assert recover(now=NOW) == 0
    assert recover(now=NOW + timedelta(minutes=2)) == 1


@pytest.mark.parametrize("tasks", [1, 20])
def test_starting_costs_two_queries_a_batch_and_one_a_task(
    owner, tasks, django_assert_max_num_queries
):
    for _ in range(tasks):
        make_task(owner, next_run_at=NOW)

    with django_assert_max_num_queries(8 + 2 * tasks):
        start_due(now=NOW)
