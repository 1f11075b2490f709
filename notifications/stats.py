"""Statistics of sends: counts by day, and how long they took."""

from datetime import UTC, date, timedelta
from typing import Any, TypedDict

from django.contrib.postgres.fields import ArrayField
from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, F
from django.db.models.functions import TruncDate

from notifications.models import EventType
from notifications.models.send import NotificationSendQuerySet

MILLISECOND = timedelta(milliseconds=1)
#: The percentiles of the latency that are returned, by their names.
PERCENTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}


class DayCount(TypedDict):
    """How many sends of one channel were made on one day (UTC) and are in one status now."""

    date: date
    notification_type: str
    status: str
    count: int


class Stats(TypedDict):
    """The numbers."""

    total: int
    by_day: list[DayCount]
    latency_ms: dict[str, int | None]


class Percentiles(Aggregate):
    """The PERCENTILES of a duration; null if there are no rows."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(ARRAY[%(fractions)s]) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = ArrayField(DurationField())

    def __init__(self, expression: Any) -> None:
        fractions = ", ".join(map(str, PERCENTILES.values()))
        super().__init__(expression, fractions=fractions)


def stats_of(sends: NotificationSendQuerySet) -> Stats:
    """Return the numbers of `sends`; two queries."""
    by_day = list(day_counts(sends))
    return {
        "total": sum(row["count"] for row in by_day),
        "by_day": by_day,
        "latency_ms": latency_ms(sends),
    }


def day_counts(sends: NotificationSendQuerySet) -> Any:
    """Count by day, channel and status; the newest day first."""
    return (
        sends.order_by()
        .values("notification_type", "status", date=TruncDate("created_at", tzinfo=UTC))
        .annotate(count=Count("*"))
        .order_by("-date", "notification_type", "status")
        .values("date", "notification_type", "status", "count")
    )


def latency_ms(sends: NotificationSendQuerySet) -> dict[str, int | None]:
    """Return the PERCENTILES of the milliseconds from recording to acceptance.

    Sends that were delivered again do not count, as the time of their first acceptance is not kept.
    Only what tells that a condition was met counts: other sends may wait for an hour on purpose.
    """
    took = ExpressionWrapper(F("sent_at") - F("created_at"), DurationField())
    told = sends.order_by().filter(event_type=EventType.CONDITION_MET)
    found = told.delivered_once().aggregate(found=Percentiles(took))["found"]
    return {
        name: round(found[index] / MILLISECOND) if found else None
        for index, name in enumerate(PERCENTILES)
    }
