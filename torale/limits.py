"""Limits of the kind "at most N in a window", in a store that all processes share."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from torale.models import Usage

HIT = """
INSERT INTO torale_usage AS usage (key, window_start, count)
VALUES (%(key)s, date_bin(make_interval(secs => %(window_s)s), torale_now(), 'epoch'), 1)
ON CONFLICT (key) DO UPDATE SET
    window_start = EXCLUDED.window_start,
    count = CASE
        WHEN usage.window_start < EXCLUDED.window_start THEN 1
        ELSE least(usage.count, %(most)s) + 1
    END
RETURNING count, window_start + make_interval(secs => %(window_s)s) - torale_now()
"""

#: No window is longer than this, so older counts are no longer needed.
LONGEST_WINDOW = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` in each window; windows start at whole multiples of their length, in UTC."""

    #: What is limited; part of the key under which it is counted.
    name: str
    #: How many are allowed in a window.
    most: int
    #: The length of a window.
    window: timedelta


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a limit allows one more."""

    #: Whether it is within the limit.
    allowed: bool
    #: How many more are allowed in this window.
    remaining: int
    #: How long until the next window begins.
    wait: timedelta


def hit(limit: Limit, whom: str) -> Verdict:
    """Count one more for `whom` and return whether the limit allows it; costs one statement.

    Simultaneous callers are counted one after the other, also across processes. Calls beyond the
    limit do not prolong the wait. If a transaction is rolled back, so is the count. The windows
    follow the database's clock.

    Args:
        limit: the limit.
        whom: whose count is increased.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            HIT,
            {
                "key": _key(limit, whom),
                "window_s": limit.window.total_seconds(),
                "most": limit.most,
            },
        )
        count, wait = cursor.fetchone()
    return Verdict(allowed=count <= limit.most, remaining=max(0, limit.most - count), wait=wait)


def forget(limit: Limit, whom: str) -> None:
    """Reset the count of `whom`."""
    Usage.objects.filter(key=_key(limit, whom)).delete()


def forget_old(*, now: datetime) -> int:
    """Delete the counts whose window has ended; return how many there were."""
    deleted, _ = Usage.objects.filter(window_start__lt=now - 2 * LONGEST_WINDOW).delete()
    return deleted


def _key(limit: Limit, whom: str) -> str:
    return f"{limit.name}:{whom}"
