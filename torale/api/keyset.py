"""Keyset pagination: go through rows from a position, at a cost that does not grow with depth.

With an offset, the database reads all the rows it skips, and pages shift when newer rows are added.
A position is found directly through the index and does not shift. The rows have `created_at` and
`id` and are ordered newest first.
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
#: A queryset as `queryset.values(…)` returns it.
Rows = QuerySet[Any, Any]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
#: An encoded cursor: the direction, the microseconds since the epoch and the id.
LAYOUT = struct.Struct(">cq16s")
OLDER, NEWER = b"o", b"n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """A position next to a row, and a direction: to older rows or, if `is_backward`, to newer ones.

    A cursor is neither secret nor a permission: the queryset decides which rows a caller may see.
    """

    created_at: datetime
    id: UUID
    is_backward: bool = False

    @classmethod
    def at(cls, row: Row, *, is_backward: bool = False) -> Self:
        """Return the cursor that continues after `row`."""
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
        if cursor.encode() != text:  # an unknown direction, or unused bits that are set
            raise ValueError(text)
        return cursor

    def encode(self) -> str:
        """Return the cursor as 34 characters that need no escaping in a URL."""
        packed = LAYOUT.pack(
            NEWER if self.is_backward else OLDER,
            (self.created_at - EPOCH) // MICROSECOND,
            self.id.bytes,
        )
        return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some rows in their order, and the cursors of the pages next to them."""

    rows: list[Row]
    #: The cursor of the page with older rows; None on the last page.
    next: Cursor | None
    #: The cursor of the page with newer rows; None on the first page.
    previous: Cursor | None


def page(rows: Rows, cursor: Cursor | None, *, limit: int) -> Page:
    """Return the page of at most `limit` rows next to `cursor`, with one query.

    Args:
        rows: the rows as mappings, newest first by `created_at` and `id`.
        cursor: where the page begins; None for the first page.
        limit: the largest number of rows.
    """
    is_backward = cursor is not None and cursor.is_backward
    # One row more than requested shows whether there are more.
    found = list((beyond(rows, cursor) if cursor else rows)[: limit + 1])
    is_more, shown = len(found) > limit, found[:limit]
    if is_backward:
        shown.reverse()
    if not shown:
        return Page(rows=[], next=None, previous=None)
    # On the side that the caller came from there is at least the cursor's own row.
    has_next, has_previous = (True, is_more) if is_backward else (is_more, cursor is not None)
    return Page(
        rows=shown,
        next=Cursor.at(shown[-1]) if has_next else None,
        previous=Cursor.at(shown[0], is_backward=True) if has_previous else None,
    )


def beyond(rows: Rows, cursor: Cursor) -> Rows:
    """Keep the rows beyond `cursor` in its direction, the nearest first.

    Both columns are compared as one row, which lets PostgreSQL start in the middle of the index.
    """
    key = Tuple(F("created_at"), F("id"))
    place = (cursor.created_at, cursor.id)
    if cursor.is_backward:
        return rows.filter(TupleGreaterThan(key, place)).reverse()
    return rows.filter(TupleLessThan(key, place))


def batches(rows: Rows, *, size: int) -> Iterator[list[Row]]:
    """Yield all rows in batches of `size`, with one query for each batch.

    Newer rows that are added meanwhile are not included. Between two batches no database connection
    is held, unless in a transaction, so a slow reader does not keep a connection from others.
    """
    cursor, connection = None, connections[rows.db]
    while True:
        found = page(rows, cursor, limit=size)
        if not connection.in_atomic_block:
            connection.close()  # gives it back to the pool
        yield found.rows
        if (cursor := found.next) is None:
            return
