"""Email a task's owner, once each, when the task keeps failing and when it works again."""

from datetime import datetime

from accounts.notices import send_notice
from tasks.models import Task
from torale.links import link_to

#: Failed runs in a row after which the owner is told. A single one may be a short outage.
TELL_AFTER = 3


def tell_failure(*, task: Task, error: str, now: datetime) -> None:
    """Tell the owner that `task` keeps failing, unless they have been told already.

    This runs in the transaction that stores the failed run, with the task's row locked. The mail is
    sent only if that transaction commits.

    Args:
        task: the task, with this failure counted and its next visit set.
        error: why the last run failed, in words for the owner.
        now: when it failed.
    """
    if task.failed_run_count < TELL_AFTER or task.failure_told_at:
        return
    task.failure_told_at = now
    task.save(update_fields=["failure_told_at"])
    if task.next_run_at:
        outlook = f"It will be tried again on {task.next_run_at:%-d %B %Y at %H:%M} UTC."
    else:
        outlook = f"It is {task.state}, and will be tried again when you make it active."
    send_notice(
        user=task.user,
        subject=f'Your task "{task.name}" keeps failing',
        text=(
            f'The last {task.failed_run_count} runs of your task "{task.name}" failed. '
            f"The last error was:\n\n"
            f"    {error}\n\n"
            f"{outlook} You will get no further email about this until it works again.\n\n"
            f"{address(task)}"
        ),
    )


def tell_success(*, task: Task) -> None:
    """Tell the owner that `task` works again, if they were told that it keeps failing.

    This runs in the transaction that stores the answer, with the task's row locked.
    """
    if not task.failure_told_at:
        return
    task.failure_told_at = None
    task.save(update_fields=["failure_told_at"])
    send_notice(
        user=task.user,
        subject=f'Your task "{task.name}" works again',
        text=f'The last run of your task "{task.name}" succeeded.\n\n{address(task)}',
    )


def address(task: Task) -> str:
    """Return the URL that lists the task's runs."""
    return link_to("task-executions", task_id=task.pk)
