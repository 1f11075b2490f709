"""Run tasks: start an execution, and store what follows from its answer or failure."""

from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from executions.failures import next_attempt_at
from executions.models import Execution, ToldBefore
from executions.monitors import Answer, AskFailed
from tasks import notices
from tasks.events import Event, Notice
from tasks.models import PageText, Task
from tasks.signals import told
from torale.database import wake
from torale.errors import Conflict

#: The name under which PostgreSQL tells workers that executions are due (NOTIFY, LISTEN).
WAKE_UP = "torale_visits"
#: How the last paragraph of the evidence begins if the answer repeats what was told.
REPEATED = "The same was told before"


class AlreadyRunning(Conflict):
    """The task has an open execution."""

    detail = "Task is already running or pending. Use force=true to override."


@transaction.atomic
def start(*, task: Task, now: datetime, force: bool = False, notify: bool = True) -> Execution:
    """Create a pending execution of `task`, wake the workers, and return the execution.

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
    execution = task.new_execution(now=now, notify=notify)
    execution.save(force_insert=True)
    wake(WAKE_UP)
    return execution


def settle(execution: Execution, answer: Answer, *, now: datetime, jitter: float = 0.5) -> None:
    """Store an answer and everything that follows from it in one transaction.

    What is to be told goes out by the signal `told`, whose receiver records the sends in this
    transaction. A tentative answer is not told, and nothing is learnt from it: the page is looked
    at once more. What the task has told before, by the answer's `claim`, is not told again. An
    answer that arrives after its execution was cancelled or its task was deleted is dropped.

    An execution with `notify` false tells nobody, and yet counts as having told: who asks for it
    reads the answer themselves, and it stands in the task's history.

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
        try:
            is_current = execution.record_answer(answer, now=now)
        except ToldBefore:
            answer = without_repetition(execution, answer)
            is_current = execution.record_answer(answer, now=now)
        if not is_current:
            return
        task.learn(answer, now=now, jitter=jitter)
        if answer.condition_met and answer.completes:
            task.complete(now=now)
        if not execution.notify:
            return
        if answer.condition_met:
            tell(Event.CONDITION_MET, task=task, execution=execution, now=now)
        for event, notice in notices.after_answer(task=task, now=now):
            tell(event, task=task, execution=execution, notice=notice, now=now)


def without_repetition(execution: Execution, answer: Answer) -> Answer:
    """Return an answer that tells nothing, because its task has told the same before."""
    earlier = Execution.objects.told(task_id=execution.task_id, claim=answer.claim or "")
    told_at = earlier.values_list("completed_at", flat=True).first()
    when = f", on {told_at.day} {told_at:%B %Y} (UTC)" if told_at else ""
    return replace(
        answer,
        condition_met=False,
        notification=None,
        evidence=f"{answer.evidence}\n\n{REPEATED}{when}, so nobody is told again.",
    )


def look_again(task: Task, execution: Execution, answer: Answer, *, now: datetime) -> None:
    """Store a tentative answer's texts, and have the question asked again soon.

    Until then the execution holds no worker. It is `retrying`, without an error.
    """
    look_again_at = now + timedelta(seconds=settings.TORALE_CONFIRM_SECONDS)
    if execution.record_first_look(look_again_at=look_again_at, now=now):
        PageText.objects.keep(task, answer.first_look)


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
