"""Read a user's sends for the list and its CSV file, through the index that serves the filters.

PostgreSQL estimates from the whole table how many rows match. That goes wrong for a user who is
unlike the others: for one whose few failures are a year old, it would read all sends since then. So
these statements leave it no choice. They read a range of one index backwards, in an order that no
other index has, as each begins with another column. Their values are in a CTE, where the planner
does not see them. So a page costs as much as the rows that it shows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from notifications.models import EventType, NotificationSend, NotificationType, SendStatus
from notifications.selection import DAY, TIMES, Selection
from torale import prepared
from torale.api.keyset import Cursor, Row
from torale.api.streamed_csv import cells_sql

#: The values of columns that an index begins with although a list may have all of them.
CHOICES = {"status": SendStatus.values, "notification_type": NotificationType.values}
#: The types of filters that are not texts.
TYPES = {"user_id": "uuid", "task_id": "uuid", "execution_id": "uuid"}
#: No send has it, so the bounds of a list are never sends that match.
NIL = UUID(int=0)
BEGINNING = datetime.min.replace(tzinfo=UTC)
END = datetime.max.replace(tzinfo=UTC)
#: The places between which a list is, and their types.
BOUNDS = {
    "low_created_at": "timestamptz",
    "low_id": "uuid",
    "high_created_at": "timestamptz",
    "high_id": "uuid",
}
#: The list's order.
PLACE = ("created_at", "id")
#: The value of each part of `ListIndex.then` at a bound.
AT = {
    "created_at": "asked.{end}_created_at",
    "id": "asked.{end}_id",
    DAY: "(asked.{end}_created_at AT TIME ZONE 'UTC')::date",
}

FOUND = """
WITH asked AS MATERIALIZED (
    SELECT {asked}
), found AS (
    SELECT place.* FROM {ranges} CROSS JOIN LATERAL (
        SELECT {columns} FROM notifications_notificationsend
        WHERE {condition}
        ORDER BY {order}
        LIMIT {most}
    ) AS place
    ORDER BY created_at {way}, id {way} LIMIT {limit} OFFSET {offset}
)
"""
# The ids are found by the index alone; only the rows of the page are read. Without sends, the join
# leaves one row with the total.
PAGE = """
{found}
SELECT {total}, {columns}
FROM (SELECT) AS page
LEFT JOIN (found JOIN notifications_notificationsend AS send USING (id)) ON true
ORDER BY found.created_at {way}, id {way}
"""
COPY = """
COPY (
    {found}
    SELECT {cells} FROM found ORDER BY created_at {way}, id {way}
) TO STDOUT WITH (FORMAT csv)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListIndex:
    """An index that a list of sends is read from.

    Each combination of values of its first columns is a range of it.
    """

    #: Its first columns.
    columns: tuple[str, ...]
    #: What follows them: the list's order, something coarser, or nothing.
    then: tuple[str, ...] = PLACE
    #: Further columns, which are checked in the index.
    checked: tuple[str, ...] = ()
    #: The condition of a partial index.
    only: str = "true"


BY_TIME = ListIndex(columns=("user_id",))
BY_STATUS = ListIndex(columns=("status", "user_id", "notification_type"))
BY_EVENT = ListIndex(
    columns=("event_type", "user_id"), only=f"event_type <> '{EventType.CONDITION_MET}'"
)
# Sends of a task and day that are alike have the same key, which PostgreSQL stores once. So where
# there are many of them, these two indexes have a tenth of the size that they would have with times
# and ids. The sends of a day are sorted when read.
BY_TASK = ListIndex(
    columns=("task_id", "user_id"),
    then=(DAY,),
    checked=("status", "notification_type", "recipient"),
)
BY_RECIPIENT = ListIndex(
    columns=("recipient", "user_id"), then=(DAY,), checked=("status", "notification_type")
)
BY_EXECUTION = ListIndex(columns=("execution_id",), then=())


def index_for(filters: Mapping[str, Any]) -> ListIndex:
    """Return the index from which sends that match `filters` are read."""
    match filters:
        case {"execution_id": _}:
            return BY_EXECUTION
        case {"event_type": event_type} if event_type != EventType.CONDITION_MET:
            return BY_EVENT
        case {"task_id": _}:
            return BY_TASK
        case {"recipient": _}:
            return BY_RECIPIENT
        case {"status": _} | {"notification_type": _}:
            return BY_STATUS
    return BY_TIME


