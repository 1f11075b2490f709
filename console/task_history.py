"""A task's history for its page: executions, what was told, and who was told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from uuid import UUID

from executions.models import Execution, ExecutionStatus
from notifications.models import NotificationSend
from tasks.models import Task

#: How many executions a page shows.
EXECUTIONS_A_PAGE = 100

#: How an execution looks by its status: the names of classes in the style sheet.
LOOKS = {
    ExecutionStatus.SUCCESS: "",
    ExecutionStatus.FAILED: "bad",
    ExecutionStatus.RETRYING: "waiting",
    ExecutionStatus.PENDING: "waiting",
    ExecutionStatus.RUNNING: "waiting",
    ExecutionStatus.CANCELLED: "",
}


@dataclass(frozen=True)
class Entry:
    """An execution, or several in a row that found the same."""

    #: The newest of them.
    execution: Execution
    #: The oldest of them.
    first: Execution
    #: How many there are.
    count: int
    #: The sends that it led to, oldest first.
    sends: Sequence[NotificationSend] = field(default=())

    @property
    def look(self) -> str:
        """The name of a class in the style sheet."""
        if self.execution.notification is not None:
            return "good"
        return LOOKS[ExecutionStatus(self.execution.status)]


@dataclass(frozen=True)
class History:
    """A page of a task's history."""

    entries: list[Entry]
    #: The id of the execution after which older ones follow; None if there are none.
    older_than: UUID | None
    #: Whether the page begins with the newest.
    is_newest: bool


def history_of(
    task: Task, *, before: UUID | None = None, up_to: UUID | None = None, is_owner: bool
) -> History:
    """Return a page of the task's history, newest first.

    It takes two queries, and one more with `before` or `up_to`.

    Args:
        task: the task.
        before: the id of the execution that the page before ended with; None for the newest.
        up_to: the id of the execution that the page is to begin with; None for the newest.
        is_owner: whether the reader may see errors and who was told.
    """
    executions = Execution.objects.of_task(task.pk)
    if not is_owner:
        executions = executions.with_notification()
    if before is not None:
        executions = executions.before(before)
    elif up_to is not None:
        executions = executions.up_to(up_to)
    found = [*executions[: EXECUTIONS_A_PAGE + 1]]
    shown = found[:EXECUTIONS_A_PAGE]
    sends = sends_of(task, [each.pk for each in shown if each.notification]) if is_owner else {}
    return History(
        entries=[*_entries(shown, sends)],
        older_than=shown[-1].pk if len(found) > len(shown) else None,
        is_newest=before is None and up_to is None,
    )


def sends_of(task: Task, execution_ids: Iterable[UUID]) -> dict[UUID, list[NotificationSend]]:
    """Return the sends of executions of `task` by the executions' ids, in one query."""
    by_execution: dict[UUID, list[NotificationSend]] = {}
    sends = NotificationSend.objects.for_user(task.user).filter(execution_id__in=[*execution_ids])
    for send in sends.select_related("endpoint").order_by("created_at", "id"):
        by_execution.setdefault(send.execution_id, []).append(send)
    return by_execution


def _entries(
    executions: Sequence[Execution], sends: dict[UUID, list[NotificationSend]]
) -> Iterable[Entry]:
    for _, group in groupby(executions, _alike):
        same = [*group]
        yield Entry(same[0], same[-1], len(same), sends.get(same[0].pk, ()))


def _alike(execution: Execution) -> Any:
    """Return a key that is equal for executions in a row which are shown as one."""
    if execution.notification is not None:
        return execution.pk
    evidence = (execution.result or {}).get("evidence")
    return (execution.status, evidence, execution.error_message)
