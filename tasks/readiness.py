"""What a load balancer asks: may the process get requests, and does Torale do its work?"""

from datetime import datetime
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
                "scheduler": "ok" if "scheduler ran" in seen else "late",
                "visits": "late" if "visits late" in seen else "ok",
                "jobs": "failed" if "jobs failed" in seen else "ok",
            }
        )


def signs(*, now: datetime) -> set[str]:
    """Return which of "scheduler ran", "visits late" and "jobs failed" are true; costs one query.

    One row is looked for as each sign, so that the cost does not grow with their number.
    """
    long_ago = now - LATE_AFTER
    due, abandoned = Execution.objects.due(long_ago), Execution.objects.abandoned(long_ago)
    looked_for: list[tuple[str, QuerySet[Any]]] = [
        ("scheduler ran", scheduler.lately(now=now)),
        ("visits late", due),
        ("visits late", abandoned),
        # If executions are late, many tasks may be due whose execution is open. They are not gone
        # through, as the answer is known.
        ("visits late", Task.objects.overdue(long_ago).filter(~Exists(due), ~Exists(abandoned))),
        ("jobs failed", failed_jobs()),
    ]
    first, *others = [
        rows.annotate(sign=Value(sign)).values_list("sign", flat=True)[:1]
        for sign, rows in looked_for
    ]
    return set(first.union(*others, all=True))
