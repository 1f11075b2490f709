"""Delete old executions, but never the latest one of a task."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from executions.models import Execution, ExecutionQuerySet

#: Executions deleted by one statement, which holds their row locks for a few milliseconds.
EXECUTIONS_PER_STATEMENT = 1000


def to_prune(*, older_than: timedelta, now: datetime, has_notification: bool) -> ExecutionQuerySet:
    """Return the executions that `prune` deletes."""
    return _outdated(_old(older_than=older_than, now=now, has_notification=has_notification))


def prune(
    *,
    older_than: timedelta,
    now: datetime,
    has_notification: bool,
    must_end: Callable[[], bool] = lambda: False,
    tell: Callable[[int], None] = lambda _: None,
) -> int:
    """Delete the executions of an age, and return how many there were.

    Executions that have not ended stay, and so does each task's latest one. Works in batches, the
    oldest first. If it is stopped, the next run goes on.

    Args:
        older_than: the age.
        now: the time of the request.
        has_notification: whether those with a notification are deleted, or those without.
        must_end: asked before each batch.
        tell: called with how many each batch deleted.
    """
    old = _old(older_than=older_than, now=now, has_notification=has_notification)
    count, last = 0, (datetime.min.replace(tzinfo=UTC), UUID(int=0))
    while not must_end():
        batch = list(_after(old, last).values_list("created_at", "pk")[:EXECUTIONS_PER_STATEMENT])
        if not batch:
            break
        ids = [pk for _, pk in batch]
        deleted, _ = _outdated(Execution.objects.filter(pk__in=ids)).delete()
        count, last = count + deleted, batch[-1]
        tell(deleted)
    return count


def _after(executions: ExecutionQuerySet, last: tuple[datetime, UUID]) -> ExecutionQuerySet:
    """Return the executions that follow `last`, the oldest first.

    Those that stay, such as the latest ones, are read once in a run and not for each batch.
    """
    created_at, pk = last
    # The first condition is for the index, which does not serve the second one.
    later = Q(created_at__gt=created_at) | Q(pk__gt=pk)
    return executions.filter(later, created_at__gte=created_at).order_by("created_at", "pk")


def _old(*, older_than: timedelta, now: datetime, has_notification: bool) -> ExecutionQuerySet:
    return Execution.objects.ended().filter(
        notification__isnull=not has_notification, created_at__lt=now - older_than
    )


def _outdated(executions: ExecutionQuerySet) -> ExecutionQuerySet:
    """Return those of `executions` after which their task has had another execution."""
    later = Execution.objects.filter(task=OuterRef("task"), created_at__gt=OuterRef("created_at"))
    return executions.filter(Exists(later))
