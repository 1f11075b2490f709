"""No connection is kept to a server that has become read-only."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import InternalError, close_old_connections, connection, transaction

from tests.support.receivers import wait_for


def backend() -> int:
    """Return the number of the server's process that serves this thread's connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def keep() -> int:
    """Connect, as a thread of a web process does."""
    number = backend()
    connection.close_at = None
    return number


def give_back() -> int:
    """Connect, and give the connection back to the pool."""
    number = backend()
    connection.close()
    return number


def next_request() -> int:
    """Return the server's process of the thread's next request."""
    close_old_connections()
    number = backend()
    connection.close()
    return number


def lives(number: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [number])
        return bool(cursor.fetchone()[0])


def write() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
        cursor.execute("CREATE TABLE nothing ()")


def write_in_a_transaction() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        cursor.execute("CREATE TABLE nothing ()")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fail", [write, write_in_a_transaction])
def test_the_first_thread_that_cannot_write_has_all_connect_anew(fail):
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        kept, idle = one.submit(keep).result(), other.submit(give_back).result()
        ours = backend()
        with pytest.raises(InternalError):
            fail()

        assert backend() != ours
        assert one.submit(next_request).result() != kept
        wait_for(lambda: not any(map(lives, (kept, idle, ours))))
