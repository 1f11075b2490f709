"""Helpers for tests of races: calls on separate connections, and waiting for a lock."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import connection

from tests.support.receivers import DEADLINE_S, wait_for

T = TypeVar("T")


def apart(call: Callable[..., T], *arguments: Any) -> T:
    """Make a call in one of the test's threads, and close the connection that it opened."""
    try:
        return call(*arguments)
    finally:
        connection.close()


def at_once(*calls: Callable[[], T]) -> list[T]:
    """Make all calls at the same moment, each on a separate connection.

    Returns:
        The return values, in the order of the calls. If a call raised, the first such exception in
        that order is raised instead.
    """
    barrier = threading.Barrier(len(calls), timeout=DEADLINE_S)

    def work(call: Callable[[], T]) -> T:
        connection.ensure_connection()
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(lambda call: apart(work, call), calls))


def wait_until_another_waits() -> None:
    """Return once another connection waits for a lock of the current transaction."""
    with connection.cursor() as cursor:
        wait_for(lambda: _blocks_another(cursor))


def somebody_waits_for_a_lock() -> bool:
    """Return whether a connection to this database waits for a lock.

    Within a transaction, repeated calls return the same.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock')"
        )
        return bool(cursor.fetchone()[0])


def _blocks_another(cursor) -> bool:
    # Within a transaction, pg_stat_activity does not change until its snapshot is cleared.
    cursor.execute(
        "SELECT pg_stat_clear_snapshot(), EXISTS ("
        "SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
    )
    return bool(cursor.fetchone()[1])
