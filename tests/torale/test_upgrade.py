"""`manage.py migrate` of a newer version, while an older one uses the database."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from psycopg.errors import QueryCanceled
from structlog.testing import capture_logs

from tests.support import live_processes
from tests.support.newer_version import NewerVersion
from tests.support.own_database import made_database, migrated_database
from tests.support.processes import manage
from tests.support.races import apart, somebody_waits_for_a_lock
from tests.support.receivers import DEADLINE_S, wait_for
from torale import __version__, clock, schema
from torale.management.commands import migrate
from torale.models import Process, SchemaChange
from torale.schema import Comparison, SchemaTooNew, Standing

ADD_COLUMN = 'migrations.AddField("task", "nickname", models.TextField(null=True)),'
REMOVE_COLUMN = 'migrations.RemoveField("task", "context"),'
ADD_INDEX = 'AddIndexConcurrently("task", models.Index("name", name="task_name")),'

MORE, LESS = ("additive = True", "additive = False")


@pytest.fixture
def address(django_db_setup, django_db_blocker) -> Iterator[str]:
    """The address of the database, which this version has migrated."""
    with django_db_blocker.unblock(), migrated_database("upgrade") as address:
        yield address


@pytest.fixture
def newer(address, tmp_path) -> NewerVersion:
    return NewerVersion(tmp_path)


@pytest.fixture
def other(address) -> Iterator[psycopg.Connection[Any]]:
    """A connection of somebody else."""
    with psycopg.connect(address, autocommit=True) as other:
        yield other


@pytest.fixture
def _impatient(monkeypatch) -> None:
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT_S", 0.2)
    monkeypatch.setattr(migrate, "LOCK_PAUSE_S", 0.1)


@contextmanager
def in_use(other: psycopg.Connection[Any]) -> Iterator[None]:
    """Somebody reads the tasks for a long time."""
    with other.transaction():
        other.execute("SELECT FROM tasks_task")
        yield


def run_migrate(*arguments: str) -> str:
    out = StringIO()
    call_command("migrate", *arguments, stdout=out)
    return out.getvalue()


@contextmanager
def migrating() -> Iterator[StringIO]:
    """Migrate in another thread, and yield what it prints; wait for it at the block's end."""
    out = StringIO()
    with ThreadPoolExecutor(1) as threads:
        end = threads.submit(apart, partial(call_command, "migrate", stdout=out))
        yield out
    end.result()


def announced() -> dict[str, bool]:
    """Return the newer migrations that are announced, and whether each is additive."""
    changes = SchemaChange.objects.filter(name__startswith="9")
    return {str(change): change.is_additive for change in changes}


def applied() -> list[str]:
    """Return the newer migrations that are applied."""
    done = MigrationRecorder.Migration.objects.filter(name__startswith="9")
    return [migration.name for migration in done.order_by("pk")]


def make_process(version: str, *, seen_s_ago: int = 0) -> Process:
    seen_at = clock.now() - timedelta(seconds=seen_s_ago)
    return live_processes.make_process(
        "visit", host="one", pid=12, version=version, started_at=seen_at, seen_at=seen_at
    )


def test_an_older_version_goes_on_when_all_is_additive(newer):
    newer.add("9001_more", ADD_COLUMN, attributes=MORE)
    with newer.installed():
        assert schema.compare().standing is Standing.BEHIND
        run_migrate()
        assert schema.compare().standing is Standing.FITS

    assert schema.compare() == Comparison(Standing.AHEAD, ("tasks.9001_more",))
    assert schema.refusal() is None


@pytest.mark.usefixtures("newer")
def test_a_database_from_before_the_announcements_lacks_only_what_is_not_applied(other):
    other.execute("DROP TABLE torale_schemachange")
    last = ("torale", schema.BASELINE["torale"])
    other.execute("DELETE FROM django_migrations WHERE (app, name) = (%s, %s)", last)

    assert schema.compare() == Comparison(Standing.BEHIND, (".".join(last),))


def test_an_older_version_must_end_when_something_is_not(newer):
    newer.add("9001_more", ADD_COLUMN, attributes=MORE)
    newer.add("9002_less", REMOVE_COLUMN, attributes=LESS)
    newer.add("9003_unstated", "")
    with newer.installed():
        run_migrate()

    assert announced() == {
        "tasks.9001_more": True,
        "tasks.9002_less": False,
        "tasks.9003_unstated": False,
    }
    assert schema.refusal() == (
        "The database has, or is about to get, tasks.9002_less and 1 more of a newer version; "
        f"Torale {__version__} does not work with it. Start the newer version. If it was given up "
        "before it had migrated, run the `manage.py migrate` of this version first."
    )


@pytest.mark.usefixtures("_impatient")
def test_it_is_announced_before_it_is_applied(newer, other):
    newer.add("9001_less", REMOVE_COLUMN, attributes=LESS)

    with newer.installed(), migrating(), in_use(other):
        assert wait_for(announced) == {"tasks.9001_less": False}
        wait_for(somebody_waits_for_a_lock)
        assert applied() == []

    assert applied() == ["9001_less"]


