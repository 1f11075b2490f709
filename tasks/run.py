"""The main path: start an execution, ask, settle what follows."""

import random
from datetime import datetime
from uuid import UUID

import structlog
from asgiref.sync import sync_to_async
from django.db import transaction
from procrastinate.contrib.django import app as jobs

from executions.failures import FailureKind, next_attempt_at
from executions.models import Execution
from executions.monitors import Answer, AskFailed, Question, ask
from tasks import failure_mail
from tasks.models import Task
from tasks.signals import condition_met
from torale import clock
from torale.errors import OUR_FAULT, Conflict

logger = structlog.get_logger(__name__)

#: Name of the job in tasks/jobs.py, which calls `run`.
JOB = "run_execution"
#: Askings of one execution, workers that died in it included; failures give up before.
MOST_ASKINGS = 10


class AlreadyRunning(Conflict):
    """An execution of the task is open."""

    detail = "Task is already running or pending. Use force=true to override."


@transaction.atomic
def start(*, task: Task, now: datetime, force: bool = False, notify: bool = True) -> Execution:
    """Make a pending execution of `task` and its job, in one transaction, and return it.

    The next visit of an active task is this one, until it ends.

    Args:
        task: what to ask.
        now: the time of the request.
        force: cancel an execution that is still open; its late answer is discarded.
        notify: whether a met condition makes sends.

    Raises:
        AlreadyRunning: an execution is open and `force` is not set.
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
    """Have a worker take `execution` when it is due; a second wake-up finds nothing to do."""
    jobs.configure_task(JOB, schedule_at=execution.next_attempt_at).defer(
        execution_id=str(execution.pk)
    )


async def run(execution_id: UUID) -> None:
    """Ask one execution's question and settle what follows.

    1. Claim it (commit). Crash after: the lease runs out and `recover` has it asked again.
    2. Ask, holding no transaction. Crash after: the same; nobody has been told anything.
    3. Store the answer, what the task learnt and the sends in one transaction.
    """
    claimed = await sync_to_async(claim)(execution_id, now=await sync_to_async(clock.now)())
    if claimed is None:
        return
    execution, question = claimed
    try:
        answer = await ask(question)
        await sync_to_async(settle)(execution, answer, now=await sync_to_async(clock.now)())
    except AskFailed as failure:
        kind, message = failure.kind, str(failure)
    except Exception:  # the boundary to monitors: what breaks in one, or in storing its answer
        logger.exception("monitor_broke", execution_id=str(execution_id))
        kind, message = FailureKind.SYSTEM_ERROR, OUR_FAULT
    else:
        return
    await sync_to_async(fail)(
        execution,
        kind,
        message,
        now=await sync_to_async(clock.now)(),
        jitter=random.random(),  # noqa: S311
    )


def claim(execution_id: UUID, *, now: datetime) -> tuple[Execution, Question] | None:
    """Take an execution in hand; None when it is not to be asked (now).

    One that has been asked MOST_ASKINGS times is given up: what ends its worker each time would
    end the next one, too.
    """
    execution = Execution.objects.select_related("task__user").filter(pk=execution_id).first()
    if execution is None:
        return None
    question = execution.task.question(now=now)
    if not execution.claim(now=now):
        return None
    if execution.attempt_count > MOST_ASKINGS:
        message = "The worker that ran this did not survive it, each time."
        fail(execution, FailureKind.SYSTEM_ERROR, message, now=now, jitter=0.5)
        return None
    return execution, question


def settle(execution: Execution, answer: Answer, *, now: datetime) -> None:
    """Store an answer and what follows from it, all or nothing.

    A met condition is told by `condition_met`; notifications/record.py records the sends in this
    same transaction. An answer that comes too late, after a cancellation or to a task that is gone,
    is dropped.
    """
    with transaction.atomic():
        task = Task.objects.select_for_update().filter(pk=execution.task_id).first()
        if task is None or not execution.record_answer(answer, now=now):
            return
        task.learn(answer, now=now)
        if execution.notify:
            failure_mail.tell_success(task=task)
        if answer.condition_met and execution.notify:
            condition_met.send(sender=Task, task=task, execution=execution, now=now)


def fail(
    execution: Execution, kind: FailureKind, message: str, *, now: datetime, jitter: float
) -> None:
    """Store a failed asking: asked again later, or given up and the task put off by a day."""
    with transaction.atomic():
        task = Task.objects.select_for_update().filter(pk=execution.task_id).first()
        if task is None:
            return
        retry_at = next_attempt_at(kind, attempt=execution.attempt_count, now=now, jitter=jitter)
        if not execution.record_failure(kind, message, retry_at=retry_at, now=now):
            return
        if retry_at is None:
            task.put_off(now=now)
            if execution.notify:
                failure_mail.tell_failure(task=task, error=message, now=now)
        else:
            wake(execution)
