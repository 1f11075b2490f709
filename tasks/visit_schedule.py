"""What a task's `schedule` may say, and when it has the next visit; pure."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from itertools import islice, pairwise
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from torale.backoff import jittered

#: The schedule that leaves the wait to the monitor's answer.
AUTO = "auto"
DEFAULT_ZONE = "UTC"
MAX_LENGTH = 100
FORMS = (
    "Write auto, an interval such as every 30 minutes (or hours, or days), or five cron fields "
    "such as 0 9 * * 1-5."
)
UNITS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}
EVERY = re.compile(r"every (\d{1,5}) (minute|hour|day)s?", re.ASCII)
CRON_FIELDS = 5
#: How many visits are compared to find the shortest time between two: more than a day's visits that
#: are five minutes apart, at a cost of a few milliseconds.
COMPARED_VISITS = 300
#: Where the comparison begins: in a leap year.
COMPARED_FROM = datetime(2024, 1, 1, tzinfo=UTC)


class BadSchedule(ValueError):
    """The text is not a schedule or time zone; the message says what to write."""


def parse(text: str, *, minimum: timedelta) -> str:
    """Return the schedule that `text` states, in the form in which it is stored and shown.

    Args:
        text: `auto`, `every <n> minutes|hours|days`, or five cron fields. Cron fields are those of
            Debian's cron(8), and also `L` and `#` for days.
        minimum: the shortest time that may be between two visits.

    Raises:
        BadSchedule: it is none of these, or two visits would be closer than `minimum`.
    """
    words = text.split()
    schedule = " ".join(words).lower()
    if schedule == AUTO:
        return schedule
    if found := EVERY.fullmatch(schedule):
        shortest = int(found[1]) * UNITS[found[2]]
    elif len(words) == CRON_FIELDS:
        schedule = " ".join(words)
        shortest = _shortest_wait(schedule)
    else:
        raise BadSchedule(FORMS)
    if shortest < minimum:
        raise BadSchedule(
            f"Two visits would be only {_in_words(shortest)} apart; here they must be at least "
            f"{_in_words(minimum)} apart."
        )
    return schedule


def check_zone(name: str) -> None:
    """Check that `name` is a time zone of the IANA database.

    Raises:
        BadSchedule: it is not.
    """
    if name not in _zones():
        raise BadSchedule("Write the IANA name of a time zone, such as Europe/Berlin or UTC.")


def next_visit(
    schedule: str, zone: str, *, after: datetime, interval: timedelta, jitter: float
) -> datetime:
    """Return when a task is visited next.

    Intervals are made up to 10 % longer or shorter, so that tasks that were created together do not
    stay together. A time that cron fields name is kept exactly: people choose it on purpose.

    Cron fields are read in the zone's local time, as cron(8) of Debian does. If they name an hour,
    a visit at a time that the change to summer time skips follows right after the change, and there
    is one visit at a time that comes twice in autumn.

    Args:
        schedule: as `parse` returns it.
        zone: an IANA name. If the machine does not know it any more, UTC is used.
        after: the next visit is later than this.
        interval: the wait that `auto` stands for.
        jitter: a random number from 0 to 1; 0.5 leaves intervals as they are.
    """
    if found := EVERY.fullmatch(schedule):
        interval = int(found[1]) * UNITS[found[2]]
    elif schedule != AUTO:
        return next(CronSim(schedule, after.astimezone(_zone(zone)))).astimezone(UTC)
    return after + jittered(interval, jitter=jitter)


def _shortest_wait(fields: str) -> timedelta:
    """Return the shortest time between two visits.

    Raises:
        BadSchedule: these are not cron fields, or no date fits them.
    """
    try:
        visits = list(islice(_visits(fields), COMPARED_VISITS))
    except CronSimError as error:
        fault = str(error).lower()
        raise BadSchedule(f"These are not five cron fields: {fault}. {FORMS}") from error
    if not visits:
        raise BadSchedule("No date fits these cron fields; change the day or the month.")
    return min((later - earlier for earlier, later in pairwise(visits)), default=timedelta.max)


def _visits(fields: str) -> Iterator[datetime]:
    with suppress(OverflowError):  # the dates are so rare that they reach the calendar's end
        yield from CronSim(fields, COMPARED_FROM)


def _in_words(time: timedelta) -> str:
    minutes = time // UNITS["minute"]
    return f"{minutes:,} minute{'' if minutes == 1 else 's'}"


def _zone(name: str) -> tzinfo:
    return ZoneInfo(name) if name in _zones() and name != DEFAULT_ZONE else UTC


@cache
def _zones() -> frozenset[str]:
    """Return the names of all zones; listing them reads a few hundred files."""
    return frozenset(available_timezones())
