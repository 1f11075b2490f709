"""Two workers that found the same out, on two connections."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import transaction

from executions.models import Execution
from executions.monitors import Answer
from notifications.models import NotificationSend
from tasks.models import Task
from tasks.run import settle, start
from tests.support.factories import NOW, make_execution, make_task
from tests.support.races import apart, at_once, wait_until_another_waits
from tests.support.run_visits import claimed

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("at_now")]

ROUNDS = 10
CLAIM = "date 2026-09-12"
ANSWER = Answer(
    condition_met=True,
    notification="**12 September 2026**",
    evidence="It says so.",
    confidence=90,
    state={},
    claim=CLAIM,
)


@pytest.fixture
def task(owner) -> Task:
    return make_task(owner, notification_email=owner.email)


def asked(task: Task, *, force: bool = False) -> Execution:
    """Start an execution and claim it, as a worker does that then asks the question."""
    execution = claimed(start(task=task, now=NOW, force=force).pk, now=NOW)
    assert execution
    return execution


def ask_anew(task: Task) -> None:
    """Cancel what is under way, ask again and store the answer."""
    settle(asked(task, force=True), ANSWER, now=NOW)


def tellings(task: Task) -> tuple[int, int]:
    """Return how many executions tell something, and how many sends there are."""
    met = Execution.objects.filter(task=task).with_notification()
    return met.count(), NotificationSend.objects.filter(task_id=task.pk).count()


def test_an_execution_and_the_one_that_was_forced_tell_once(owner):
    for number in range(ROUNDS):
        task = make_task(owner, name=str(number), notification_email=owner.email)
        stuck = asked(task)

        at_once(partial(settle, stuck, ANSWER, now=NOW), partial(ask_anew, task))

        assert tellings(task) == (1, 1)
        stuck.refresh_from_db()
        assert stuck.status in {"success", "cancelled"}


def test_two_workers_that_store_one_answer_tell_once(task):
    execution = asked(task)

    at_once(*[lambda: settle(Execution.objects.get(pk=execution.pk), ANSWER, now=NOW)] * 2)

    assert tellings(task) == (1, 1)


def test_what_is_told_without_the_tasks_lock_is_not_told_again(task):
    earlier = make_execution(task, notification="**12 September 2026**")
    execution = asked(task)

    with ThreadPoolExecutor() as threads:
        with transaction.atomic():
            Execution.objects.filter(pk=earlier.pk).update(claim=CLAIM)
            settling = threads.submit(apart, lambda: settle(execution, ANSWER, now=NOW))
            wait_until_another_waits()
        settling.result()

    execution.refresh_from_db()
    assert (execution.status, execution.notification) == ("success", None)
    assert "told before, on 4 March 2026" in execution.result["evidence"]
    assert tellings(task) == (1, 0)
