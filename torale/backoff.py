"""Delays with jitter; pure."""

from datetime import timedelta

#: By how much a delay may be longer or shorter than its nominal length, as a fraction of it.
JITTER = 0.1


def jittered(delay: timedelta, *, jitter: float) -> timedelta:
    """Return `delay`, up to 10 % longer or shorter, so that retries do not come all at once.

    Args:
        delay: the nominal delay.
        jitter: a random number from 0 to 1; 0.5 leaves the delay as it is.
    """
    return delay * (1 + JITTER * (2 * jitter - 1))
