"""The database connection that each thread of a web process keeps between requests.

Django would give it back to the pool after each request, and the next request would take one and
check it by a query.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any

import psycopg
from django.db import Error, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created


def keep_connections() -> None:
    """Have each thread of this process keep its connection; Django still checks and replaces it."""
    connection_created.connect(_keep)


def first_row(statement: str, parameters: Sequence[Any]) -> tuple[Any, ...] | None:
    """Return the first row of a statement that PostgreSQL plans once for each connection, or None.

    If the thread's connection was not used since the request began, this statement is also its
    health check: if it fails, it is run again on a new connection.

    Args:
        statement: SQL that may run twice, with `%s` for each parameter.
        parameters: the values.

    Raises:
        django.db.Error: the statement failed on a connection that works.
    """
    database: Any = connection  # django-stubs lacks some of its attributes
    may_be_lost = not (database.health_check_done or database.in_atomic_block)
    try:
        row = _first_row(database, statement, parameters)
    except Error:
        if not may_be_lost:
            raise
        database.close()
        row = _first_row(database, statement, parameters)
    database.health_check_done = True
    return row


class _PreparedCursor(psycopg.Cursor[Any]):
    """Has PostgreSQL parse and plan each statement once for each connection."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        """Run `query`."""
        return super().execute(query, params, prepare=True, **options)


def _first_row(database: Any, statement: str, parameters: Sequence[Any]) -> tuple[Any, ...] | None:
    database.ensure_connection()
    prepared = _PreparedCursor(database.connection)
    # A debug cursor would ask psycopg for the statement, which it does not know of prepared ones.
    is_logged = database.queries_logged
    log = database.make_debug_cursor(prepared).debug_sql if is_logged else nullcontext
    with database.make_cursor(prepared) as cursor, log(statement):
        cursor.execute(statement, parameters)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


def _keep(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    # The setting CONN_MAX_AGE cannot be used together with a pool. And with a pool Django does not
    # check connections: the pool does, but only when it hands them out.
    connection.close_at = None
    check = partial(BaseDatabaseWrapper.close_if_health_check_failed, connection)
    connection.close_if_health_check_failed = check  # type: ignore[method-assign]
