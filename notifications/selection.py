"""The sends of one user that match filters, as SQL conditions, and their total.

The total comes from the counts that are kept (`SendCount`) wherever these have it, so that it takes
as long for a million sends as for ten.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

#: Filters by columns that every row of SendCount has.
KINDS = ("notification_type", "status", "event_type")
#: Filters by columns that only the rows for one task and recipient have.
TASKS = ("task_id", "recipient")
#: Filters by time.
TIMES = ("created_after", "created_before")

#: The day of a send, and the class of its time to acceptance, as SendCount has them.
DAY = "(created_at AT TIME ZONE 'UTC')::date"
TOOK = "notifications_took(event_type, created_at, sent_at, earlier_attempt_count)"

SUM = "(SELECT coalesce(sum(number), 0) FROM notifications_sendcount WHERE number <> 0 AND {})"
COUNT = "(SELECT count(*) FROM notifications_notificationsend WHERE {})"
DAY_AT_OFFSET = """
SELECT day, newer FROM (
    SELECT day, (sum(sum(number)) OVER (ORDER BY day DESC) - sum(number))::bigint AS newer
    FROM notifications_sendcount WHERE number <> 0 AND {} GROUP BY day
) AS days
WHERE newer <= %(offset)s ORDER BY day LIMIT 1
"""


class Selection:
    """The sends of one user that match all of some filters.

    Its methods return SQL with named parameters.

    Args:
        user_id: the user.
        filters: the filters' valid values, by the names of the list's filters.

    Attributes:
        parameters: the values of the parameters.
    """

    def __init__(self, user_id: UUID, filters: Mapping[str, Any]) -> None:
        self._filters = {*filters}
        self._days = whole_days(filters.get("created_after"), filters.get("created_before"))
        self.parameters: dict[str, Any] = {**filters, "user_id": user_id}
        for name, day in zip(("first", "end"), self._days or (), strict=False):
            if day:
                midnight = datetime.combine(day, time.min, UTC)
                self.parameters |= {f"{name}_day": day, f"{name}_midnight": midnight}

    @property
    def is_totalled(self) -> bool:
        """Whether the counts have the total without regard to days."""
        return not self._filters & {*TIMES, "execution_id"}

    @property
    def is_counted_by_day(self) -> bool:
        """Whether `of_days` and `of_ends` are the whole selection."""
        return self._days is not None and self._filters <= {*KINDS, *TIMES}

    def of_sends(self) -> str:
        """Return the condition that keeps the selection's rows in the table of sends."""
        times = {"created_after": ">=", "created_before": "<"}
        return " AND ".join(
            [
                *self._equal(*KINDS, *TASKS, "execution_id"),
                *(f"created_at {is_} %({name})s" for name, is_ in times.items() if self._has(name)),
            ]
        )

    def of_days(self) -> str:
        """Return the condition that keeps the selection's whole days in the table of counts."""
        return " AND ".join(
            [
                *self._equal(*KINDS),
                "day >= %(first_day)s" if self._has("created_after") else "day IS NOT NULL",
                *(["day < %(end_day)s"] if self._has("created_before") else []),
            ]
        )

    def of_ends(self) -> str:
        """Return the condition that keeps, in the table of sends, what `of_days` leaves out."""
        first = "created_at >= %(created_after)s AND created_at < %(first_midnight)s"
        last = "created_at >= %(end_midnight)s AND created_at < %(created_before)s"
        ends = [first] * self._has("created_after") + [last] * self._has("created_before")
        return " AND ".join([*self._equal(*KINDS), f"({' OR '.join(ends) or 'false'})"])

    def total(self) -> str:
        """Return the expression of how many sends the selection has."""
        if self.is_totalled:
            if self._filters & {*TASKS}:
                counts = [*self._equal(*KINDS, *TASKS), "day IS NULL AND task_id IS NOT NULL"]
            else:
                counts = [*self._equal(*KINDS), "day IS NULL AND task_id IS NULL"]
            return SUM.format(" AND ".join(counts))
        if self.is_counted_by_day:
            return f"({SUM.format(self.of_days())} + {COUNT.format(self.of_ends())})"
        return COUNT.format(self.of_sends())

    def day_at_offset(self) -> str | None:
        """Return the query of the day in which the send at `%(offset)s` lies, newest first.

        It returns the day and how many sends are `newer` than it; None if the counts do not tell.
        """
        before = self.parameters.get("created_before")
        if not self.is_counted_by_day or before != self.parameters.get("end_midnight"):
            return None
        return DAY_AT_OFFSET.format(self.of_days())

    def _equal(self, *names: str) -> list[str]:
        given = (f"{name} = %({name})s" for name in names if self._has(name))
        return ["user_id = %(user_id)s", *given]

    def _has(self, name: str) -> bool:
        return name in self._filters


def whole_days(
    after: datetime | None, before: datetime | None
) -> tuple[date | None, date | None] | None:
    """Return the whole days (UTC) between two times: the first one, and the one after the last.

    Args:
        after: the beginning; None if it is open.
        before: the end; None if it is open.

    Returns:
        None for each open end; None for both if there is no whole day.
    """
    try:
        first = after and (after.astimezone(UTC) + timedelta(days=1, microseconds=-1)).date()
        end = before and before.astimezone(UTC).date()
    except OverflowError:  # near the ends of the calendar
        return None
    return None if first and end and first >= end else (first, end)
