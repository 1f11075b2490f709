"""Connections for more than a request, by the address that no connection pooler is in front of.

A pooler such as pgbouncer, in its mode `transaction`, gives a client another server connection for
each transaction. What belongs to a session is lost there, or reaches somebody else's session:
LISTEN, SET, session-level locks. So workers' own connections, and the commands that work on the
database as a whole, use DATABASE_DIRECT_URL. Requests, jobs and all other commands use
DATABASE_URL.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import psycopg
import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

logger = structlog.get_logger(__name__)

#: Parameters of Django that are only for its own cursors.
OF_DJANGO = ("context", "cursor_factory", "prepare_threshold")

#: The settings of the planner that workers switch off. They look for few rows, in the order of an
#: index. A plan that was made while a table was empty, or from old statistics, would read all of
#: it, or all that is due.
WAYS_OF_READING_ALL = ("enable_seqscan", "enable_bitmapscan", "enable_sort")

#: Sets parameters of the session, unless a pooler is in between, which gives its clients the number
#: of a process that does not exist. Returns a row for each parameter that was set.
SET_UNLESS_POOLED = """
SELECT set_config(name, setting, false)
FROM unnest(%(names)s::text[], %(settings)s::text[]) AS wanted (name, setting)
WHERE pg_backend_pid() = %(pid)s
"""


class Connection(psycopg.AsyncConnection[Any]):
    """A worker's own connection, outside of Django's pool; each statement commits by itself."""

    #: Whether a connection pooler is in between, so that nothing may be set for the session.
    is_pooled = False


async def connect(**session: str) -> Connection:
    """Open a connection by the direct address.

    The embedded server is started if necessary.

    Args:
        session: parameters of PostgreSQL to set for the session, besides those for all workers. If
            a pooler is in between, none is set.

    Raises:
        psycopg.Error, django.db.Error: the database cannot be reached.
    """
    parameters = await sync_to_async(direct_parameters)()
    connected = await Connection.connect(
        **{name: value for name, value in parameters.items() if name not in OF_DJANGO},
        autocommit=True,
        prepare_threshold=sys.maxsize,  # only what asks for it
    )
    try:
        wanted = dict.fromkeys(WAYS_OF_READING_ALL, "off") | session
        cursor = await connected.execute(
            SET_UNLESS_POOLED, session_values(wanted, connected.info.backend_pid)
        )
    except BaseException:
        await connected.close()
        raise
    connected.is_pooled = not cursor.rowcount
    if connected.is_pooled:
        _warn_of_pooler()
    return connected


@cache  # once in each process
def _warn_of_pooler() -> None:
    logger.warning(
        "not_woken",
        reason="A connection pooler is in front of the database.",
        remedy="Set DATABASE_DIRECT_URL to an address of PostgreSQL itself.",
    )


def is_pooled(session: psycopg.Connection[Any]) -> bool:
    """Return whether a connection pooler is in between; costs one query."""
    return session.execute("SELECT pg_backend_pid()").fetchone() != (session.info.backend_pid,)


def set_unless_pooled(database: BaseDatabaseWrapper, wanted: dict[str, str]) -> None:
    """Set parameters of PostgreSQL for the session of Django's connection; costs one query.

    Nothing is set if a pooler is in between, which has to set them itself.

    Args:
        database: the connection, which must be open.
        wanted: the parameters.
    """
    with database.cursor() as cursor:
        values = session_values(wanted, database.connection.info.backend_pid)
        cursor.execute(SET_UNLESS_POOLED, values)


def session_values(wanted: dict[str, str], pid: int) -> dict[str, Any]:
    """Return the values for SET_UNLESS_POOLED.

    Args:
        wanted: parameters of PostgreSQL.
        pid: the number of the server's process, as the connection was told at its start.
    """
    return {"names": [*wanted], "settings": [*wanted.values()], "pid": pid}


def direct_settings() -> dict[str, Any]:
    """Return Django's settings of the database with the direct address."""
    return {**connection.settings_dict, **(settings.DATABASE_DIRECT or {})}


def direct_parameters() -> dict[str, Any]:
    """Return psycopg's parameters for a connection by the direct address.

    Raises:
        django.db.OperationalError: the embedded server cannot be started.
    """
    backend = type(connections[DEFAULT_DB_ALIAS])
    parameters: dict[str, Any] = backend(direct_settings()).get_connection_params()
    return parameters


@contextmanager
def by_direct_address() -> Iterator[None]:
    """Have Django connect by the direct address, for a command that runs alone in its process."""
    if settings.DATABASE_DIRECT is None:
        yield
        return
    usual = {name: connection.settings_dict.get(name) for name in settings.DATABASE_DIRECT}
    _reconnect(settings.DATABASE_DIRECT)
    try:
        yield
    finally:
        _reconnect(usual)


def _reconnect(address: dict[str, Any]) -> None:
    database: Any = connections[DEFAULT_DB_ALIAS]
    database.close()
    database.close_pool()  # its connections have the other address
    database.settings_dict.update(address)


def wake(channel: str) -> None:
    """Tell who listens to `channel` that work is due (NOTIFY), when this transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {channel}")
