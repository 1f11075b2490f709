"""What a load balancer asks: may the process get requests, and does Torale do its work?"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import DatabaseError
from django.db.models import Exists, QuerySet, Value
from django.http import HttpRequest, JsonResponse
from django.views import View

from executions.models import Execution
from tasks.models import Task
from torale import clock, scheduler
from torale.queue import LATE_AFTER, failed_jobs
from torale.trouble import RETRY_AFTER_S


class Sign(StrEnum):
    """What one row is enough to show."""

    SCHEDULER_RUNS = "scheduler runs"
    VISITS_LATE = "visits late"
    JOBS_FAILED = "jobs failed"


class ReadinessView(View):
    """Whether requests can be served, which is so while the database answers.

    Work that is late is shown, but does not change the status: a web server can serve without a
    worker. Strangers may ask, so the answer has no numbers.
    """

    def get(self, request: HttpRequest) -> JsonResponse:
        """Answer 200, or 503 while the database is unavailable."""
        try:
            seen = signs(now=clock.now())
        except DatabaseError:
            return JsonResponse(
                {"detail": "The database does not answer."},
                status=503,
                headers={"Retry-After": str(RETRY_AFTER_S)},
            )
        return JsonResponse(
            {
                "status": "ok",
                "scheduler": "ok" if Sign.SCHEDULER_RUNS in seen else "late",
                "visits": "late" if Sign.VISITS_LATE in seen else "ok",
                "jobs": "failed" if Sign.JOBS_FAILED in seen else "ok",
            }
        )


def signs(*, now: datetime) -> set[Sign]:
    """Return the signs that are seen, with one query.

    The query looks for one row of each kind, so that its cost does not grow with their number.
    """
    long_ago = now - LATE_AFTER
    due, abandoned = Execution.objects.due(long_ago), Execution.objects.abandoned(long_ago)
    looked_for: list[tuple[Sign, QuerySet[Any]]] = [
        (Sign.SCHEDULER_RUNS, scheduler.in_time(now=now)),
        (Sign.VISITS_LATE, due),
        (Sign.VISITS_LATE, abandoned),
        # If an execution is late, the answer is known. Many due tasks may have an open execution
        # then, and they need not be searched.
        (Sign.VISITS_LATE, Task.objects.overdue(long_ago).filter(~Exists(due), ~Exists(abandoned))),
        (Sign.JOBS_FAILED, failed_jobs()),
    ]
    first, *others = [
        rows.annotate(sign=Value(sign.value)).values_list("sign", flat=True)[:1]
        for sign, rows in looked_for
    ]
    return {Sign(seen) for seen in first.union(*others, all=True)}
