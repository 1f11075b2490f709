"""Read the `Retry-After` header of an HTTP answer; pure."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


def retry_after(value: str | None, *, now: datetime) -> timedelta | None:
    """Return the wait that a `Retry-After` (RFC 9110 §10.2.3) asks for; None if unreadable.

    Args:
        value: the header's value, a number of seconds or a date; None if there is no such header.
        now: when the answer came.
    """
    if value is None:
        return None
    if (seconds := value.strip()).isdecimal():
        # Ten digits are three centuries. int() refuses some thousands of digits.
        return timedelta(seconds=int(seconds[:10]))
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(timedelta(0), at.replace(tzinfo=at.tzinfo or UTC) - now)