@pytest.mark.usefixtures("_impatient")
def test_a_migration_that_waits_for_a_lock_lets_others_pass(newer, other, address):
    newer.add("9001_more", ADD_COLUMN, attributes=MORE)

    with newer.installed(), migrating() as out, in_use(other):
        wait_for(somebody_waits_for_a_lock)
        with psycopg.connect(address) as third:
            third.execute("SET lock_timeout = '5s'")
            third.execute("SELECT FROM tasks_task")
        wait_for(lambda: "Trying again in 0.1 s." in out.getvalue())

    told = out.getvalue()
    assert "tasks.9001_more has not got a lock on a table. The oldest open transaction is" in told
    assert f"(process {other.info.backend_pid} of PostgreSQL, idle in transaction)." in told
    assert applied() == ["9001_more"]


@pytest.mark.usefixtures("_impatient")
def test_it_gives_up_in_the_end(newer, other, monkeypatch):
    monkeypatch.setattr(migrate, "LOCK_PATIENCE_S", 0)
    newer.add("9001_more", ADD_COLUMN, attributes=MORE)
    newer.add("9002_less", REMOVE_COLUMN, attributes=LESS)

    with newer.installed(), in_use(other), pytest.raises(CommandError, match="End that trans"):
        run_migrate()

    assert (applied(), announced()) == ([], {})


@pytest.mark.usefixtures("newer")
def test_it_does_not_blame_its_own_lock(other):
    with migrate.alone(connection), in_use(other):
        said = migrate.oldest_transaction(connection)

    assert f"(process {other.info.backend_pid} of PostgreSQL, idle in transaction)" in said


@pytest.mark.parametrize("code", ["deadlock_detected", "lock_not_available"])
@pytest.mark.usefixtures("_impatient")
def test_what_was_done_before_is_not_done_again(newer, code, monkeypatch):
    monkeypatch.setattr(migrate, "OLDER_PATIENCE_S", 0)
    make_process("0.0.1")
    newer.add("9001_more", ADD_COLUMN, attributes=MORE)
    # Fails at the first attempt: a sequence counts also what is rolled back.
    once = f"""
migrations.RunSQL(
    "DO $$ BEGIN IF nextval('attempts') = 1 THEN RAISE '' USING ERRCODE = '{code}'; "
    "END IF; END $$"
),
"""
    newer.add("9002_once", once, attributes=LESS)
    with connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE attempts")

    with newer.installed():
        told = run_migrate()

    assert told.count("Waiting up to 0 s for older processes") == 1
    assert told.count("Applying tasks.9001_more") == 1
    assert told.count("Applying tasks.9002_once") == 2
    assert applied() == ["9001_more", "9002_once"]


@pytest.mark.usefixtures("_impatient")
def test_an_index_that_is_built_beside_the_others_waits_for_them(newer, other):
    newer.add("9001_index", ADD_INDEX, attributes="atomic, additive = False, True")

    with newer.installed(), migrating() as out, in_use(other):
        other.execute("LOCK TABLE tasks_task IN ROW EXCLUSIVE MODE")
        wait_for(somebody_waits_for_a_lock)
        wait_for(lambda: age_of_the_wait() > 2 * migrate.LOCK_TIMEOUT_S)

    assert "has not got a lock" not in out.getvalue()


def age_of_the_wait() -> float:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - waitstart)), 0)::float "
            "FROM pg_locks JOIN pg_stat_activity USING (pid) "
            "WHERE NOT granted AND datname = current_database()"
        )
        return float(cursor.fetchone()[0])


def test_an_index_that_a_killed_run_has_left_half_built_is_built_again(newer, other, address):
    newer.add("9001_index", ADD_INDEX, attributes="atomic, additive = False, True")
    statement = 'CREATE INDEX CONCURRENTLY "task_name" ON tasks_task (name)'
    with in_use(other), psycopg.connect(address, autocommit=True) as killed:
        other.execute("LOCK TABLE tasks_task IN ROW EXCLUSIVE MODE")
        killed.execute("SET statement_timeout = '0.2s'")
        with pytest.raises(QueryCanceled):
            killed.execute(statement)
    assert validity_of_the_index(other) == [(False,)]

    with newer.installed():
        run_migrate()

    assert validity_of_the_index(other) == [(True,)]


def test_one_that_it_has_built_and_not_recorded_is_kept(newer, other):
    newer.add("9001_index", ADD_INDEX, attributes="atomic, additive = False, True")
    other.execute('CREATE INDEX "task_name" ON tasks_task (name)')
    its_id = "SELECT to_regclass('task_name')::oid"
    built = other.execute(its_id).fetchone()

    with newer.installed():
        run_migrate()

    assert (applied(), other.execute(its_id).fetchone()) == (["9001_index"], built)


def validity_of_the_index(other: psycopg.Connection[Any]) -> list[tuple[bool]]:
    return other.execute(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('task_name')"
    ).fetchall()


