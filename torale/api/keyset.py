"""Walk rows from a position in their order, at a cost that does not grow with depth.

An offset makes the database read all that it skips, and slips when rows are added above. A
position is found by the index at once and stays where it is. The rows have `created_at` and `id`
and come newest first.
"""

import base64
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.db import connections
from django.db.models import F, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan

Row = Mapping[str, Any]
#: As `queryset.values(…)` gives them.
Rows = QuerySet[Any, Any]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
#: The direction, the microseconds since the epoch, the id.
LAYOUT = struct.Struct(">cq16s")
OLDER, NEWER = b"o", b"n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """A row, and whether what is newer is wanted from there rather than what is older.

    It is no secret and no permission: whose rows are walked is the queryset's business.
    """

    created_at: datetime
    id: UUID
    is_backward: bool = False

    @classmethod
    def at(cls, row: Row, *, is_backward: bool = False) -> Self:
        """Return the cursor that goes on from `row`."""
        return cls(created_at=row["created_at"], id=row["id"], is_backward=is_backward)

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the cursor that was encoded as `text`.

        Raises:
            ValueError: `text` is not exactly what `encode` returns for some cursor.
        """
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        if len(packed) != LAYOUT.size:
            raise ValueError(text)
        direction, microseconds, id_ = LAYOUT.unpack(packed)
        try:
            created_at = EPOCH + microseconds * MICROSECOND
        except OverflowError as error:
            raise ValueError(text) from error
        cursor = cls(created_at=created_at, id=UUID(bytes=id_), is_backward=direction == NEWER)
        if cursor.encode() != text:  # another direction, or bits that mean nothing
            raise ValueError(text)
        return cursor

    def encode(self) -> str:
        """Return it as 34 characters that a URL may hold as they are."""
        packed = LAYOUT.pack(
            NEWER if self.is_backward else OLDER,
            (self.created_at - EPOCH) // MICROSECOND,
            self.id.bytes,
        )
        return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some rows in their order, and what lies around them."""

    rows: list[Row]
    #: Where to go on to what is older; None at the end.
    next: Cursor | None
    #: Where to go back to what is newer; None at the beginning.
    previous: Cursor | None


def page(rows: Rows, cursor: Cursor | None, *, limit: int) -> Page:
    """Return the page of at most `limit` rows that lies next to `cursor`; one query.

    Args:
        rows: newest first by `created_at` and `id`, as mappings.
        cursor: None for the beginning.
        limit: how many rows at most.
    """
    is_backward = cursor is not None and cursor.is_backward
    # One more than asked for tells whether there are more.
    found = list((beyond(rows, cursor) if cursor else rows)[: limit + 1])
    is_more, shown = len(found) > limit, found[:limit]
    if is_backward:
        shown.reverse()
    if not shown:
        return Page(rows=[], next=None, previous=None)
    # The side that the cursor lies on has at least the cursor's own row.
    has_next, has_previous = (True, is_more) if is_backward else (is_more, cursor is not None)
    return Page(
        rows=shown,
        next=Cursor.at(shown[-1]) if has_next else None,
        previous=Cursor.at(shown[0], is_backward=True) if has_previous else None,
    )


def beyond(rows: Rows, cursor: Cursor) -> Rows:
    """Keep the rows on the side of `cursor` that it asks for, the nearest first.

    Comparing both columns as one row is what lets PostgreSQL begin in the middle of the index.
    """
    key = Tuple(F("created_at"), F("id"))
    place = (cursor.created_at, cursor.id)
    if cursor.is_backward:
        return rows.filter(TupleGreaterThan(key, place)).reverse()
    return rows.filter(TupleLessThan(key, place))


def batches(rows: Rows, *, size: int) -> Iterator[list[Row]]:
    """Yield all rows, `size` at a time: one query and no more memory for each.

    What is added above meanwhile is not among them. Between two batches no connection to the
    database is held, unless in a transaction: whoever reads slowly, or stops reading, keeps none
    from others.
    """
    cursor, connection = None, connections[rows.db]
    while True:
        found = page(rows, cursor, limit=size)
        if not connection.in_atomic_block:
            connection.close()  # to the pool
        yield found.rows
        if (cursor := found.next) is None:
            return
