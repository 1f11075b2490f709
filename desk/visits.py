"""How many executions failed, by the kind of failure, and the tasks that are visited next."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from executions.failures import FailureKind
from tasks.models import Task

#: Failed executions of a kind are counted up to this number.
MOST_COUNTED = 10_000
#: The most tasks that are shown.
MOST_TASKS = 10

# Reads the index `execution_failed`.
COUNT_FAILED = """
SELECT kind, (
    SELECT count(*) FROM (
        SELECT FROM executions_execution
        WHERE status = 'failed' AND failure_kind = kind AND created_at >= %s LIMIT %s
    ) AS counted
) AS number
FROM unnest(%s::text[]) AS kind
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """How many executions failed for good because of one kind of failure."""

    kind: FailureKind
    #: At most MOST_COUNTED.
    count: int

    @property
    def is_cut(self) -> bool:
        """Whether there may be more."""
        return self.count == MOST_COUNTED


def failed_executions(*, since: datetime) -> list[Failures]:
    """Return the kinds that occurred in executions since then, the most frequent first."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT_FAILED, [since, MOST_COUNTED, [*FailureKind]])
        found = cursor.fetchall()
    failures = [Failures(kind=FailureKind(kind), count=count) for kind, count in found if count]
    return sorted(failures, key=lambda each: -each.count)


def next_tasks(*, now: datetime) -> list[Task]:
    """Return the tasks of active users that are visited next, with their users.

    Overdue tasks are left out.

    The index `task_due` serves this.
    """
    tasks = Task.objects.active().filter(next_run_at__gt=now, user__is_active=True)
    ordered = tasks.order_by("next_run_at", "pk").select_related("user")
    return [*ordered.only("name", "next_run_at", "user__email")[:MOST_TASKS]]
