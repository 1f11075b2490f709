"""Lists of tasks as JSON values, made from columns instead of by a serializer for each row.

TaskReadSerializer describes the members and makes them for a single task; a test compares both.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from executions.rows import ExecutionRow, latest_executions, shown_execution
from tasks import headers
from tasks.destinations import Destinations, unparse
from tasks.models import State, Task, TaskQuerySet
from torale.fast_values import fast_values
from torale.fields import Undecryptable

#: A task's columns by name.
TaskRow = Mapping[str, Any]

COLUMNS = (
    "id", "user_id", "name", "search_query", "condition_description", "state", "next_run_at",
    "is_public", "view_count", "subscriber_count", "forked_from_task_id", "last_known_state",
    "notification_email", "webhook_url", "webhook_method", "webhook_headers", "webhook_format",
    "is_muted", "request_headers", "warnings", "state_changed_at", "created_at", "updated_at",
    "immediate_execution_error", "context", "schedule", "time_zone",
)  # fmt: skip


def task_rows(tasks: TaskQuerySet) -> TaskQuerySet:
    """Return a queryset of the columns that `shown_tasks` needs."""
    return fast_values(tasks, COLUMNS)


def shown_tasks(rows: Sequence[TaskRow]) -> list[dict[str, Any]]:
    """Return tasks from `task_rows` as JSON values, private members included.

    One query reads the last executions of all.
    """
    executions = latest_executions([row["id"] for row in rows])
    last = {row["task_id"]: row for row in executions}
    return [_shown(row, last.get(row["id"])) for row in rows]


def _shown(row: TaskRow, last: ExecutionRow | None) -> dict[str, Any]:
    return {
        "id": row["id"],
        "user_id": row["user_id"],
        "name": row["name"],
        "search_query": row["search_query"],
        "condition_description": row["condition_description"],
        "state": row["state"],
        "next_run": row["next_run_at"],
        "is_public": row["is_public"],
        "view_count": row["view_count"],
        "subscriber_count": row["subscriber_count"],
        "forked_from_task_id": row["forked_from_task_id"],
        "last_known_state": row["last_known_state"],
        "last_execution_id": last and last["id"],
        "last_execution": last and shown_execution(last),
        "notifications": _destinations(row),
        "notification_email": row["notification_email"],
        "webhook_url": row["webhook_url"],
        "is_muted": row["is_muted"],
        "request_headers": _request_headers(row),
        "warnings": [warning["text"] for warning in row["warnings"]],
        "state_changed_at": row["state_changed_at"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "immediate_execution_error": row["immediate_execution_error"],
        "context": row["context"],
        "schedule": row["schedule"],
        "timezone": row["time_zone"],
        "config": {},
        "is_active": row["state"] == State.ACTIVE,
    }


def _destinations(row: TaskRow) -> list[dict[str, Any]]:
    url = row["webhook_url"]
    return unparse(
        Destinations(
            email=row["notification_email"],
            webhook_url=url,
            webhook_method=row["webhook_method"],
            # Decrypting takes as long as the rest of the row.
            webhook_headers=_decrypted(row, "webhook_headers") if url else {},
            webhook_format=row["webhook_format"],
        )
    )


def _request_headers(row: TaskRow) -> dict[str, str] | None:
    stored = _decrypted(row, "request_headers")
    return None if isinstance(stored, Undecryptable) else headers.masked(stored or {})


def _decrypted(row: TaskRow, name: str) -> Any:
    field: Any = Task._meta.get_field(name)
    return field.decrypted_or_kept(row[name])
