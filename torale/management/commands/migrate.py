"""`manage.py migrate`, one at a time."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.errors import DiskFull

from torale.database import by_direct_address
from torale.management.subcommands import ExampleCommand

#: The key of the advisory lock. We chose it: it is "tora" in ASCII.
LOCK = 0x746F7261
#: Keeps the server from ending the transaction that holds the lock. Older ones know only one.
WITHOUT_TIME_LIMITS = """
SELECT set_config(name, '0', true) FROM pg_settings
WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')
"""
#: Seconds between two attempts to get the lock.
PAUSE = 0.2


class Command(ExampleCommand, migrate.Command):
    """Django's command; if several start at once, one migrates and the others wait."""

    examples = ("migrate", "migrate --plan")

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate.

        Raises:
            CommandError: the database's disk is full.
        """
        try:
            with alone(connections[options["database"]]):
                super().handle(*args, **options)
        except OperationalError as error:
            if not isinstance(error.__cause__, DiskFull):
                raise
            raise CommandError(
                f"The database's disk is full ({error.__cause__.diag.message_primary}); "
                "make room and start again."
            ) from error


@contextmanager
def alone(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Hold the advisory lock of migrations, on a separate connection, by the direct address.

    The lock belongs to an open transaction. One of a session would be lost behind a connection
    pooler.
    """
    with (
        by_direct_address(),
        closing(psycopg.connect(**connection.get_connection_params())) as holder,
    ):
        # Do not wait within PostgreSQL: CREATE INDEX CONCURRENTLY in the other process would wait
        # for this statement's snapshot. It does not wait for a transaction between statements.
        while holder.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK]).fetchone() != (True,):
            holder.rollback()
            time.sleep(PAUSE)
        holder.execute(WITHOUT_TIME_LIMITS)
        yield
