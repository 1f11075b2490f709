"""`manage.py migrate`, one at a time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.errors import DiskFull

from torale.management.subcommands import ExampleCommand

#: The key of the advisory lock. We chose it: it is "tora" in ASCII.
LOCK = 0x746F7261
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
    """Hold the advisory lock of migrations, on a separate connection."""
    parameters = {**connection.get_connection_params(), "autocommit": True}
    with psycopg.connect(**parameters) as holder:
        # Do not wait within PostgreSQL: CREATE INDEX CONCURRENTLY in the other process would wait
        # for this statement's snapshot.
        while holder.execute("SELECT pg_try_advisory_lock(%s)", [LOCK]).fetchone() != (True,):
            time.sleep(PAUSE)
        yield
