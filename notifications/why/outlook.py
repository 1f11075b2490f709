"""How a task is doing now, and who would be told if its condition were met now."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from executions.models import OPEN, Execution, ExecutionStatus
from notifications.models import NotificationSend, NotificationType, SendStatus
from notifications.record import record_sends
from notifications.why.sends import whom
from notifications.why.values import (
    About,
    Decision,
    Kind,
    counted,
    ended,
    moment,
    span,
    upper_first,
)
from tasks.models import State, Task
from tasks.notices import TELL_AFTER, TELL_AFTER_VISITS
from tasks.standing import TELL_AFTER as TELL_WARNINGS_AFTER

SEE_A_WORKER = "No worker runs, or it has too much to do: see that one runs"
#: A due task is normally started within seconds.
OVERDUE_AFTER = timedelta(minutes=1)
STATES = {
    State.PAUSED: "It is paused, and is not visited until it is made active again",
    State.COMPLETED: "It is completed, and is not visited until it is made active again",
}


def rehearse(*, task: Task, now: datetime) -> list[NotificationSend]:
    """Return the sends that would be recorded if the condition of `task` were met now.

    They are really recorded, in a transaction that is rolled back. So the answer follows every
    rule, limits included, but nothing is stored, nothing counts towards a limit, and no worker
    wakes up.

    Args:
        task: the task, with its user.
        now: the time.
    """
    with transaction.atomic():
        execution = Execution(
            task=task,
            status=ExecutionStatus.SUCCESS,
            notification="",
            completed_at=now,
        )
        sends = record_sends(task=task, execution=execution, now=now)
        transaction.set_rollback(True)
    return sends


def if_met_now(*, task: Task, unverified: str | None, now: datetime) -> Iterator[Decision]:
    """Yield who would be told if the condition of `task` were met now, and who not and why.

    Args:
        task: the task, with its user.
        unverified: the address that the task names, if the account has not verified it.
        now: the time.
    """
    about = About(task_id=task.pk)
    sends = rehearse(task=task, now=now)
    for send in sends:
        recipient = upper_first(whom(send))
        if send.status == SendStatus.SKIPPED:
            title, kind = "Would be skipped", Kind.BAD
            sentence = f"{recipient} would be skipped: {send.error_message}"
        else:
            title, kind = "Would be told", Kind.GOOD
            sentence = f"{recipient} would be sent."
            if unverified and send.notification_type == NotificationType.EMAIL:
                sentence = (
                    f"{recipient} would be sent, to the account's own address: the task names "
                    f"{unverified}, which the account has not verified."
                )
        yield Decision(at=None, title=title, sentence=sentence, kind=kind, about=about)
    if not sends:
        yield Decision(
            at=None,
            title="Nobody would be told",
            sentence=(
                "Somebody has unsubscribed from the task's emails, and there is no webhook to "
                "tell. Naming an email in the task's `notifications` ends that."
            ),
            kind=Kind.BAD,
            about=about,
        )


def standing(*, task: Task, executions: Sequence[Execution], now: datetime) -> Iterator[Decision]:
    """Yield how `task` is doing: whether it is visited, when next, and what stands in its way.

    Args:
        task: the task, with its user.
        executions: its newest executions, the newest first.
        now: the time.
    """
    about = About(task_id=task.pk)
    title, sentence, kind, at = _state(task, executions, now)
    yield Decision(at=at, title=title, sentence=ended(sentence), kind=kind, about=about)
    if task.failed_run_count and task.failing_since:
        told = (
            f"The owner was told at {moment(task.failure_told_at)}."
            if task.failure_told_at
            else f"The owner is told after {span(TELL_AFTER)} and {TELL_AFTER_VISITS} visits."
        )
        yield Decision(
            at=task.failing_since,
            title="Failing",
            sentence=(
                f"{counted(task.failed_run_count, 'visit')} in a row failed since "
                f"{moment(task.failing_since)}. {told}"
            ),
            kind=Kind.BAD,
            about=about,
        )
    for warning in task.warnings:
        told = (
            "The owner has been told."
            if warning["is_told"]
            else "The owner is told with the failure."
            if warning["is_of_failure"]
            else f"The owner is told after {TELL_WARNINGS_AFTER} visits."
        )
        yield Decision(
            at=datetime.fromisoformat(warning["since"]),
            title="Warning",
            sentence=(
                f"{ended(warning['text'])} {counted(warning['visits'], 'visit')} in a row said so. "
                f"{told}"
            ),
            kind=Kind.BAD,
            about=about,
        )
    if task.is_muted:
        yield Decision(
            at=None,
            title="Unsubscribed",
            sentence=(
                "Somebody has unsubscribed from its emails, so it sends none. Naming an email in "
                "the task's `notifications` ends that."
            ),
            kind=Kind.BAD,
            about=about,
        )


def untold(
    *, task: Task, executions: Sequence[Execution], now: datetime
) -> tuple[str, Kind] | None:
    """Return why nothing of `task` can be told at present; None if it is visited.

    Args:
        task: the task, with its user.
        executions: its newest executions, the newest first.
        now: the time.

    Returns:
        A sentence, and how it is colored.
    """
    _, sentence, kind, _ = _state(task, executions, now)
    if kind == Kind.BAD or task.state != State.ACTIVE:
        return f"Nobody is told anything at present. {ended(sentence)}", kind
    if not executions:
        return f"Nobody has been told yet, as no visit has begun. {ended(sentence)}", kind
    return None


def _state(
    task: Task, executions: Sequence[Execution], now: datetime
) -> tuple[str, str, Kind, datetime | None]:
    """Return whether it is visited: a title, a sentence, its color and a time."""
    due_at = task.next_run_at
    if due_at is None:
        state = State(task.state)
        since = f"{STATES[state]}. It has been {state} since {moment(task.state_changed_at)}"
        return upper_first(state), since, Kind.NEUTRAL, task.state_changed_at
    if not task.user.is_active:
        return (
            "Account off",
            "The owner's account is switched off, so visits are put off",
            Kind.BAD,
            None,
        )
    schedule = f"Its schedule is {task.schedule}"
    if any(execution.status in OPEN for execution in executions[:1]):
        return "Active", f"A visit has begun and has not ended. {schedule}", Kind.WAITING, None
    if due_at > now:
        sentence = f"The next visit is in {span(due_at - now)}, at {moment(due_at)}. {schedule}"
        return "Active", sentence, Kind.NEUTRAL, None
    if now - due_at <= OVERDUE_AFTER:
        return "Due", f"A visit is due, and begins within seconds. {schedule}", Kind.WAITING, due_at
    return (
        "Overdue",
        f"A visit has been due for {span(now - due_at)}, and none has begun. {SEE_A_WORKER}",
        Kind.BAD,
        due_at,
    )