class SendList:
    """The sends of one user that match all of some filters, newest first.

    Args:
        user_id: the user.
        filters: the filters' valid values, by the names of the list's filters.
        columns: what to read of each send.
    """

    def __init__(self, user_id: UUID, filters: Mapping[str, Any], columns: Sequence[str]) -> None:
        self._columns = columns
        self._selection = Selection(user_id, filters)
        self._index = index_for(filters)
        self._given = {name: filters[name] for name in filters if name not in TIMES}
        self._given["user_id"] = user_id
        self._low = (filters.get("created_after", BEGINNING), NIL)
        self._high = (filters.get("created_before", END), NIL)

    def read(
        self, *, limit: int, offset: int = 0, cursor: Cursor | None = None
    ) -> tuple[list[Row], int]:
        """Return at most `limit` rows, those nearest to the cursor first, and the total.

        They are as of one moment, with one query. Before that, an offset takes a query of the
        counts, which skips whole days.
        """
        skipped = self._skip_days(offset) if offset else 0
        statement = PAGE.format(
            found=self._found(PLACE, cursor, limit=limit, offset=offset - skipped),
            total=self._selection.total(),
            columns=", ".join(f"send.{name}" for name in self._columns),
            way=_way(cursor),
        )
        # Without times and an offset, one plan is right for all values. To make it takes five times
        # as long as to read the page.
        rows = prepared.rows if self._selection.is_totalled and not offset else _rows
        found = rows(statement, self._parameters(cursor))
        total: int = found[0][0]
        return [dict(zip(self._columns, row, strict=True)) for _, *row in found if row[0]], total

    def copy(self, *, limit: int, cursor: Cursor | None = None) -> Iterator[bytes]:
        """Yield at most `limit` rows as lines of a CSV file, those nearest to the cursor first."""
        statement = COPY.format(
            found=self._found(self._columns, cursor, limit=limit),
            cells=cells_sql(NotificationSend, self._columns),
            way=_way(cursor),
        )
        parameters = self._parameters(cursor)
        with (
            connection.cursor() as database,
            # COPY takes no parameters, so psycopg writes them into the statement.
            database.copy(database.mogrify(statement, parameters)) as lines,
        ):
            yield from map(bytes, lines)

    def _skip_days(self, offset: int) -> int:
        """Begin the list on the day of the send at `offset`; return how many newer ones there are.

        This is a query of its own, as the planner has to know how many rows the next one reads.
        """
        if not (statement := self._selection.day_at_offset()):
            return 0
        found = _rows(statement, {**self._selection.parameters, "offset": offset})
        if not found:
            return 0
        [(day, newer)] = found
        end = datetime.combine(day + timedelta(days=1), time.min, UTC)
        self._high = min(self._high, (end, NIL))
        return int(newer)

    def _found(
        self, columns: Sequence[str], cursor: Cursor | None, *, limit: int, offset: int = 0
    ) -> str:
        types = {name: TYPES.get(name, "text") for name in self._given} | BOUNDS
        asked = {name: f"%({name})s::{type_}" for name, type_ in types.items()}
        index, way = self._index, _way(cursor)
        every = [name for name in index.columns if name in CHOICES and name not in self._given]
        return FOUND.format(
            asked=", ".join(f"{value} AS {name}" for name, value in asked.items()),
            ranges=" CROSS JOIN ".join(
                ["asked", *(f"unnest(%(every_{name})s::text[]) AS every_{name}" for name in every)]
            ),
            columns=", ".join(columns),
            condition=self._condition(every),
            order=", ".join(f"{part} {way}" for part in [*index.columns, *index.then, *PLACE]),
            way=way,
            # Not parameters, as plans depend on them.
            most=offset + limit,
            limit=limit,
            offset=offset,
        )

    def _condition(self, every: Sequence[str]) -> str:
        index = self._index
        asked = [f"every_{name}" if name in every else f"asked.{name}" for name in index.columns]
        ends = {
            end: ", ".join([*asked, *(AT[part].format(end=end) for part in index.then)])
            for end in ("low", "high")
        }
        key = ", ".join([*index.columns, *index.then])
        if index.then == PLACE:
            place = [f"({key}) > ({ends['low']})", f"({key}) < ({ends['high']})"]
        else:
            place = [
                f"({key}) >= ({ends['low']})",
                f"({key}) <= ({ends['high']})",
                "coalesce((created_at, id) > (asked.low_created_at, asked.low_id), false)",
                "coalesce((created_at, id) < (asked.high_created_at, asked.high_id), false)",
            ]
        checked = [f"{name} = asked.{name}" for name in index.checked if name in self._given]
        # With `coalesce`, the planner does not expect few matches. For few, it would read the whole
        # range and sort it.
        others = [
            f"coalesce({name} = asked.{name}, false)"
            for name in self._given
            if name not in {*index.columns, *index.checked}
        ]
        return " AND ".join([index.only, *place, *checked, *others])

    def _parameters(self, cursor: Cursor | None) -> dict[str, Any]:
        low, high = self._low, self._high
        if cursor and cursor.is_backward:
            low = max(low, (cursor.created_at, cursor.id))
        elif cursor:
            high = min(high, (cursor.created_at, cursor.id))
        return {
            **self._selection.parameters,
            **{f"every_{name}": values for name, values in CHOICES.items()},
            **dict(zip(BOUNDS, [*low, *high], strict=True)),
        }


def _way(cursor: Cursor | None) -> str:
    return "ASC" if cursor and cursor.is_backward else "DESC"


def _rows(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as database:
        database.execute(statement, parameters)
        found: list[tuple[Any, ...]] = database.fetchall()
        return found
