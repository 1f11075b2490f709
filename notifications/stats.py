"""Statistics of sends: counts by day, and how long they took."""

from collections.abc import Mapping
from datetime import date
from itertools import accumulate
from typing import Any, TypedDict
from uuid import UUID

from django.db import connection

from notifications.selection import DAY, TOOK, Selection

#: The percentiles of the latency that are returned, by their names.
PERCENTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
#: How much longer each class of times ends than it begins (the SQL function `notifications_took`).
WIDTH = 1.1


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


# Rows with a day are for `by_day`, the others for `latency_ms`. {{sends}} keeps the sends that are
# read one by one, and {{days}} those that are counted by day.
STATS = f"""
WITH sends AS MATERIALIZED (
    SELECT {DAY} AS day, notification_type, status, {TOOK} AS took
    FROM notifications_notificationsend WHERE {{sends}}
)
SELECT day, notification_type, status, NULL::smallint AS took, sum(number)::bigint
FROM (
    SELECT day, notification_type, status, number FROM notifications_sendcount
    WHERE number <> 0 AND {{days}}
    UNION ALL SELECT day, notification_type, status, 1 FROM sends
) AS counted
GROUP BY day, notification_type, status HAVING sum(number) <> 0
UNION ALL
SELECT NULL, NULL, NULL, took, sum(timed)::bigint
FROM (
    SELECT took, timed FROM notifications_sendcount WHERE timed <> 0 AND {{days}}
    UNION ALL SELECT took, 1 FROM sends WHERE took IS NOT NULL
) AS counted
GROUP BY took HAVING sum(timed) <> 0
ORDER BY day DESC, notification_type, status, took
"""  # noqa: S608 - both parts are constants


def stats_of(user_id: UUID, filters: Mapping[str, Any]) -> Stats:
    """Return the numbers of a user's sends that match `filters`; one query.

    The latency is from recording to acceptance. Sends that were delivered again have none, as the
    time of their first acceptance is not kept. Only what tells that a condition was met has one:
    other sends may wait for an hour on purpose.
    """
    selection = Selection(user_id, filters)
    if selection.is_counted_by_day:
        statement = STATS.format(sends=selection.of_ends(), days=selection.of_days())
    else:
        statement = STATS.format(sends=selection.of_sends(), days="false")
    with connection.cursor() as cursor:
        cursor.execute(statement, selection.parameters)
        found = cursor.fetchall()
    by_day: list[DayCount] = [
        {"date": day, "notification_type": channel, "status": status, "count": count}
        for day, channel, status, _, count in found
        if day
    ]
    return {
        "total": sum(row["count"] for row in by_day),
        "by_day": by_day,
        "latency_ms": latency_ms([(took, count) for day, _, _, took, count in found if not day]),
    }


def latency_ms(
    counts: list[tuple[int, int]], percentiles: Mapping[str, float] = PERCENTILES
) -> dict[str, int | None]:
    """Return percentiles in milliseconds, by their names, each within 5 % of the exact one.

    Between two ranks they are interpolated, as PostgreSQL's `percentile_cont` does.

    Args:
        counts: how many sends there are of each class of times, in the order of the classes.
        percentiles: those that are returned, as fractions of 1.
    """
    if not counts:
        return dict.fromkeys(percentiles)
    ends = [*accumulate(count for _, count in counts)]

    def at(rank: int) -> float:
        took = next(took for (took, _), end in zip(counts, ends, strict=True) if rank < end)
        return middle_ms(took)

    def percentile(fraction: float) -> int:
        rank = fraction * (ends[-1] - 1)
        low = int(rank)
        high = min(low + 1, ends[-1] - 1)
        return round(at(low) + (rank - low) * (at(high) - at(low)))

    return {name: percentile(fraction) for name, fraction in percentiles.items()}


def middle_ms(took: int) -> float:
    """Return the middle of a class of times: all times of the class are within 5 % of it."""
    return WIDTH ** (took - 0.5) if took else 0.0
