"""A process reports that it is alive, and ends when a newer version forbids it to go on."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from structlog.testing import capture_logs

from tests.support.factories import NOW
from tests.support.live_processes import make_process
from tests.support.receivers import wait_for
from torale import __version__, clock, processes
from torale.models import Process, SchemaChange
from torale.processes import ProcessCollector, Reports, alive, newest_version, not_done
from torale.schema import SchemaTooNew


@pytest.fixture
def _often(monkeypatch, transactional_db):
    monkeypatch.setattr(processes, "REPORT_S", 0.02)


@contextmanager
def reporting(reports: Reports) -> Iterator[Process]:
    """Let a process report; yield its first report."""
    reports.start()
    try:
        wait_for(Process.objects.exists)
        yield Process.objects.get()
    finally:
        reports.end()


def reports_again() -> bool:
    """Wait for a report that is later than now."""
    now = clock.now()
    return wait_for(Process.objects.filter(seen_at__gt=now).exists)


@pytest.mark.usefixtures("_often")
def test_a_process_reports_from_its_start_to_its_end():
    with reporting(Reports("worker", ["visit", "deliver"])) as first:
        assert (first.command, first.does) == ("worker", "deliver visit")
        assert first.version == __version__
        assert clock.now() - first.started_at < timedelta(minutes=1)
        assert reports_again()
        assert alive(now=clock.now()) == [first]
        assert Process.objects.get().started_at == first.started_at

    assert not Process.objects.exists()


@pytest.mark.usefixtures("_often")
def test_a_start_counts_from_when_the_process_was_started_not_from_its_first_report(monkeypatch):
    reports = Reports("web", ["web"])
    began = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: began + 19)

    with reporting(reports) as process:
        assert timedelta(seconds=18) < process.seen_at - process.started_at


@pytest.mark.usefixtures("_often")
def test_between_reports_no_connection_is_taken(monkeypatch):
    monkeypatch.setattr(processes, "REPORT_S", 3600)
    database: Any = connection

    def taken() -> int:
        connection.close()
        stats: dict[str, int] = database.pool.get_stats()
        return stats["pool_size"] - stats["pool_available"]

    with reporting(Reports("web", ["web"])):
        wait_for(lambda: taken() == 0)


@pytest.mark.usefixtures("_often")
def test_trouble_with_the_database_is_logged_once_and_survived():
    def rename(before: str, after: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {before} RENAME TO {after}")

    with reporting(Reports("worker", ["jobs"])), capture_logs() as logs:
        rename("torale_process", "gone")
        try:
            wait_for(lambda: logs)
            time.sleep(0.2)  # ten reports
        finally:
            rename("gone", "torale_process")
        assert reports_again()

    assert [line["event"] for line in logs] == ["report_failed"]
    assert 'relation "torale_process" does not exist' in logs[0]["error"]


@pytest.mark.usefixtures("_often")
def test_a_process_whose_loop_hangs_does_not_report_until_it_goes_on(monkeypatch):
    monkeypatch.setattr(processes, "HANGS_AFTER_S", 0.1)
    reports = Reports("worker", ["jobs"])

    with reporting(reports), capture_logs() as logs:
        wait_for(lambda: logs)
        seen_at = Process.objects.get().seen_at
        time.sleep(0.2)  # ten reports
        assert Process.objects.get().seen_at == seen_at
        assert [line["event"] for line in logs] == ["process_hangs"]

        monkeypatch.setattr(processes, "HANGS_AFTER_S", 60)
        reports.beat()

        assert reports_again()


@pytest.mark.usefixtures("_often")
def test_a_migration_that_the_process_cannot_bear_ends_it_as_sigterm_does():
    came = []
    usual = signal.signal(signal.SIGTERM, lambda *_: came.append(True))
    reports = Reports("web", ["web"])
    try:
        reports.start()
        wait_for(Process.objects.exists)
        with capture_logs() as logs:
            SchemaChange.objects.create(app="tasks", name="9999_less", is_additive=False)
            wait_for(lambda: came)
            assert reports_again()  # it is alive until it ends
        with pytest.raises(SchemaTooNew, match=r"tasks\.9999_less"):
            reports.end()
    finally:
        signal.signal(signal.SIGTERM, usual)

    assert came == [True]
    assert [line["event"] for line in logs] == ["process_ends"]
    assert not Process.objects.exists()


@pytest.mark.usefixtures("_often")
def test_rows_of_processes_that_were_killed_are_deleted_after_a_day():
    now = clock.now()
    make_process(host="old", seen_at=now - timedelta(hours=25))
    make_process(host="late", seen_at=now - timedelta(hours=23))
    reports = Reports("web", ["web"])

    reports.start()
    wait_for(lambda: not Process.objects.filter(host="old").exists())
    reports.end()

    assert [process.host for process in Process.objects.all()] == ["late"]


@pytest.mark.django_db
def test_a_process_is_alive_for_half_a_minute_after_its_last_report():
    silent = timedelta(seconds=30)
    make_process("web", seen_at=NOW - silent)
    make_process("jobs", seen_at=NOW - silent)
    make_process("deliver", seen_at=NOW - silent - timedelta(milliseconds=1))

    found = alive(now=NOW)

    assert [process.does for process in found] == ["web", "jobs"]
    assert not_done(found) == ["deliver", "visit"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("versions", "newest"),
    [
        (["0.9.1", "0.10.0", "0.9.2"], "0.10.0"),
        (["1.0.0.dev0", "0.9"], "1.0.0.dev0"),
        (["1.0.0.dev0", "1.0.0"], "1.0.0"),
    ],
)
def test_the_newest_version_is_the_highest_and_of_equal_ones_the_last_started(versions, newest):
    for number, version in enumerate(versions):
        make_process(version=version, started_at=NOW + timedelta(seconds=number))

    assert newest_version(alive(now=NOW)) == newest


@pytest.mark.django_db
def test_prometheus_gets_one_sample_for_each_process_in_one_query(
    at_now, django_assert_num_queries
):
    make_process("web", started_at=NOW - timedelta(days=1), pid=1)
    # In a container, the next one has the same number.
    make_process("web", started_at=NOW, pid=1)
    make_process("deliver jobs", started_at=NOW, pid=2)

    with django_assert_num_queries(2):  # one is for the time
        [metric] = ProcessCollector().collect()

    assert metric.name == "torale_process_start_time_seconds"
    assert [(sample.labels, sample.value) for sample in metric.samples] == [
        (
            {
                "command": command,
                "does": does,
                "host": "torale1",
                "pid": pid,
                "version": __version__,
            },
            NOW.timestamp(),
        )
        for command, does, pid in (("web", "web", "1"), ("worker", "deliver jobs", "2"))
    ]
