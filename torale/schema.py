"""Whether this version of Torale and the database's tables fit together.

During an upgrade, processes of two versions share the database. Each compares the migrations that
it has on disk with those that were applied. A newer process waits until it finds all of its own. An
older one goes on while what it does not know is additive: the migration says so by `additive =
True`, and `manage.py migrate` announces this in the table torale_schemachange before it begins.
"""

import threading
import time
from collections.abc import Iterable
from enum import StrEnum, auto
from functools import cache
from typing import Final, NamedTuple

import structlog
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, ProgrammingError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from psycopg.errors import UndefinedTable

from torale import __version__, proofs

logger = structlog.get_logger(__name__)

#: The last migration of each of our apps that does not say what it means for older versions. Every
#: later one states `additive`.
BASELINE: Final = {
    "accounts": "0004_keys_expire_and_users_are_switched_off",
    "desk": "0002_view_spending",
    "executions": "0009_spending",
    "notifications": "0010_permissions_of_the_desk",
    "tasks": "0010_permissions_of_the_desk",
    "torale": "0006_processes_and_schema_changes",
}
#: Seconds between two looks of a process that waits.
PAUSE_S: Final = 1
#: Seconds after which a process that waits says again why.
SAY_AGAIN_S: Final = 30

APPLIED_AND_ANNOUNCED: Final = """
SELECT app, name, true, NULL FROM django_migrations
UNION ALL
SELECT app, name, false, is_additive FROM torale_schemachange
"""
ANNOUNCE: Final = """
INSERT INTO torale_schemachange (app, name, is_additive)
SELECT * FROM unnest(%s::text[], %s::text[], %s::boolean[])
ON CONFLICT (app, name) DO UPDATE SET is_additive = EXCLUDED.is_additive
"""
WITHDRAW: Final = """
DELETE FROM torale_schemachange WHERE NOT EXISTS (
    SELECT FROM django_migrations
    WHERE (django_migrations.app, django_migrations.name)
        = (torale_schemachange.app, torale_schemachange.name)
)
"""

#: A migration's app and name.
Key = tuple[str, str]


class SchemaTooNew(ImproperlyConfigured):
    """A newer version has changed the database so that this version cannot use it."""


class Standing(StrEnum):
    """How this version and the database's tables stand to each other."""

    #: The tables are those of this version.
    FITS = auto()
    #: The database lacks migrations of this version.
    BEHIND = auto()
    #: The database has more migrations than this version knows; all are additive.
    AHEAD = auto()
    #: It has, or will soon have, migrations with which this version does not work.
    TOO_NEW = auto()


TEXTS: Final = {
    Standing.FITS: "The tables are those of this version.",
    Standing.BEHIND: "The database lacks {migrations}, which Torale {version} needs.",
    Standing.AHEAD: (
        "The database has {migrations} of a newer version; Torale {version} works with it."
    ),
    Standing.TOO_NEW: (
        "The database has, or is about to get, {migrations} of a newer version; "
        "Torale {version} does not work with it."
    ),
}
REMEDIES: Final = {
    Standing.BEHIND: "run `manage.py migrate`.",
    Standing.AHEAD: "replace the processes of this version, too.",
    Standing.TOO_NEW: (
        "start the newer version. If it was given up before it had migrated, run the "
        "`manage.py migrate` of this version first."
    ),
}


