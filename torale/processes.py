"""The processes that serve and work: each reports that it is alive, and what it does."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.db import connection
from django.utils.version import get_version_tuple
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from torale import __version__, clock, schema
from torale.models import Process
from torale.uuid7 import uuid7

logger = structlog.get_logger(__name__)

#: What a process may do: serve requests, deliver sends, run the queue's jobs, visit pages.
WEB, DELIVER, JOBS, VISIT = "web", "deliver", "jobs", "visit"
#: What a worker may do.
WORK: Final = (DELIVER, JOBS, VISIT)

#: Seconds between two reports of a process.
REPORT_S: Final = 5.0
#: A process counts as alive for this long after a report. It may miss a few of them while the
#: database is busy.
ALIVE_FOR: Final = timedelta(seconds=30)
#: A process whose loop has not turned for this many seconds does nothing, so it does not report.
HANGS_AFTER_S: Final = 20.0
#: How many seconds a process that ends waits until its row is deleted.
END_S: Final = 1.0

# It also deletes the rows of processes that were killed.
REPORT = """
WITH forgotten AS (
    DELETE FROM torale_process WHERE id IN (
        SELECT id FROM torale_process
        WHERE seen_at < torale_now() - interval '1 day' AND id <> %(id)s
        FOR UPDATE SKIP LOCKED
    )
)
INSERT INTO torale_process (id, command, does, host, pid, version, started_at, seen_at)
VALUES (
    %(id)s, %(command)s, %(does)s, %(host)s, %(pid)s, %(version)s,
    torale_now() - make_interval(secs => %(age_s)s), torale_now()
)
ON CONFLICT (id) DO UPDATE SET seen_at = EXCLUDED.seen_at
"""
FORGET = "DELETE FROM torale_process WHERE id = %s"


class Reports:
    """Reports that this process is alive, and ends it once a newer version forbids it to go on.

    It takes a database connection only while it reports. Nothing that goes wrong here ends the
    process.

    Args:
        command: the command that runs this process, such as `worker`.
        does: what it does: WEB, or some of WORK.
    """

    def __init__(self, command: str, does: Iterable[str]) -> None:
        self._thread = threading.Thread(target=self._run, name="reports", daemon=True)
        self._row: dict[str, Any] = {
            "id": uuid7(),
            "command": command,
            "does": " ".join(sorted(does)),
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "version": __version__,
        }
        self._started = self._turned = time.monotonic()
        self._ended = threading.Event()
        self._said = ""
        #: Why this process must end, as `schema.refusal` says it; None if it may go on.
        self.refusal: str | None = None

    def beat(self) -> None:
        """Note that the loop that does the work has turned; it calls this every second or so."""
        self._turned = time.monotonic()

    def start(self) -> None:
        """Begin to report, in a thread. SIGTERM must be handled by now."""
        self._thread.start()

    def end(self) -> None:
        """Stop reporting. Wait for the row to be deleted, but no longer than END_S seconds.

        Raises:
            SchemaTooNew: this process was ended because a newer version has changed the database.
        """
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(END_S)
        if self.refusal:
            raise schema.SchemaTooNew(self.refusal)

    def _run(self) -> None:
        """Report until `end` is called, and then delete the row."""
        while not self._ended.is_set():
            silent_s = time.monotonic() - self._turned
            if silent_s <= HANGS_AFTER_S:
                self._do_safely(self._report)
            elif self._is_news("process_hangs"):
                logger.warning("process_hangs", silent_s=round(silent_s))
            self._ended.wait(REPORT_S)
        self._do_safely(self._forget)

    def _report(self) -> None:
        # Asked first: the newer version may have changed the table of processes, too.
        if not self.refusal and (refusal := schema.refusal()):
            self.refusal = refusal
            logger.error("process_ends", reason=refusal)
            os.kill(os.getpid(), signal.SIGTERM)
        with connection.cursor() as cursor:
            cursor.execute(REPORT, self._row | {"age_s": time.monotonic() - self._started})
        self._said = ""

    def _forget(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(FORGET, [self._row["id"]])

    def _do_safely(self, act: Callable[[], None]) -> None:
        try:
            try:
                act()
            finally:
                connection.close()
        except Exception as error:  # noqa: BLE001 - whatever is wrong, the process goes on
            if self._is_news("report_failed"):
                logger.warning("report_failed", error=str(error))

    def _is_news(self, event: str) -> bool:
        """Return whether an event has not been logged since the last report."""
        is_news, self._said = event != self._said, event
        return is_news


def alive(*, now: datetime) -> list[Process]:
    """Return the processes that have reported within ALIVE_FOR, by what they do; one query."""
    lately = Process.objects.filter(seen_at__gte=now - ALIVE_FOR)
    return [*lately.order_by("command", "does", "host", "pid", "started_at")]


def not_done(processes: Iterable[Process]) -> list[str]:
    """Return which of WORK none of the processes does."""
    done = {word for process in processes for word in process.does.split()}
    return [work for work in WORK if work not in done]


def newest_version(processes: Sequence[Process]) -> str:
    """Return the highest version among processes, of which there must be one."""
    return max(
        processes, key=lambda process: (get_version_tuple(process.version), process.started_at)
    ).version


class ProcessCollector(Collector):
    """Queries at each scrape, so that whichever process is asked tells of all."""

    def collect(self) -> Iterator[Metric]:
        """Yield when each live process was started."""
        labels = ("command", "does", "host", "pid", "version")
        # In containers, a process often has the number and host of the one that it replaces, and
        # Prometheus takes only one sample with the same labels: the later one.
        started = {
            tuple(str(getattr(process, label)) for label in labels): process.started_at
            for process in alive(now=clock.now())
        }
        gauge = GaugeMetricFamily(
            "torale_process_start_time_seconds",
            "When each live process was started, as a Unix time.",
            labels=labels,
        )
        for values, at in started.items():
            gauge.add_metric(values, at.timestamp())
        yield gauge
