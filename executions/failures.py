"""A failed asking -> asked again, and when, or given up; pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from torale.backoff import jittered


class FailureKind(StrEnum):
    """Why an asking failed; RETRY_PLANS says how each kind is tried again."""

    #: The page's server asked us to come less often.
    RATE_LIMIT = "rate_limit"
    #: No answer in time.
    TIMEOUT = "timeout"
    #: The page's server could not be reached, or had a fault of its own.
    NETWORK = "network"
    #: The model gave no usable answer.
    AGENT_ERROR = "agent_error"
    #: The task itself is at fault; asking again changes nothing.
    USER_ERROR = "user_error"
    #: We are at fault.
    SYSTEM_ERROR = "system_error"


@dataclass(frozen=True, slots=True)
class RetryPlan:
    """How often and how soon a kind of failure is asked again."""

    #: Askings after the first.
    retries: int
    #: Wait before the first of them.
    first: timedelta = timedelta(0)
    #: Each further wait is this many times the one before.
    factor: int = 1


RETRY_PLANS = {
    FailureKind.RATE_LIMIT: RetryPlan(5, timedelta(seconds=30), 4),
    FailureKind.TIMEOUT: RetryPlan(3, timedelta(seconds=10), 3),
    FailureKind.NETWORK: RetryPlan(3, timedelta(seconds=10), 3),
    FailureKind.AGENT_ERROR: RetryPlan(2, timedelta(seconds=60), 3),
    FailureKind.USER_ERROR: RetryPlan(0),
    FailureKind.SYSTEM_ERROR: RetryPlan(1, timedelta(minutes=5)),
}


def next_attempt_at(
    kind: FailureKind, *, attempt: int, now: datetime, jitter: float
) -> datetime | None:
    """Return when to ask again after the `attempt`-th asking failed, or None to give up.

    Args:
        kind: why it failed.
        attempt: 1 for the first asking.
        now: when it failed.
        jitter: a random number in 0..1.
    """
    plan = RETRY_PLANS[kind]
    if attempt > plan.retries:
        return None
    return now + jittered(plan.first * plan.factor ** (attempt - 1), jitter=jitter)
