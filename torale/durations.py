"""Parse times as an operator writes them: `90d`, `2h`, `9:00`, or a moment in ISO 8601."""

import re
from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

from django.utils.dateparse import parse_datetime

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
#: Only to check that a moment can be computed.
SOME_TIME = datetime(2026, 1, 1, tzinfo=UTC)
FORM = re.compile(r"(\d{1,6})([smhdw])")


def duration(text: str) -> timedelta:
    """Return the duration that `text` states, such as `90d`.

    Raises:
        ArgumentTypeError: the message says what is expected; argparse shows it.
    """
    found = FORM.fullmatch(text.strip())
    if found is None:
        raise ArgumentTypeError(f"{text!r} is not a duration; write it like 90d, 12h or 30m.")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def moment(text: str, *, now: datetime) -> datetime:
    """Return the moment that `text` states.

    It is a time or a date in ISO 8601, a time of today, or a duration before `now`. It is in UTC
    unless it says otherwise.

    Raises:
        ArgumentTypeError: the message says what is expected.
    """
    if FORM.fullmatch(text.strip()):
        try:
            return now - duration(text)
        except OverflowError as error:
            raise ArgumentTypeError(f"{text!r} ago is before the calendar begins.") from error
    try:
        parsed = parse_datetime(text.strip())
        if parsed is None:
            padded = re.sub(r"^(\d:)", r"0\1", text.strip())
            at = time.fromisoformat(padded)
            parsed = datetime.combine(now.astimezone(UTC), at)
    except ValueError:
        parsed = None
    if parsed is None:
        raise ArgumentTypeError(
            f"{text!r} is not a time; write it like 2026-03-04T09:00Z, 9:00 for today, or 2h for "
            "two hours ago."
        )
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def a_moment(text: str) -> Callable[[datetime], datetime]:
    """Check that `text` states a moment, and return what computes it from the time now.

    It is for the options of commands, which are parsed before the database's time is known.

    Raises:
        ArgumentTypeError: the message says what is expected.
    """
    moment(text, now=SOME_TIME)
    return lambda now: moment(text, now=now)
