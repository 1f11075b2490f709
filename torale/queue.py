"""Whether the queue's jobs are done: which have failed, and how long the others have waited."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from procrastinate.contrib.django.models import (
    ProcrastinateEvent,
    ProcrastinateJob,
    ProcrastinatePeriodicDefer,
)
from procrastinate.jobs import Status

#: A person should look at what has waited for this long after its due time: jobs, visits, sends.
LATE_AFTER: Final = timedelta(minutes=5)
#: Seconds without a heartbeat after which a job's worker is considered dead.
STALLED_AFTER_S: Final = 120
#: How many failed jobs are named.
MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStatus:
    """The state of the queue at one moment."""

    #: How many jobs wait for a worker, including those whose time has not come.
    waiting: int
    #: How many seconds the job that is due the longest has waited; 0 if none is due.
    oldest_due_s: float
    #: How many jobs have failed for good and are still in the table.
    failed: int
    #: How many of them no later run has made up for.
    not_made_up_for: int
    #: The names of the last of those, at most MOST_NAMED.
    last_failed: tuple[str, ...]


def failed_jobs() -> QuerySet[ProcrastinateJob]:
    """Return the failed jobs that no later run has made up for."""
    return ProcrastinateJob.objects.filter(~_made_up_for(), status=Status.FAILED.value)


def queue_status(*, now: datetime) -> QueueStatus:
    """Return the status, with three queries."""
    # A job that may run at once has no time of its own.
    deferred = ProcrastinateEvent.objects.filter(job=OuterRef("pk"), type="deferred")
    due_at = Coalesce("scheduled_at", Subquery(deferred.values("at")[:1]))
    waiting = ProcrastinateJob.objects.filter(status=Status.TODO.value)
    jobs = waiting.annotate(due_at=due_at).aggregate(
        count=Count("pk"), oldest=Min("due_at", filter=Q(due_at__lte=now))
    )
    failed = ProcrastinateJob.objects.filter(status=Status.FAILED.value).aggregate(
        count=Count("pk"), open=Count("pk", filter=~_made_up_for())
    )
    names = failed_jobs().order_by("-pk").values_list("task_name", flat=True)[:MOST_NAMED]
    return QueueStatus(
        waiting=jobs["count"],
        oldest_due_s=(now - jobs["oldest"]).total_seconds() if jobs["oldest"] else 0.0,
        failed=failed["count"],
        not_made_up_for=failed["open"],
        last_failed=tuple(names),
    )


def _made_up_for() -> Exists:
    """Return the condition that a job's periodic task has been started again since.

    The later run does what the earlier one has left undone. procrastinate stores only the last job
    of each periodic task.
    """
    last = ProcrastinatePeriodicDefer.objects.filter(task_name=OuterRef("task_name"))
    return Exists(last.exclude(job_id=OuterRef("pk")))
