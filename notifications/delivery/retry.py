"""Decide what follows from an attempt: done, another attempt, or giving up; pure."""

from dataclasses import dataclass
from datetime import timedelta

from notifications.channels import Outcome
from torale.backoff import jittered

#: Waits between attempts: the example of Standard Webhooks, "Deliverability and reliability".
DELAYS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
#: The longest wait a receiver may ask for by `Retry-After`.
LONGEST_WAIT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Done:
    """The other side accepted it."""


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """Another attempt is due."""

    #: How long after this one was stored.
    wait: timedelta


@dataclass(frozen=True, slots=True)
class GiveUp:
    """No attempt is left, or none would help."""


def decide(outcome: Outcome, *, attempt: int, jitter: float) -> Done | RetryAfter | GiveUp:
    """Return what follows from an attempt's outcome.

    Args:
        outcome: how the attempt ended.
        attempt: its number, 1 for the first.
        jitter: a random number in 0..1.
    """
    if outcome.error is None:
        return Done()
    if outcome.is_permanent or attempt > len(DELAYS):
        return GiveUp()
    wait = jittered(DELAYS[attempt - 1], jitter=jitter)
    if outcome.retry_after is not None:
        # A receiver may ask for a longer wait than ours, but not for a shorter one.
        wait = max(wait, min(outcome.retry_after, LONGEST_WAIT))
    return RetryAfter(wait)
