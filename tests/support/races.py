"""What tests of races share: calls on connections of their own, and waiting for a lock."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import connection

from tests.support.receivers import DEADLINE_S, wait_for

T = TypeVar("T")


def apart(call: Callable[..., T], *arguments: Any) -> T:
    """Make a call in a thread of the test's, and give back the connection that it opened."""
    try:
        return call(*arguments)
    finally:
        connection.close()


def at_once(*calls: Callable[[], T]) -> list[T]:
    """Make all calls at the same moment, each on a connection of its own.

    Returns what they return, in their order, or raises what the first of them raised.
    """
    barrier = threading.Barrier(len(calls), timeout=DEADLINE_S)

    def work(call: Callable[[], T]) -> T:
        connection.ensure_connection()
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(lambda call: apart(work, call), calls))


def wait_until_another_waits() -> None:
    """Return once another connection waits for a lock of the present transaction."""
    with connection.cursor() as cursor:
        wait_for(lambda: _blocks_another(cursor))


def _blocks_another(cursor) -> bool:
    # A transaction sees the same snapshot of the activity until it is cleared.
    cursor.execute(
        "SELECT pg_stat_clear_snapshot(), EXISTS ("
        "SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
    )
    return bool(cursor.fetchone()[1])
