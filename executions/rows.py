"""Executions as JSON values, made from columns instead of by a serializer for each row."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from executions.models import LATEST_OF_TASKS
from executions.serializers import (
    ExecutionSerializer,
    GroundingSourceSerializer,
    ResultSerializer,
)
from torale.fast_values import fast_values, fetch_rows

#: An execution's columns by name.
ExecutionRow = Mapping[str, Any]


def execution_rows(executions: QuerySet[Any]) -> QuerySet[Any]:
    """Return a queryset of the columns that `shown_execution` needs."""
    return fast_values(executions, ExecutionSerializer.Meta.fields)


def latest_executions(task_ids: Sequence[UUID]) -> list[ExecutionRow]:
    """Return the latest execution of each of these tasks."""
    return [*fetch_rows(LATEST_OF_TASKS, [task_ids])]


def shown_execution(row: ExecutionRow) -> dict[str, Any]:
    """Return one execution as a JSON value."""
    result, sources = row["result"], row["grounding_sources"]
    return {
        **{name: row[name] for name in ExecutionSerializer.Meta.fields},
        "result": _members(result, _names(ResultSerializer)),
        "grounding_sources": [
            _members(source, _names(GroundingSourceSerializer)) for source in sources
        ],
    }


@cache
def _names(serializer: Any) -> tuple[str, ...]:
    return (*serializer().fields,)


def _members(stored: Any, names: tuple[str, ...]) -> Any:
    """Return the known members of a stored object; another value is shown unchanged."""
    if not isinstance(stored, dict):
        return stored
    return {name: stored[name] for name in names if name in stored}
