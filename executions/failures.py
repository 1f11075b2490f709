"""Decide whether and when a question is asked again after an attempt failed; pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from torale.backoff import jittered


class FailureKind(StrEnum):
    """Why an attempt to ask failed; RETRY_PLANS says how each kind is retried."""

    #: The page's server asked us to come less often.
    RATE_LIMIT = "rate_limit"
    #: There was no answer in time.
    TIMEOUT = "timeout"
    #: The page's server could not be reached, or answered with an error of its own.
    NETWORK = "network"
    #: The model gave no usable answer.
    AGENT_ERROR = "agent_error"
    #: The fault is in the task itself; asking again would not help.
    USER_ERROR = "user_error"
    #: The fault is ours.
    SYSTEM_ERROR = "system_error"


#: The longest time for which a server may ask not to be visited.
LONGEST_REST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RetryPlan:
    """How often, and after which waits, a question is asked again after a kind of failure."""

    #: How many attempts may follow the first.
    retries: int
    #: The wait before the first retry.
    first: timedelta = timedelta(0)
    #: Each later wait is this many times the one before.
    factor: int = 1


#: The waits of each plan are under ten minutes together. What lasts longer is the next visit's.
RETRY_PLANS = {
    FailureKind.RATE_LIMIT: RetryPlan(3, timedelta(seconds=30), 3),
    FailureKind.TIMEOUT: RetryPlan(3, timedelta(seconds=10), 3),
    FailureKind.NETWORK: RetryPlan(3, timedelta(seconds=10), 3),
    FailureKind.AGENT_ERROR: RetryPlan(2, timedelta(seconds=60), 3),
    FailureKind.USER_ERROR: RetryPlan(0),
    FailureKind.SYSTEM_ERROR: RetryPlan(1, timedelta(minutes=5)),
}


def most_retryable(kinds: Iterable[FailureKind]) -> FailureKind:
    """Return the kind of failure that is retried most often; the first of several such."""
    return max(kinds, key=lambda kind: RETRY_PLANS[kind].retries)


def next_attempt_at(
    kind: FailureKind,
    *,
    attempt: int,
    now: datetime,
    jitter: float,
    retry_after: datetime | None = None,
) -> datetime | None:
    """Return when to ask again after an attempt failed, or None to give up.

    Args:
        kind: why it failed.
        attempt: its number; 1 is the first.
        now: when it failed.
        jitter: a random number from 0 to 1.
        retry_after: until when the server asked not to be visited. If the retry would come sooner,
            there is none: the next visit may wait longer than a retry.
    """
    plan = RETRY_PLANS[kind]
    if attempt > plan.retries:
        return None
    at = now + jittered(plan.first * plan.factor ** (attempt - 1), jitter=jitter)
    return at if retry_after is None or retry_after <= at else None
