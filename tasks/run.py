"""Run tasks: start an execution, ask its question, and store what follows."""

import random
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import transaction
from procrastinate.contrib.django import app as jobs

from executions.failures import FailureKind, next_attempt_at
from executions.models import Execution
from executions.monitors import Answer, AskFailed, Question, ask
from tasks import notices
from tasks.events import Event, Notice
from tasks.models import PageText, Task
from tasks.signals import told
from torale import clock
from torale.errors import OUR_FAULT, Conflict

logger = structlog.get_logger(__name__)

#: Name of the job in tasks/jobs.py, which calls `run`.
JOB = "run_execution"
#: How often one execution may be asked, including attempts in which the worker died. An execution
#: that only fails is given up earlier.
MOST_ASKINGS = 10


class AlreadyRunning(Conflict):
    """The task has an open execution."""

    detail = "Task is already running or pending. Use force=true to override."


@transaction.atomic
def start(*, task: Task, now: datetime, force: bool = False, notify: bool = True) -> Execution:
    """Create a pending execution of `task` and its job in one transaction. Return the execution.

    Until it ends, `next_run_at` of an active task is the time of this visit.

    Args:
        task: the task whose question is asked.
        now: the time of the request.
        force: whether to cancel an open execution. If its answer arrives later, it is discarded.
        notify: whether sends are recorded if the condition is met.

    Raises:
        AlreadyRunning: an execution is open and `force` is false.
    """
    Task.objects.select_for_update().get(pk=task.pk)
    for current in Execution.objects.open().filter(task=task):
        if not force:
            raise AlreadyRunning
        current.cancel(now=now)
    Task.objects.active().filter(pk=task.pk).update(next_run_at=now)
    execution = Execution.objects.create(
        task=task, notify=notify, created_at=now, started_at=now, next_attempt_at=now
    )
    wake(execution)
    return execution


def wake(execution: Execution) -> None:
    """Queue the job that runs `execution` when it is due. A second job finds nothing to do."""
    jobs.configure_task(JOB, schedule_at=execution.next_attempt_at).defer(
        execution_id=str(execution.pk)
    )


async def run(execution_id: UUID) -> None:
    """Ask one execution's question and store what follows.

    1. Claim the execution (commit). If the worker dies after this, the lease runs out and `recover`
       has the question asked again.
    2. Ask, outside of any transaction. If the worker dies here, the same happens; nobody has been
       notified yet.
    3. Store the answer, the task's new state and the sends in one transaction. If the answer is
       tentative, store only that it is, and when to look again: the next run of this execution,
       which another worker may do, begins anew at 1.
    """
    claimed = await sync_to_async(claim)(execution_id, now=await sync_to_async(clock.now)())
    if claimed is None:
        return
    execution, question = claimed
    try:
        answer = await ask(question)
        await sync_to_async(settle)(
            execution,
            answer,
            now=await sync_to_async(clock.now)(),
            jitter=random.random(),  # noqa: S311
        )
    except AskFailed as error:
        failure = error
    except Exception:  # whatever breaks in a monitor, or while its answer is stored
        logger.exception("monitor_broke", execution_id=str(execution_id))
        failure = AskFailed(FailureKind.SYSTEM_ERROR, OUR_FAULT)
    else:
        return
    await sync_to_async(fail)(
        execution,
        failure,
        now=await sync_to_async(clock.now)(),
        jitter=random.random(),  # noqa: S311
    )


def claim(execution_id: UUID, *, now: datetime) -> tuple[Execution, Question] | None:
    """Claim an execution and return it with its question; None if it is not to be asked now.

    An execution that has been asked MOST_ASKINGS times is given up. Something in it kills its
    worker each time and would kill the next one, too.
    """
    execution = Execution.objects.select_related("task__user").filter(pk=execution_id).first()
    if execution is None:
        return None
    question = execution.task.question(now=now)
    if not execution.claim(now=now):
        return None
    if execution.attempt_count > MOST_ASKINGS:
        message = "The worker that ran this stopped unexpectedly each time."
        failure = AskFailed(FailureKind.SYSTEM_ERROR, message)
        fail(execution, failure, now=now, jitter=0.5)
        return None
    return execution, replace(question, is_second_look=execution.first_look_at is not None)


def settle(execution: Execution, answer: Answer, *, now: datetime, jitter: float = 0.5) -> None:
    """Store an answer and everything that follows from it in one transaction.

    What is to be told goes out by the signal `told`, whose receiver records the sends in this
    transaction. A tentative answer is not told, and nothing is learnt from it: the page is looked
    at once more. An answer that arrives after its execution was cancelled or its task was deleted
    is dropped.

    Args:
        execution: the claimed execution.
        answer: what was found out.
        now: the time at which it is stored.
        jitter: a random number from 0 to 1, which moves the next visit; 0.5 does not.
    """
    with transaction.atomic():
        task = Task.objects.select_for_update().filter(pk=execution.task_id).first()
        if task is None:
            return
        if answer.is_tentative and settings.TORALE_CONFIRM_SECONDS:
            look_again(task, execution, answer, now=now)
            return
        if not execution.record_answer(answer, now=now):
            return
        task.learn(answer, now=now, jitter=jitter)
        if not execution.notify:
            return
        if answer.condition_met:
            tell(Event.CONDITION_MET, task=task, execution=execution, now=now)
        for event, notice in notices.after_answer(task=task, now=now):
            tell(event, task=task, execution=execution, notice=notice, now=now)


def look_again(task: Task, execution: Execution, answer: Answer, *, now: datetime) -> None:
    """Store a tentative answer's texts, and have the question asked again soon.

    Until then the execution holds no worker. It is `retrying`, without an error, and a job that is
    lost is recovered as that of any other execution.
    """
    look_again_at = now + timedelta(seconds=settings.TORALE_CONFIRM_SECONDS)
    if execution.record_first_look(look_again_at=look_again_at, now=now):
        PageText.objects.keep(task, answer.first_look)
        wake(execution)


def fail(execution: Execution, failure: AskFailed, *, now: datetime, jitter: float) -> None:
    """Store that asking failed, and have the question asked again later.

    After the last retry the execution is given up, and the task visited again as `after_failure`
    of tasks/next_visit.py says.
    """
    with transaction.atomic():
        task = Task.objects.select_for_update().filter(pk=execution.task_id).first()
        if task is None:
            return
        retry_at = next_attempt_at(
            failure.kind,
            attempt=execution.attempt_count,
            now=now,
            jitter=jitter,
            retry_after=failure.retry_after,
        )
        if not execution.record_failure(failure.kind, str(failure), retry_at=retry_at, now=now):
            return
        if retry_at is None:
            task.put_off(
                since=execution.created_at,
                now=now,
                retry_after=failure.retry_after,
                warnings=failure.warnings,
            )
            if execution.notify:
                tell_failure(task=task, execution=execution, now=now)
        else:
            wake(execution)


def tell_failure(*, task: Task, execution: Execution, now: datetime) -> None:
    """Tell the owner that `task` fails, if it is time; in the transaction that stores the failure.

    Args:
        task: the task, locked, with this failure counted.
        execution: the run that failed.
        now: when it failed.
    """
    for event, notice in notices.after_failure(task=task, execution=execution, now=now):
        tell(event, task=task, execution=execution, notice=notice, now=now)


def tell(
    event: Event,
    *,
    task: Task,
    execution: Execution,
    notice: Notice | None = None,
    now: datetime,
) -> None:
    """Send the signal `told`: the only place that does."""
    told.send(sender=Task, event=event, task=task, execution=execution, notice=notice, now=now)
