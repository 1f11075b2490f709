"""`manage.py migrate`, one at a time, while older versions of Torale may be running."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any, Final

import psycopg
from django.apps import apps
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import Error, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from django.db.models.signals import pre_migrate
from django.db.transaction import atomic
from psycopg.errors import DeadlockDetected, DiskFull, LockNotAvailable
from psycopg.pq import TransactionStatus

from torale import schema
from torale.database import by_direct_address, is_pooled
from torale.management.subcommands import ExampleCommand
from torale.processes import ALIVE_FOR
from torale.schema import Standing

#: The key of the advisory lock. We chose it: it is "tora" in ASCII.
LOCK = 0x746F7261
#: Keeps PostgreSQL from ending the transaction that holds the lock. Before version 17, it has only
#: the first of these limits.
WITHOUT_TIME_LIMITS = """
SELECT set_config(name, '0', true) FROM pg_settings
WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')
"""
#: Seconds between two attempts to get the lock, and between two looks at older processes.
PAUSE = 0.2
#: Whoever waits for a table's lock holds up all who come later. So a migration waits only for this
#: many seconds.
LOCK_TIMEOUT_S: Final = 3
#: Then it lets the others pass for this many seconds before it tries again.
LOCK_PAUSE_S: Final = 5
#: After this many seconds it gives up.
LOCK_PATIENCE_S: Final = 300
#: Seconds that older processes have to end: they look every 5 seconds, and end within 20.
OLDER_PATIENCE_S: Final = 30

# A process reports only once the tables fit it. So one that reports while migrations are lacking is
# older, even if its version has the same name, which two commits can share.
OLDER_PROCESSES: Final = """
SELECT command || ' ' || pid || ' on ' || host || ' (' || version || ')'
FROM torale_process
WHERE seen_at > torale_now() - make_interval(secs => %s)
ORDER BY 1
"""
# The transaction of `alone` is left out: it is often the oldest, but blocks nobody.
OLDEST_TRANSACTION: Final = """
SELECT pid, state, extract(epoch FROM clock_timestamp() - xact_start)::int
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
AND pid NOT IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = %s)
ORDER BY xact_start LIMIT 1
"""


class Command(ExampleCommand, migrate.Command):
    """Django's command; if several start at once, one migrates and the others wait."""

    examples = ("migrate", "migrate --plan")
    #: The migration that was begun last.
    at_work: Migration | str = "manage.py migrate"

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate.

        Raises:
            CommandError: the database's disk is full, a table's lock was not to be had, or a newer
                version has migrated the database.
        """
        database = connections[options["database"]]
        try:
            with alone(database):
                # Forget what a run announced that was killed before it applied it.
                schema.withdraw(database)
                if self.is_left_alone(database, options):
                    return
                with self.announced(database):
                    self.migrate_between_others(database, options)
        except OperationalError as error:
            if not isinstance(error.__cause__, DiskFull):
                raise
            raise CommandError(
                f"The database's disk is full ({error.__cause__.diag.message_primary}); "
                "make room and start again."
            ) from error

    def is_left_alone(self, database: BaseDatabaseWrapper, options: dict[str, Any]) -> bool:
        """Return whether there is nothing to do because a newer version has migrated; say so.

        Raises:
            CommandError: this version does not work with it, or it cannot do what it is told to.
        """
        compared = schema.compare(database)
        if compared.standing is Standing.TOO_NEW:
            raise CommandError(str(compared))
        if compared.standing is not Standing.AHEAD:
            return False
        if options["app_label"]:
            raise CommandError(f"{compared.text} Migrate with the newer version.")
        if options["verbosity"]:
            self.stdout.write(f"{compared.text} There is nothing to migrate.")
        return True

    @contextmanager
    def announced(self, database: BaseDatabaseWrapper) -> Iterator[None]:
        """Announce what will be applied before it is, and forget what was not."""
        planned: set[Migration] = set()

        def announce(*, plan: list[tuple[Migration, bool]], **_: Any) -> None:
            # This is called again for what is left if a migration did not get a lock.
            is_first = not planned
            planned.update(migration for migration, is_backwards in plan if not is_backwards)
            schema.announce(planned, database)
            if is_first and not all(map(schema.is_additive, planned)):
                self.wait_for_older_processes(database)

        torale = apps.get_app_config("torale")
        pre_migrate.connect(announce, sender=torale)
        try:
            yield
        finally:
            pre_migrate.disconnect(announce, sender=torale)
            with suppress(Error), atomic(database.alias):  # the next run repairs what this leaves
                # Once more, because a new database had no table for it.
                schema.announce(planned, database)
                schema.withdraw(database)

    def wait_for_older_processes(self, database: BaseDatabaseWrapper) -> None:
        """Wait until the processes that do not work with a migration have ended."""
        give_up_at = time.monotonic() + OLDER_PATIENCE_S
        older = older_processes(database)
        if older:
            self.stdout.write(
                f"Waiting up to {OLDER_PATIENCE_S} s for older processes to end: "
                f"{', '.join(older)}."
            )
            self.stdout.flush()
        while older and time.monotonic() < give_up_at:
            time.sleep(PAUSE)
            older = older_processes(database)

    def migrate_between_others(
        self, database: BaseDatabaseWrapper, options: dict[str, Any]
    ) -> None:
        """Migrate; if a migration does not get a lock soon, let others pass and try again.

        Raises:
            CommandError: it did not get one within LOCK_PATIENCE_S.
        """
        give_up_at = time.monotonic() + LOCK_PATIENCE_S
        while True:
            try:
                with database.execute_wrapper(limit_waits_for_locks):
                    super().handle(**options)
            except OperationalError as error:
                if not isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
                    raise
                what = (
                    f"{self.at_work} has not got a lock on a table. {oldest_transaction(database)}"
                )
                if time.monotonic() > give_up_at:
                    raise CommandError(
                        f"{what} What was applied before it remains. End that transaction, or wait "
                        "for its end, and run `manage.py migrate` again."
                    ) from error
                self.stdout.write(f"\n{what} Trying again in {LOCK_PAUSE_S} s.")
                self.stdout.flush()
                time.sleep(LOCK_PAUSE_S)
            else:
                return

    def migration_progress_callback(
        self,
        action: str,
        migration: Migration | None = None,
        fake: bool = False,  # noqa: FBT001, FBT002 - Django passes it so
    ) -> None:
        """Remember which migration is at work."""
        super().migration_progress_callback(action, migration, fake)
        if migration:
            self.at_work = migration


def limit_waits_for_locks(
    execute: Callable[..., Any],
    sql: str,
    params: Any,
    many: bool,  # noqa: FBT001 - Django passes it so
    context: dict[str, Any],
) -> Any:
    """Have each transaction wait at most LOCK_TIMEOUT_S for a lock.

    Statements that commit by themselves wait as long as they must: CREATE INDEX CONCURRENTLY waits
    for older transactions without blocking anybody.
    """
    database = context["connection"]
    session = database.connection
    if database.in_atomic_block and session.info.transaction_status == TransactionStatus.IDLE:
        session.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_S}s'")
    return execute(sql, params, many, context)


def older_processes(database: BaseDatabaseWrapper) -> list[str]:
    """Return the live processes that do not know what is to be applied."""
    with database.cursor() as cursor:
        cursor.execute("SELECT to_regclass('torale_process') IS NOT NULL")
        if cursor.fetchone() != (True,):
            return []
        cursor.execute(OLDER_PROCESSES, [ALIVE_FOR.total_seconds()])
        return [process for (process,) in cursor.fetchall()]


def oldest_transaction(database: BaseDatabaseWrapper) -> str:
    """Return a sentence about the transaction that most probably is in the way."""
    with database.cursor() as cursor:
        cursor.execute(OLDEST_TRANSACTION, [LOCK])
        row = cursor.fetchone()
    if row is None:
        return "No other transaction is open now."
    pid, state, seconds = row
    return f"The oldest open transaction is {seconds} s old (process {pid} of PostgreSQL, {state})."


@contextmanager
def alone(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Hold the advisory lock of migrations, on a separate connection, by the direct address.

    Raises:
        CommandError: a connection pooler is in between. It may close the connection, and with it
            release the lock, while a migration goes on.
    """
    with (
        by_direct_address(),
        closing(psycopg.connect(**connection.get_connection_params())) as holder,
    ):
        if is_pooled(holder):
            raise CommandError(
                "A connection pooler is in front of the database. Set DATABASE_DIRECT_URL to an "
                "address of PostgreSQL itself, and migrate again."
            )
        # Do not wait within PostgreSQL: CREATE INDEX CONCURRENTLY in the other process would wait
        # for this statement's snapshot. It does not wait for a transaction between statements.
        while holder.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK]).fetchone() != (True,):
            holder.rollback()
            time.sleep(PAUSE)
        holder.execute(WITHOUT_TIME_LIMITS)
        yield
