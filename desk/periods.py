"""How far back the home page looks."""

from datetime import UTC, datetime, time, timedelta
from enum import Enum

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Period(Enum):
    """A period that ends now. Its value is the one in the page's URL."""

    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"

    def since(self, now: datetime) -> datetime:
        """Return when the period begins."""
        return (hours(now) if self is Period.DAY else self.days(now))[0]

    def days(self, now: datetime) -> list[datetime]:
        """Return when each of the period's days (UTC) begins, and when today, the last one, ends.

        The last 24 hours have two days: yesterday and today.
        """
        number = {Period.DAY: 2, Period.WEEK: 7, Period.MONTH: 30}[self]
        end = datetime.combine(now.astimezone(UTC).date(), time(), UTC) + DAY
        return [end - before * DAY for before in range(number, -1, -1)]


def hours(now: datetime) -> list[datetime]:
    """Return when this hour and each of the 23 before it begin, and when this one ends."""
    end = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + HOUR
    return [end - before * HOUR for before in range(24, -1, -1)]
