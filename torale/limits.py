"""Limits of the kind "at most N in a window", in a store that all processes share."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from torale.errors import TooOften
from torale.models import Usage

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
    #: Over how many rows a count is spread, each with a share of `most`. A row stays locked until
    #: the transaction ends, so this is how many transactions can count at once without waiting.
    shards: int = 1

    def shares(self, whom: str) -> dict[str, int]:
        """Return how many are allowed for `whom` by the key of each row."""
        share, rest = divmod(self.most, self.shards)
        return {
            f"{self.name}:{whom}:{shard}": share + (shard < rest)
            for shard in range(min(self.shards, self.most))
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a limit allows one more."""

    #: Whether it is within the limit.
    allowed: bool
    #: How long until the next window begins.
    wait: timedelta


def hit(limit: Limit, whom: str) -> Verdict:
    """Count one more for `whom` if the limit allows it, and return whether it does.

    This is exact, also across processes. It waits for counts that other transactions have not yet
    committed only if the answer depends on them. If a transaction is rolled back, so is the count.
    The windows follow the database's clock. It costs one statement.

    Args:
        limit: the limit.
        whom: whose count is increased.
    """
    shares = limit.shares(whom)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT allowed, wait FROM torale_hit(%s, %s, make_interval(secs => %s))",
            [[*shares], [*shares.values()], limit.window.total_seconds()],
        )
        allowed, wait = cursor.fetchone()
    return Verdict(allowed=allowed, wait=wait)


def hit_each(*counts: tuple[Limit, str]) -> timedelta | None:
    """Count one more for each limit in turn, up to the first that does not allow it.

    Args:
        counts: the limits, each with whose count is increased.

    Returns:
        How long until the next window of that limit begins; None if all limits allow it.
    """
    for limit, whom in counts:
        verdict = hit(limit, whom)
        if not verdict.allowed:
            return verdict.wait
    return None


def hit_or_refuse(limit: Limit, whom: str, detail: str) -> None:
    """Count one more for `whom`.

    Args:
        limit: the limit.
        whom: whose count is increased.
        detail: what is said if the limit does not allow it, as a sentence.

    Raises:
        TooOften: it does not.
    """
    verdict = hit(limit, whom)
    if not verdict.allowed:
        raise TooOften(detail, wait=verdict.wait)


def digest(text: str) -> str:
    """Return a hash of `text` for use as `whom`.

    What people type is not stored: some type their password where the email belongs.
    """
    return hashlib.sha256(text.encode()).hexdigest()


def forget(limit: Limit, whom: str) -> None:
    """Reset the count of `whom`."""
    Usage.objects.filter(key__in=limit.shares(whom)).delete()


def forget_old(*, now: datetime) -> int:
    """Delete the counts whose window has ended; return how many there were."""
    deleted, _ = Usage.objects.filter(window_start__lt=now - 2 * LONGEST_WINDOW).delete()
    return deleted
