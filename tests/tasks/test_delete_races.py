"""A task is deleted while something else wants it, on another connection."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
from django.db import transaction

from executions.models import Execution
from tasks.models import Task
from tasks.run import start
from tasks.schedule import start_due
from tests.support.factories import NOW, make_task
from tests.support.races import apart, wait_until_another_waits
from tests.support.receivers import DEADLINE_S

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def delete(owner_client):
    """Delete a task over the API, and return the answer's status."""

    def call(task: Task) -> int:
        return int(owner_client.delete(f"/api/v1/tasks/{task.pk}").status_code)

    return call


@pytest.mark.parametrize("starter", ["scheduler", "execute"])
def test_a_task_that_is_being_started_is_deleted_once_it_is(owner, delete, starter):
    task = make_task(owner, next_run_at=NOW)

    with ThreadPoolExecutor() as threads:
        with transaction.atomic():
            if starter == "scheduler":
                start_due(now=NOW)
            else:
                start(task=task, now=NOW)
            answer = threads.submit(apart, delete, task)
            wait_until_another_waits()
        assert answer.result() == 204

    assert not Task.objects.exists()
    assert not Execution.objects.exists()


def test_tasks_deleted_while_a_scheduler_starts_them_are_gone(owner, delete):
    tasks = [make_task(owner, next_run_at=NOW) for _ in range(60)]
    barrier, over = Barrier(2, timeout=DEADLINE_S), Event()

    def schedule() -> None:
        barrier.wait()
        while not over.is_set():
            Execution.objects.all().delete()  # so that what is left is due again
            start_due(now=NOW)

    with ThreadPoolExecutor() as threads:
        scheduling = threads.submit(apart, schedule)
        try:
            barrier.wait()
            answers = [delete(task) for task in tasks]
        finally:
            over.set()
        scheduling.result()

    assert answers == [204] * len(tasks)
    assert not Execution.objects.exists()


def test_of_two_deletions_at_once_the_second_finds_nothing(owner, delete):
    task = make_task(owner)

    with ThreadPoolExecutor() as threads:
        with transaction.atomic():
            Task.objects.select_for_update().get(pk=task.pk)
            answers = [threads.submit(apart, delete, task) for _ in range(2)]
            wait_until_another_waits()
        assert sorted(answer.result() for answer in answers) == [204, 404]