def test_it_waits_until_older_processes_have_ended(newer):
    newer.add("9001_less", REMOVE_COLUMN, attributes=LESS)
    older = make_process(__version__)  # of another commit
    make_process("0.0.2", seen_s_ago=31)

    with newer.installed(), migrating() as out:
        wait_for(lambda: "Waiting" in out.getvalue())
        assert applied() == []
        older.delete()

    waited = f"Waiting up to 30 s for older processes to end: worker 12 on one ({__version__}).\n"
    assert waited in out.getvalue()
    assert applied() == ["9001_less"]


def test_it_does_not_wait_for_ever(newer, monkeypatch):
    monkeypatch.setattr(migrate, "OLDER_PATIENCE_S", 0)
    newer.add("9001_less", REMOVE_COLUMN, attributes=LESS)
    make_process("0.0.1")

    with newer.installed():
        run_migrate()

    assert applied() == ["9001_less"]


def test_it_does_not_wait_at_all_when_all_is_additive(newer):
    newer.add("9001_more", ADD_COLUMN, attributes=MORE)
    make_process("0.0.1")

    with newer.installed():
        assert "Waiting" not in run_migrate()


def test_the_older_version_does_not_migrate_after_the_newer_one(newer):
    newer.add("9001_more", ADD_COLUMN, attributes=MORE)
    with newer.installed():
        run_migrate()

    ahead = (
        f"The database has tasks.9001_more of a newer version; Torale {__version__} works with it."
    )
    assert run_migrate() == f"{ahead} There is nothing to migrate.\n"
    with pytest.raises(CommandError, match="Migrate with the newer version"):
        run_migrate("tasks", "0001")


def test_it_refuses_to_if_it_does_not_work_with_the_tables(newer):
    newer.add("9001_less", REMOVE_COLUMN, attributes=LESS)
    with newer.installed():
        run_migrate()

    with pytest.raises(CommandError, match="Start the newer version"):
        run_migrate()


def test_what_a_killed_run_has_announced_is_forgotten_by_the_next(newer):
    SchemaChange.objects.create(app="tasks", name="9001_less", is_additive=False)
    assert schema.compare().standing is Standing.TOO_NEW

    run_migrate()

    assert schema.compare().standing is Standing.FITS


def test_the_older_version_works_again_after_migrating_back(newer):
    before = newer.last
    newer.add("9001_less", REMOVE_COLUMN, attributes=LESS)
    with newer.installed():
        run_migrate()
        run_migrate("tasks", before)

    assert schema.compare().standing is Standing.FITS


def test_a_look_at_the_plan_announces_nothing(newer):
    newer.add("9001_less", REMOVE_COLUMN, attributes=LESS)

    with newer.installed():
        assert "tasks.9001_less" in run_migrate("--plan")
        with pytest.raises(SystemExit):
            run_migrate("--check")

    assert announced() == {}


def test_a_new_database_knows_what_was_applied(address):
    applied = MigrationRecorder.Migration.objects.values_list("app", "name")

    assert {*SchemaChange.objects.values_list("app", "name")} == {*applied}


@contextmanager
def waiting(stop: threading.Event) -> Iterator[Future[bool]]:
    """Wait in another thread until the database fits; the end of the block sets `stop`."""
    with ThreadPoolExecutor(1) as threads:
        try:
            yield threads.submit(apart, schema.wait_until_it_fits, stop)
        finally:
            stop.set()


def test_a_newer_process_waits_until_the_database_is_migrated(newer):
    newer.add("9001_more", ADD_COLUMN, attributes=MORE)

    with newer.installed(), capture_logs() as entries, waiting(threading.Event()) as end:
        wait_for(lambda: entries)
        assert not end.done()
        run_migrate()
        assert end.result(DEADLINE_S)

    [entry] = entries
    assert entry == {
        "event": "database_awaited",
        "log_level": "warning",
        "reason": (
            f"The database lacks tasks.9001_more, which Torale {__version__} needs. "
            "Run `manage.py migrate`."
        ),
    }


def test_one_that_waits_long_says_it_again_and_stops_when_it_is_told_to(newer, monkeypatch):
    monkeypatch.setattr(schema, "PAUSE_S", 0.01)
    monkeypatch.setattr(schema, "SAY_AGAIN_S", 0.3)
    newer.add("9001_more", ADD_COLUMN, attributes=MORE)
    stop = threading.Event()

    with newer.installed(), capture_logs() as entries, waiting(stop) as end:
        wait_for(lambda: entries)
        begun = time.monotonic()
        wait_for(lambda: len(entries) == 2)
        assert time.monotonic() - begun > 0.2
        stop.set()
        assert not end.result(DEADLINE_S)


def test_a_process_for_which_the_database_is_too_new_does_not_wait(newer):
    SchemaChange.objects.create(app="tasks", name="9001_less", is_additive=False)

    with pytest.raises(SchemaTooNew, match="about to get, tasks"):
        schema.wait_until_it_fits()


def test_a_database_without_tables_is_behind(django_db_setup, django_db_blocker, tmp_path):
    with django_db_blocker.unblock(), made_database("upgrade_empty") as address:
        told = manage("status", DATABASE_URL=address, TORALE_DATA_DIR=tmp_path)

    assert told.returncode == 1
    assert told.stdout.startswith("NEEDS YOU: The database lacks accounts.0001_initial and ")