class Comparison(NamedTuple):
    """A standing, and the migrations that account for it, such as `tasks.0011_priorities`."""

    standing: Standing
    migrations: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What was found, as a sentence."""
        first, *others = self.migrations or ("",)
        named = f"{first} and {len(others)} more" if others else first
        return TEXTS[self.standing].format(migrations=named, version=__version__)

    @property
    def remedy(self) -> str:
        """What to do, as sentences of which the first begins in lower case; empty if nothing."""
        return REMEDIES.get(self.standing, "")

    def __str__(self) -> str:
        return f"{self.text} {self.remedy[:1].upper()}{self.remedy[1:]}".strip()


@cache
def migrations_on_disk() -> tuple[frozenset[Key], frozenset[Key]]:
    """Return the migrations that this version needs, and all of which it knows.

    A process reads them once.
    """
    loader = MigrationLoader(None)
    replaced = {key for migration in loader.disk_migrations.values() for key in migration.replaces}
    return frozenset(loader.graph.nodes), frozenset(loader.disk_migrations) | replaced


def compare(database: BaseDatabaseWrapper = connection) -> Comparison:
    """Compare the migrations of this version with the database's.

    This takes one query, or a few if the database is older than the announcements.

    Raises:
        django.db.Error: the database does not answer.
    """
    needed, known = migrations_on_disk()
    try:
        with database.cursor() as cursor:
            cursor.execute(APPLIED_AND_ANNOUNCED)
            rows = cursor.fetchall()
    except ProgrammingError as error:
        if not isinstance(error.__cause__, UndefinedTable):
            raise
        recorder = MigrationRecorder(database)
        rows = [(*key, True, None) for key in recorder.applied_migrations()]
    applied = {(app, name) for app, name, is_applied, _ in rows if is_applied}
    if lacking := needed - applied:
        return Comparison(Standing.BEHIND, _named(lacking))
    # What was applied without an announcement is not newer than this version. Perhaps a library has
    # since left it out.
    unknown = {
        (app, name): is_additive
        for app, name, is_applied, is_additive in rows
        if not is_applied and (app, name) not in known
    }
    if in_the_way := {key for key, is_additive in unknown.items() if not is_additive}:
        return Comparison(Standing.TOO_NEW, _named(in_the_way))
    if unknown:
        return Comparison(Standing.AHEAD, _named(unknown))
    return Comparison(Standing.FITS)


def refusal() -> str | None:
    """Return why this process must end, as sentences for its operator; None if it may go on.

    Raises:
        django.db.Error: the database does not answer.
    """
    compared = compare()
    return str(compared) if compared.standing is Standing.TOO_NEW else None


def wait_until_it_fits(stop: threading.Event | None = None) -> bool:
    """Wait until the database answers, is migrated, and was used with this process's secrets.

    Args:
        stop: ends the waiting once it is set.

    Returns:
        False if `stop` was set first.

    Raises:
        SchemaTooNew: a newer version has migrated it, and this version does not work with it.
        SecretsDiffer: it was used with other secrets.
    """
    stop = stop or threading.Event()
    said, said_at = "", 0.0
    while not stop.is_set():
        try:
            compared = compare()
            if compared.standing is Standing.TOO_NEW:
                raise SchemaTooNew(str(compared))
            if compared.standing is not Standing.BEHIND and proofs.check():
                return True
            reason = str(compared)
        except Error as error:
            reason = str(error)
        finally:
            connection.close()
        if reason != said or time.monotonic() - said_at >= SAY_AGAIN_S:
            said, said_at = reason, time.monotonic()
            logger.warning("database_awaited", reason=reason)
        stop.wait(PAUSE_S)
    return False


def is_additive(migration: Migration) -> bool:
    """Return whether versions that do not know a migration work with it as before.

    Those of libraries do not say, so they count as not additive.
    """
    return bool(getattr(migration, "additive", False))


def announce(migrations: Iterable[Migration], database: BaseDatabaseWrapper = connection) -> None:
    """Tell the processes of older versions which migrations will be applied.

    A database that has no table for this yet has no such processes either.
    """
    rows = [
        (migration.app_label, migration.name, is_additive(migration)) for migration in migrations
    ]
    with database.cursor() as cursor:
        if rows and _can_announce(cursor):
            cursor.execute(ANNOUNCE, [list(column) for column in zip(*rows, strict=True)])


def withdraw(database: BaseDatabaseWrapper = connection) -> None:
    """Forget what was announced and is not applied."""
    with database.cursor() as cursor:
        if _can_announce(cursor):
            cursor.execute(WITHDRAW)


def _can_announce(cursor: CursorWrapper) -> bool:
    cursor.execute("SELECT to_regclass('torale_schemachange') IS NOT NULL")
    [exists] = cursor.fetchone()
    return bool(exists)


def _named(keys: Iterable[Key]) -> tuple[str, ...]:
    return tuple(f"{app}.{name}" for app, name in sorted(keys))
