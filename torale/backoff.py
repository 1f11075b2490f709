"""Delays with jitter; pure."""

from datetime import timedelta

#: How far a delay may stray from its nominal length, either way.
JITTER = 0.1


def jittered(delay: timedelta, *, jitter: float) -> timedelta:
    """Return `delay` moved by up to 10 % either way, so that failures do not come back in step.

    Args:
        delay: the nominal delay.
        jitter: a random number in 0..1; 0.5 leaves the delay as it is.
    """
    return delay * (1 + JITTER * (2 * jitter - 1))
