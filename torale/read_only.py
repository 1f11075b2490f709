"""After a fail-over, connections to the server that has become read-only are closed, not kept.

Reading succeeds there, so neither Django nor its pool would find them unusable. A new connection
goes to whatever server the address leads to now.
"""

from collections.abc import Callable
from typing import Any

import psycopg
from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created


def keep_no_read_only_connections() -> None:
    """Have this process close a connection when a statement fails because it may only read."""
    connection_created.connect(_watch)


def _watch(*, connection: BaseDatabaseWrapper, **_: object) -> None:
    if _close_if_read_only not in connection.execute_wrappers:
        connection.execute_wrappers.append(_close_if_read_only)


def _close_if_read_only(
    execute: Callable[..., Any], sql: Any, params: Any, many: Any, context: dict[str, Any]
) -> Any:
    try:
        return execute(sql, params, many, context)
    except DatabaseError as error:
        if isinstance(error.__cause__, psycopg.errors.ReadOnlySqlTransaction):
            database: Any = context["connection"]
            database.connection.close()  # psycopg's, as the pool would hand it out again
            if database.pool is not None:
                database.pool.drain()  # those that nobody uses now are as old
            if not database.in_atomic_block:
                database.close()
        raise
