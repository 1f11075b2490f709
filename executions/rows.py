"""Executions as JSON values, made from columns instead of by a serializer for each row."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from executions.models import ExecutionQuerySet
from executions.serializers import (
    ExecutionSerializer,
    GroundingSourceSerializer,
    ResultSerializer,
)

#: An execution's columns by name.
ExecutionRow = Mapping[str, Any]


def execution_rows(executions: ExecutionQuerySet) -> Any:
    """Return a queryset of the columns that `shown_execution` needs."""
    return executions.values(*ExecutionSerializer.Meta.fields)


def shown_execution(row: ExecutionRow) -> dict[str, Any]:
    """Return one execution as a JSON value."""
    result, sources = row["result"], row["grounding_sources"]
    return {
        **row,
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
