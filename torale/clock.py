"""The database's clock, which all machines share: their own may be minutes apart.

Whatever one machine writes and another compares (leases, due times, windows, ends of validity)
comes from it. Durations within one process are measured by `time.monotonic`.
"""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import DateTimeField, Func


class DatabaseNow(Func):
    """The database's time when the statement began, for use in querysets."""

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
    """The database's time as a statement returned it, to be carried on without asking again.

    It is behind by the time that the answer took to arrive, and never ahead.
    """

    #: What the database said.
    at: datetime
    #: `time.monotonic()` when the answer had arrived.
    arrived: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        """Return the database's present time."""
        # In the server's own time zone, adding would ignore that clocks are put back or forward.
        return self.at.astimezone(UTC) + timedelta(seconds=time.monotonic() - self.arrived)
