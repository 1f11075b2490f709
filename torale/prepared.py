"""Statements that PostgreSQL parses and plans once for each connection, instead of each time."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, Error, connections
from psycopg.types.datetime import TimestamptzLoader

#: The values of `%s` in a statement, or of `%(name)s`.
Parameters = Sequence[Any] | Mapping[str, Any]
#: What is raised if a migration has changed a column's type since a statement was prepared, or if
#: the statement is gone or another's, because a pooler has changed the server's connection.
OUTDATED = (
    psycopg.errors.FeatureNotSupported,
    psycopg.errors.InvalidSqlStatementName,
    psycopg.errors.DuplicatePreparedStatement,
)


def rows(statement: str, parameters: Parameters) -> list[tuple[Any, ...]]:
    """Return the rows of a statement.

    If the thread's connection was kept, and not used since the request began, this statement is
    also its health check: if it fails, it is run again on a new connection. A statement that has to
    be prepared anew is run again, too, without being prepared: behind a pooler, other connections
    of the server may be outdated as well. Neither is done within a transaction.

    Args:
        statement: SQL that may run twice. PostgreSQL does not see the values when it plans, so its
            best plan should not depend on them. Each connection keeps the plans of the 100
            statements that were used last.
        parameters: the values.

    Raises:
        django.db.Error: the statement failed on a connection that works.
    """
    database: Any = connections[DEFAULT_DB_ALIAS]  # django-stubs lacks some of its attributes
    # If there is none yet, the pool waits for one, which need not be done twice.
    may_be_lost = database.connection is not None and not database.health_check_done
    prepare = True
    try:
        found = _rows(database, statement, parameters)
    except Error as error:
        if database.in_atomic_block:
            raise
        if isinstance(error.__cause__, OUTDATED):
            prepare = False
            with database.cursor() as cursor:
                cursor.execute("DEALLOCATE ALL")  # psycopg notices, and prepares all anew
        elif may_be_lost:
            database.close()
        else:
            raise
        found = _rows(database, statement, parameters, prepare=prepare)
    database.health_check_done = True
    return found


class _PreparedCursor(psycopg.Cursor[Any]):
    """Has PostgreSQL prepare each statement."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        """Run `query`."""
        return super().execute(query, params, prepare=True, **options)


def _rows(
    database: Any, statement: str, parameters: Parameters, *, prepare: bool = True
) -> list[tuple[Any, ...]]:
    database.ensure_connection()
    cursor_class = _PreparedCursor if prepare else psycopg.Cursor
    prepared = cursor_class(database.connection)
    # Django's own is written in Python, and slower.
    prepared.adapters.register_loader("timestamptz", TimestamptzLoader)
    log: AbstractContextManager[object] = nullcontext()
    if database.queries_logged:
        # A debug cursor would ask psycopg for the statement, which it does not know of prepared
        # ones.
        written = database.ops.compose_sql(statement, parameters)
        log = database.make_debug_cursor(prepared).debug_sql(written)
    with database.make_cursor(prepared) as cursor, log:
        cursor.execute(statement, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
