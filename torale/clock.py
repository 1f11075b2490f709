"""The database's clock, which all machines share: their own clocks may be minutes apart.

Every time that one machine writes and another compares comes from it: leases, due times, windows,
expiry times. Durations within one process are measured with `time.monotonic`.
"""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import DateTimeField, Func


class DatabaseNow(Func):
    """The database's time at which the statement began, for use in querysets."""

    function = "torale_now"
    arity = 0
    output_field = DateTimeField()


def now() -> datetime:
    """Return the database's time; costs one statement.

    Read it once for a request or a job, and pass it on as `now`.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT torale_now()")
        row: tuple[datetime] = cursor.fetchone()
    return row[0]


@dataclass(frozen=True, slots=True)
class Reading:
    """The database's time as a statement returned it, and when; later times are computed from it.

    They are late by as long as the answer took to arrive, and never early.
    """

    #: The time that the database returned.
    at: datetime
    #: `time.monotonic()` when the answer arrived.
    arrived: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        """Return the database's current time."""
        # In UTC, because in the server's own time zone the sum would ignore a change to or from
        # summer time.
        return self.at.astimezone(UTC) + timedelta(seconds=time.monotonic() - self.arrived)
