"""Figures about the scheduler and the queue, for the operator's command and for Prometheus."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q
from procrastinate.contrib.django.models import ProcrastinateJob
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tasks.models import Task
from torale import clock, scheduler


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerStatus:
    """The state of the scheduler and the queue at one moment."""

    #: How long ago the scheduler last started all due tasks; None if it never did.
    since_last_run: timedelta | None
    #: How many tasks have a visit that is due but not started.
    overdue: int
    #: How many seconds the longest overdue task has waited; 0 if none is overdue.
    oldest_overdue_s: float
    #: How many jobs wait for a worker.
    jobs_waiting: int
    #: How many jobs have failed for good and are still in the table.
    jobs_failed: int

    @property
    def is_late(self) -> bool:
        """Whether the scheduler's last run was too long ago."""
        return scheduler.is_late(self.since_last_run)


def scheduler_status(*, now: datetime) -> SchedulerStatus:
    """Return the status, with three queries: the last run, the due tasks and the stored jobs."""
    due = Task.objects.due(now).aggregate(count=Count("pk"), oldest=Min("next_run_at"))
    jobs = ProcrastinateJob.objects.aggregate(
        waiting=Count("pk", filter=Q(status="todo")), failed=Count("pk", filter=Q(status="failed"))
    )
    return SchedulerStatus(
        since_last_run=scheduler.since_last_run(),
        overdue=due["count"],
        oldest_overdue_s=(now - due["oldest"]).total_seconds() if due["oldest"] else 0.0,
        jobs_waiting=jobs["waiting"],
        jobs_failed=jobs["failed"],
    )


class SchedulerCollector(Collector):
    """Queries the database at each scrape, so that every process reports the same figures."""

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges."""
        status = scheduler_status(now=clock.now())
        since = status.since_last_run
        yield GaugeMetricFamily(
            "torale_scheduler_last_run_seconds",
            "How long ago due tasks were last started; +Inf if never.",
            value=math.inf if since is None else since.total_seconds(),
        )
        yield GaugeMetricFamily(
            "torale_tasks_overdue",
            "Tasks whose visit is due but not started.",
            value=status.overdue,
        )
        yield GaugeMetricFamily(
            "torale_tasks_oldest_overdue_seconds",
            "How long the longest overdue task has waited.",
            value=status.oldest_overdue_s,
        )
        jobs = GaugeMetricFamily("torale_jobs", "Jobs of the queue.", labels=["status"])
        jobs.add_metric(["waiting"], status.jobs_waiting)
        jobs.add_metric(["failed"], status.jobs_failed)
        yield jobs
