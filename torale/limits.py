"""Limits of the kind "at most N in a window", in a store that all processes share."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection

from torale.models import Usage

HIT = """
INSERT INTO torale_usage AS usage (key, window_start, count) VALUES (%s, %s, 1)
ON CONFLICT (key) DO UPDATE SET
    window_start = EXCLUDED.window_start,
    count = CASE
        WHEN usage.window_start < EXCLUDED.window_start THEN 1
        ELSE least(usage.count, %s) + 1
    END
RETURNING count
"""

#: No window is longer, so what is older counts for nothing.
LONGEST_WINDOW = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` in each window; windows start at whole multiples of their length, in UTC."""

    #: Names what is limited; part of the key it is counted under.
    name: str
    #: How often.
    most: int
    #: In how long.
    window: timedelta


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a limit says to one more."""

    #: Whether it is within the limit.
    allowed: bool
    #: How many more are in this window.
    remaining: int
    #: When the next window begins.
    resets_at: datetime


def hit(limit: Limit, whom: str, *, now: datetime) -> Verdict:
    """Count one more for `whom` and say whether the limit allows it; costs one statement.

    Simultaneous callers are counted one after the other, also across processes. What is not
    allowed is not counted on, so asking again and again does not prolong the wait. Inside a
    transaction the count is rolled back with it.

    Args:
        limit: what is limited, and how.
        whom: whose count it is.
        now: the time of the request.
    """
    seconds = limit.window.total_seconds()
    begin = math.floor(now.timestamp() / seconds) * seconds
    with connection.cursor() as cursor:
        window_start = datetime.fromtimestamp(begin, tz=UTC)
        cursor.execute(HIT, [f"{limit.name}:{whom}", window_start, limit.most])
        [count] = cursor.fetchone()
    return Verdict(
        allowed=count <= limit.most,
        remaining=max(0, limit.most - count),
        resets_at=window_start + limit.window,
    )


def forget_old(*, now: datetime) -> int:
    """Delete counts whose window has ended; return how many."""
    deleted, _ = Usage.objects.filter(window_start__lt=now - 2 * LONGEST_WINDOW).delete()
    return deleted
