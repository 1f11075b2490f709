"""Move the database's clock together with time-machine's."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

import time_machine
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import Connection
from psycopg.pq import TransactionStatus

MOVE = "SELECT set_config('torale.now', %s, false)"

#: The time to which each connection's clock was moved last, or None after a rollback, which may
#: have undone that. A pool passes connections on to the next test.
moved: WeakKeyDictionary[Connection[Any], str | None] = WeakKeyDictionary()
#: Set while the database's clock must not follow time-machine.
stays = threading.Event()


def follow(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Make one of Django's connections follow time-machine. Receives `connection_created`."""
    if _at_the_travelled_time not in connection.execute_wrappers:
        connection.execute_wrappers.append(_at_the_travelled_time)


def _at_the_travelled_time(execute, sql, params, many, context) -> Any:
    database = context["connection"].connection
    status = database.info.transaction_status
    is_travelling = time_machine.escape_hatch.is_travelling() and not stays.is_set()
    if (is_travelling or database in moved) and status != TransactionStatus.INERROR:
        now = datetime.now(UTC).isoformat() if is_travelling else ""
        # While a transaction lasts, its clock need not be moved to the same time again.
        if status != TransactionStatus.INTRANS or moved.get(database) != now:
            database.execute(MOVE, [now])
            moved[database] = now
        # Not within a transaction, which the statement above may just have begun: its rollback
        # would undo the reset.
        if not is_travelling and database.autocommit and status == TransactionStatus.IDLE:
            del moved[database]
    try:
        return execute(sql, params, many, context)
    finally:
        if database in moved and isinstance(sql, str) and sql.startswith("ROLLBACK"):
            moved[database] = None


@contextmanager
def fast_machine(ahead: timedelta = timedelta(minutes=10)) -> Iterator[None]:
    """Set this machine's clock ahead of the database's."""
    stays.set()
    try:
        with time_machine.travel(datetime.now(UTC) + ahead, tick=True):
            yield
    finally:
        stays.clear()


@contextmanager
def workers_follow() -> Iterator[None]:
    """Make a worker's own connections start at the travelled time, with the clock stopped."""
    if not time_machine.escape_hatch.is_travelling():
        yield
        return
    options = connection.settings_dict["OPTIONS"]
    options["options"] = f"-c torale.now={datetime.now(UTC).isoformat()}"
    try:
        yield
    finally:
        del options["options"]
