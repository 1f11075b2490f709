"""What tests of races share: a transaction that goes on until another one waits for it."""

from django.db import connection

from tests.receivers import wait_for


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
