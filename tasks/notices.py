"""Decide when a task's owner is told of the watch itself, and in which words."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from executions.failures import FailureKind
from executions.models import Execution
from tasks.events import Event, Notice
from tasks.models import Task
from tasks.standing import all_told, to_tell

#: The owner is told of a failing task once it could not look for this long, and in this many
#: visits.
TELL_AFTER = timedelta(hours=1)
TELL_AFTER_VISITS = 3

#: What the owner can do about each kind of failure.
ADVICE = {
    FailureKind.RATE_LIMIT: (
        "The site limits how often it may be visited. If this goes on, watch fewer of its pages."
    ),
    FailureKind.TIMEOUT: (
        "Open the page in a browser. If it loads there, its site may keep programs waiting, and "
        "another page of it may say the same."
    ),
    FailureKind.NETWORK: (
        "Open the page in a browser. If its site is down, there is nothing to do but wait. If the "
        "address has changed, write the new one into the task's search_query."
    ),
    FailureKind.AGENT_ERROR: "There is nothing to do but wait. If this goes on, tell the operator.",
    FailureKind.USER_ERROR: (
        "Open the page in a browser without logging in. If the page is not there, write its new "
        "address into the task's search_query. If it is there, its site refuses programs, and "
        "another page may say the same."
    ),
    FailureKind.SYSTEM_ERROR: (
        "The fault is on our side. There is nothing to do but wait. If this goes on, tell the "
        "operator."
    ),
}


def after_failure(
    *, task: Task, execution: Execution, now: datetime
) -> Iterator[tuple[Event, Notice]]:
    """Yield what is to be told after a run that failed for good: that the task fails, once a spell.

    The task's row must be locked.

    Args:
        task: the task, with this failure counted and its next visit set.
        execution: the run, with its error.
        now: when it failed.
    """
    if task.failure_told_at or task.failing_since is None:
        return
    if now - task.failing_since < TELL_AFTER or task.failed_run_count < TELL_AFTER_VISITS:
        return
    task.failure_told_at = now
    task.save(update_fields=["failure_told_at"])
    advice = ADVICE[FailureKind(execution.failure_kind or FailureKind.SYSTEM_ERROR)]
    yield (
        Event.FAILING,
        Notice(
            subject=f'Your task "{task.name}" keeps failing',
            text=(
                f'Your task "{task.name}" could not look since {_moment(task.failing_since)}: '
                f"{task.failed_run_count} visits have failed. The last error was:\n\n"
                f"    {execution.error_message}\n\n"
                f"{advice}\n\n"
                f"{_outlook(task)} You will get no further email about this until it works "
                f"again."
            ),
        ),
    )


def after_answer(*, task: Task, now: datetime) -> Iterator[tuple[Event, Notice]]:
    """Yield what is to be told after an answer: that the task works again, and its warnings.

    The task's row must be locked, and the answer be stored in it.
    """
    if task.failure_told_at:
        since = task.failing_since or task.failure_told_at
        task.failure_told_at = task.failing_since = None
        task.save(update_fields=["failure_told_at", "failing_since"])
        yield (
            Event.RECOVERED,
            Notice(
                subject=f'Your task "{task.name}" works again',
                text=(
                    f'Your task "{task.name}" can look again. It could not from {_moment(since)} '
                    f"to {_moment(now)}. There is nothing to do."
                ),
            ),
        )
    if warnings := to_tell(task.warnings):
        task.warnings = all_told(task.warnings)
        task.save(update_fields=["warnings"])
        since = min(datetime.fromisoformat(warning["since"]) for warning in warnings)
        sentences = "\n\n".join(f"    {warning['text']}" for warning in warnings)
        yield (
            Event.WARNING,
            Notice(
                subject=f'Your task "{task.name}" may no longer see what it should',
                text=(
                    f'Your task "{task.name}" looks, but something is wrong since '
                    f"{_moment(since)}:\n\n{sentences}\n\n"
                    "If the page has been rebuilt, change the task's search_query or "
                    "condition_description. You will get no further email about this while it "
                    "stays so."
                ),
            ),
        )


def _outlook(task: Task) -> str:
    if task.next_run_at:
        return f"It will be tried again on {_moment(task.next_run_at)}."
    return f"It is {task.state}, and will be tried again when you make it active."


def _moment(at: datetime) -> str:
    return f"{at:%-d %B %Y at %H:%M} UTC"
