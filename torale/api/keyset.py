"""Keyset pagination: go through rows from a position, at a cost that does not grow with depth.

With an offset, the database reads all the rows it skips, and pages shift when newer rows are added.
A position is found directly through the index and does not shift. The rows have `created_at` and
`id` and are ordered newest first; what reads them has the methods of `Listing`.
"""

import base64
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, Self
from uuid import UUID

Row = Mapping[str, Any]

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


class Listing(Protocol):
    """Rows that can be read from any position, newest first by `created_at` and `id`."""

    def read(
        self, *, limit: int, offset: int = 0, cursor: Cursor | None = None
    ) -> tuple[list[Row], int]:
        """Return at most `limit` rows, those nearest to the cursor first, and the total."""

    def copy(self, *, limit: int, cursor: Cursor | None = None) -> Iterator[bytes]:
        """Yield at most `limit` rows as lines of a CSV file, those nearest to the cursor first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some rows in their order, and the cursors of the pages next to them."""

    rows: list[Row]
    #: The cursor of the page with older rows; None on the last page.
    next: Cursor | None
    #: The cursor of the page with newer rows; None on the first page.
    previous: Cursor | None


def page(found: list[Row], cursor: Cursor | None, *, limit: int) -> Page:
    """Return the page of at most `limit` rows next to `cursor`.

    Args:
        found: the rows next to the cursor, the nearest first; one row more than `limit` shows that
            there are more.
        cursor: where the page begins; None for the first page.
        limit: the largest number of rows.
    """
    is_backward = cursor is not None and cursor.is_backward
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
