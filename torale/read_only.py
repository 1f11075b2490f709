"""After a fail-over, connections to the server that has become read-only are closed, not kept.

Reading succeeds there, so neither Django nor its pool would find them unusable. A new connection
goes to whatever server the address leads to now.
"""

import threading
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

import psycopg
from django.db import DatabaseError
from django.db.backends.signals import connection_created

#: Django's connections of all threads.
_seen: "WeakSet[Any]" = WeakSet()
_lock = threading.Lock()


def keep_no_read_only_connections() -> None:
    """Have this process close its connections when a statement fails because it may only read.

    That one is closed at once. The other threads close theirs when their next request begins.
    """
    connection_created.connect(_watch)


def _watch(*, connection: Any, **_: object) -> None:
    with _lock:
        _seen.add(connection)
    if _close_if_read_only not in connection.execute_wrappers:
        connection.execute_wrappers.append(_close_if_read_only)


def _close_if_read_only(
    execute: Callable[..., Any], sql: Any, params: Any, many: Any, context: dict[str, Any]
) -> Any:
    try:
        return execute(sql, params, many, context)
    except DatabaseError as error:
        if isinstance(error.__cause__, psycopg.errors.ReadOnlySqlTransaction):
            _close(context["connection"])
        raise


def _close(database: Any) -> None:
    with _lock:
        for other in _seen:
            other.close_at = 0.0  # always in the past
    database.connection.close()  # psycopg's, as Django may be within a transaction
    if database.pool is not None:
        database.pool.drain()  # its idle connections lead to the same server
    if not database.in_atomic_block:
        database.close()
