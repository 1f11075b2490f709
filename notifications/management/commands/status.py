"""`manage.py status`: how Torale is doing, and whether a person has to do something."""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser

from notifications.attention import Need, of_another_version, reasons
from notifications.metrics import (
    DeliveryStatus,
    delivery_status,
    endpoints_in_trouble,
    shown_count,
)
from tasks.metrics import VisitStatus, visit_status
from torale import clock, schema
from torale.management.output import add_format, write_record
from torale.management.subcommands import ExampleCommand
from torale.models import Process
from torale.processes import WEB, WORK, alive, newest_version
from torale.queue import QueueStatus, queue_status


class Command(ExampleCommand):
    """One screen for the operator; its exit status is for cron and monitoring."""

    help = (
        "Print which processes are alive, how visits, jobs and notifications are doing, and what "
        "needs a person. Exit with 1 if something does."
    )
    examples = ("status", "status --format json", "status --format csv")

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the format."""
        add_format(parser)

    def handle(self, *args: Any, format: str, **options: Any) -> None:  # noqa: A002 - its name
        """Print; end with 1 if something needs a person."""
        if need := of_another_version(schema.compare()):
            self.end([need], format, {})
        now = clock.now()
        visits, queue = visit_status(now=now), queue_status(now=now)
        delivery = delivery_status(now=now)
        processes = alive(now=now)
        if format == "table":
            self.stdout.write(
                screen(processes=processes, visits=visits, queue=queue, delivery=delivery)
            )
        needs = [*reasons(processes=processes, visits=visits, queue=queue, delivery=delivery)]
        known = figures(visits=visits, queue=queue, delivery=delivery)
        self.end(needs, format, counts(processes) | known | {"processes": rows_of(processes)})

    def end(self, needs: list[Need], as_: str, known: dict[str, Any]) -> None:
        """Print what needs a person, and end with 1 if anything does."""
        if as_ == "table":
            for need in needs:
                self.stdout.write(f"NEEDS YOU: {need}")
            if not needs:
                self.stdout.write("Nothing needs you.")
        else:
            write_record(
                self.stdout, {**known, "needs_you": [asdict(need) for need in needs]}, as_=as_
            )
        if needs:
            sys.exit(1)


def counts(processes: Sequence[Process]) -> dict[str, int]:
    """Return how many processes do what, for programs."""
    done = Counter(word for process in processes for word in process.does.split())
    return {f"processes_{word}": done[word] for word in (WEB, *WORK)}


def rows_of(processes: Sequence[Process]) -> list[dict[str, Any]]:
    """Return the processes for programs."""
    newest = newest_version(processes) if processes else ""
    return [
        {
            "does": process.does,
            "host": process.host,
            "pid": process.pid,
            "started_at": process.started_at,
            "version": process.version,
            "is_newest_version": process.version == newest,
        }
        for process in processes
    ]


def lines_of(processes: Sequence[Process]) -> list[str]:
    """Return the processes for people, one a line."""
    rows = [
        (
            row["does"],
            f"{row['host']}:{row['pid']}",
            f"since {row['started_at']:%Y-%m-%d %H:%M:%S}",
            row["version"] + ("" if row["is_newest_version"] else " (not the newest)"),
        )
        for row in rows_of(processes)
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def figures(*, visits: VisitStatus, queue: QueueStatus, delivery: DeliveryStatus) -> dict[str, Any]:
    """Return the figures for programs. Durations are in seconds."""
    parts = {"visits": asdict(visits), "queue": asdict(queue), "sends": asdict(delivery)}
    return {
        f"{part}_{name}": in_seconds(value)
        for part, values in parts.items()
        for name, value in values.items()
    }


def in_seconds(value: Any) -> Any:
    """Return a figure as it is written to JSON and CSV."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    return ", ".join(value) if isinstance(value, tuple) else value


def screen(
    *,
    processes: Sequence[Process],
    visits: VisitStatus,
    queue: QueueStatus,
    delivery: DeliveryStatus,
) -> str:
    """Return the processes, the figures, and the webhooks that fail."""
    rows = {
        "Processes": f"\n{'':<17}".join(lines_of(processes)) or "none",
        "Scheduler": last_run(visits),
        "Visits": f"{visits.overdue} overdue, the longest for {visits.oldest_overdue_s:.0f} s",
        "Tasks": f"{visits.failing} failing",
        "Jobs": f"{queue.waiting} waiting, the longest due for {queue.oldest_due_s:.0f} s",
        "Failed jobs": f"{queue.failed}, of which {queue.not_made_up_for} were not run again",
        "Queued": f"{delivery.queued}",
        "Retrying": f"{delivery.retrying}",
        "Due now": f"{shown_count(delivery.due)}, the longest for {delivery.oldest_due_s:.0f} s",
        "Last minute": f"{delivery.succeeded_a_minute} accepted, {delivery.failed_a_minute} not",
        "Mail server": f"{shown_count(delivery.mail_refused)} emails cannot leave",
        "Undecryptable": f"{shown_count(delivery.undecryptable)} notifications, "
        f"{visits.undecryptable} tasks",
        "Webhooks": f"{delivery.failing_endpoints} failing, "
        f"{delivery.switched_off_endpoints} switched off",
    }
    lines = [f"{name:<17}{text}" for name, text in rows.items()]
    for endpoint in endpoints_in_trouble():
        off = f", switched off, because {endpoint.switched_off_because}"
        lines.append(
            f"  {endpoint.shown_url} since {endpoint.failing_since:%Y-%m-%d %H:%M}"
            f"{off if endpoint.switched_off_at else ''}"
        )
    return "\n".join(lines)


def last_run(visits: VisitStatus) -> str:
    """Return when the scheduler ran, and whether that is too long ago."""
    if visits.since_last_run is None:
        return "LATE: it has never run"
    ago = f"ran {visits.since_last_run.total_seconds():.0f} s ago"
    return f"LATE: it {ago}" if visits.is_scheduler_late else ago
