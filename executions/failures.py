"""A failed asking -> asked again, and when, or given up; pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from torale.backoff import jittered


class FailureKind(StrEnum):
    """Why an asking failed; each kind has its own patience."""

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
class Patience:
    """How often and how soon a kind of failure is asked again."""

    #: Askings after the first.
    retries: int
    #: Wait before the first of them.
    first: timedelta = timedelta(0)
    #: Each further wait is this many times the one before.
    factor: int = 1


PATIENCE = {
    FailureKind.RATE_LIMIT: Patience(5, timedelta(seconds=30), 4),
    FailureKind.TIMEOUT: Patience(3, timedelta(seconds=10), 3),
    FailureKind.NETWORK: Patience(3, timedelta(seconds=10), 3),
    FailureKind.AGENT_ERROR: Patience(2, timedelta(seconds=60), 3),
    FailureKind.USER_ERROR: Patience(0),
    FailureKind.SYSTEM_ERROR: Patience(1, timedelta(minutes=5)),
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
    patience = PATIENCE[kind]
    if attempt > patience.retries:
        return None
    return now + jittered(patience.first * patience.factor ** (attempt - 1), jitter=jitter)
