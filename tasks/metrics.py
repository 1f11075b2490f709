"""Figures about visits and the queue, for the operator's command and for Prometheus."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, OuterRef, Q, Subquery
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from executions.failures import FailureKind
from executions.models import Execution
from executions.monitors import UNDECRYPTABLE
from executions.spending import spending_status
from tasks.models import Task
from torale import clock, scheduler
from torale.queue import queue_status

#: Failed executions are counted up to this number.
MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitStatus:
    """How visits are doing at one moment."""

    #: How long ago the scheduler last started all due tasks; None if it never did.
    since_last_run: timedelta | None
    #: How many visits are due and have not been begun by any worker.
    overdue: int
    #: How many seconds the one that is due the longest has waited; 0 if none is overdue.
    oldest_overdue_s: float
    #: The same without visits of servers that are being called. Few are called at a time, so what
    #: these visits wait for may be a slow server, which no other worker makes faster.
    waiting_for_worker_s: float
    #: How many active tasks failed at their last visit.
    failing: int
    #: How many of them failed because their request headers cannot be decrypted.
    undecryptable: int

    @property
    def is_scheduler_late(self) -> bool:
        """Whether the scheduler's last run was too long ago."""
        return scheduler.is_late(self.since_last_run)


def visit_status(*, now: datetime) -> VisitStatus:
    """Return the status; seven queries, of which four are about what is overdue.

    A visit is overdue until a worker begins it: first its task is due, then its execution. If the
    worker dies, it is overdue again when the lease has run out. Each of the three has an index.
    """
    called = {
        host
        for hosts in Execution.objects.asking(now).values_list("hosts", flat=True)
        for host in hosts
    }
    tasks = Task.objects.overdue(now).aggregate(count=Count("*"), oldest=Min("next_run_at"))
    due = Execution.objects.due(now).aggregate(
        count=Count("*"),
        oldest=Min("next_attempt_at"),
        of_others=Min("next_attempt_at", filter=~Q(hosts__overlap=[*called])),
    )
    abandoned = Execution.objects.abandoned(now).aggregate(
        count=Count("*"), oldest=Min("leased_until")
    )

    def longest(*since: datetime | None) -> float:
        return (now - min((moment for moment in since if moment), default=now)).total_seconds()

    latest = Execution.objects.ended().filter(task=OuterRef("pk")).newest_first()
    return VisitStatus(
        since_last_run=scheduler.since_last_run(),
        overdue=tasks["count"] + due["count"] + abandoned["count"],
        oldest_overdue_s=longest(tasks["oldest"], due["oldest"], abandoned["oldest"]),
        waiting_for_worker_s=longest(tasks["oldest"], due["of_others"], abandoned["oldest"]),
        failing=Task.objects.failing().count(),
        undecryptable=Task.objects.failing()
        .filter(request_headers__isnull=False)
        .annotate(error=Subquery(latest.values("error_message")[:1]))
        .filter(error=UNDECRYPTABLE)
        .count(),
    )


def failed_by_model(*, now: datetime) -> int:
    """Return how many executions of the last day failed because of the model or a budget.

    They are counted up to MOST_COUNTED, by the index `execution_failed`.
    """
    failed = Execution.objects.failed(FailureKind.AGENT_ERROR, since=now - timedelta(days=1))
    return failed[:MOST_COUNTED].count()


class VisitCollector(Collector):
    """Queries the database at each scrape, so that every process reports the same figures."""

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges of visits, of the queue and of what the language model costs."""
        now = clock.now()
        visits, queue = visit_status(now=now), queue_status(now=now)
        since = visits.since_last_run
        yield GaugeMetricFamily(
            "torale_scheduler_last_run_seconds",
            "How long ago due tasks were last started; +Inf if never.",
            value=math.inf if since is None else since.total_seconds(),
        )
        yield GaugeMetricFamily(
            "torale_tasks_overdue",
            "Tasks whose visit is due but not begun by a worker.",
            value=visits.overdue,
        )
        yield GaugeMetricFamily(
            "torale_tasks_oldest_overdue_seconds",
            "How long the longest overdue task has waited.",
            value=visits.oldest_overdue_s,
        )
        yield GaugeMetricFamily(
            "torale_tasks_failing",
            "Active tasks whose last visit failed.",
            value=visits.failing,
        )
        yield GaugeMetricFamily(
            "torale_tasks_undecryptable",
            "Tasks that fail because no key in TORALE_FIELD_KEYS decrypts their request headers.",
            value=visits.undecryptable,
        )
        jobs = GaugeMetricFamily("torale_jobs", "Jobs of the queue.", labels=["status"])
        jobs.add_metric(["waiting"], queue.waiting)
        jobs.add_metric(["failed"], queue.failed)
        yield jobs
        yield GaugeMetricFamily(
            "torale_jobs_oldest_due_seconds",
            "How long the longest due job has waited.",
            value=queue.oldest_due_s,
        )
        spending = spending_status(now=now)
        yield GaugeMetricFamily(
            "torale_model_month_dollars",
            "What the language model cost in this month (UTC), as far as prices are known.",
            value=float(spending.usd),
        )
        yield GaugeMetricFamily(
            "torale_model_month_tokens",
            "Tokens sent to the language model and received in this month (UTC).",
            value=spending.tokens,
        )
        yield GaugeMetricFamily(
            "torale_model_users_close_to_budget",
            "Users who have spent nine tenths of their budget for this month, or all of it.",
            value=spending.close_users,
        )
        yield GaugeMetricFamily(
            "torale_model_failed_last_day",
            "Executions of the last 24 hours without a usable answer, or over a budget.",
            value=failed_by_model(now=now),
        )
