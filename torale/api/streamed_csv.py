"""Stream lists as CSV (RFC 4180). A million rows take no more memory than a thousand."""

import csv
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import CharField, DateTimeField, Model, TextField
from django.http import StreamingHttpResponse

from torale.api.keyset import Cursor, Listing
from torale.api.renderers import JSONRenderer
from torale.errors import TooOften
from torale.limits import Limit, hit_or_refuse

#: How many rows are read and sent at a time, some two megabytes.
ROWS_PER_FETCH = 10_000
#: How many downloads one process serves at a time. A client that does not read occupies a thread of
#: the server, and other threads must stay free.
DOWNLOADS = 2
#: How often one user may begin a download, whichever process serves it.
OF_USER = Limit("downloads", 10, timedelta(minutes=1))
#: When a client that found no place may try again.
WAIT = timedelta(seconds=10)
#: PostgreSQL ends lines as Unix does; the standard asks for this (RFC 4180 §2).
END_OF_LINE = b"\r\n"
#: A spreadsheet treats a cell that starts with one of these as a formula, and runs it. An empty
#: text is an empty cell without quotes.
TEXT = """CASE WHEN left({0}, 1) IN ('=', '+', '-', '@', E'\\t', E'\\r') THEN '''' || {0}
    ELSE nullif({0}, '') END"""
#: A time as in JSON: with microseconds only if there are any.
TIME = """to_char({0} AT TIME ZONE 'UTC', CASE WHEN {0} = date_trunc('second', {0})
    THEN 'YYYY-MM-DD"T"HH24:MI:SS"Z"' ELSE 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"' END)"""


class TooManyDownloads(TooOften):
    """This process already serves as many downloads as it may at a time."""

    detail = "Other files are being downloaded; try again in a moment."


_places = threading.BoundedSemaphore(DOWNLOADS)


class CSVRenderer(JSONRenderer):
    """Lets a client choose CSV with `Accept: text/csv`. It only renders errors, which are JSON."""

    media_type = "text/csv"
    format = "csv"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        """Return an error as JSON, and set the content type to JSON."""
        context = kwargs.get("renderer_context") or args[1]
        context["response"].headers["Content-Type"] = JSONRenderer.media_type
        return super().render(data, *args, **kwargs)


def csv_response(
    listing: Listing, names: Sequence[str], *, filename: str, user_id: UUID
) -> StreamingHttpResponse:
    """Return a response that downloads all rows of `listing` as a CSV file with a header line.

    Args:
        listing: the rows.
        names: the columns of its lines; they must include `id` and `created_at`.
        filename: the name of the file.
        user_id: who downloads it.

    Raises:
        TooManyDownloads: DOWNLOADS other downloads of this process are under way.
        TooOften: the user has begun OF_USER.most downloads within a minute.
    """
    if not _places.acquire(blocking=False):
        raise TooManyDownloads(wait=WAIT)
    with ExitStack() as if_refused:
        if_refused.callback(_places.release)
        hit_or_refuse(
            OF_USER,
            str(user_id),
            f"At most {OF_USER.most} downloads a minute are made. Wait a moment.",
        )
        if_refused.pop_all()
    return StreamingHttpResponse(
        _Download(lines(listing, names)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )


class _Download(Iterator[bytes]):
    """The content of a download. It occupies its place until it is closed or garbage-collected."""

    def __init__(self, content: Iterator[bytes]) -> None:
        self._content = content
        self._is_open = True

    def __next__(self) -> bytes:
        return next(self._content)

    def close(self) -> None:
        """Release the place."""
        if self._is_open:
            self._is_open = False
            _places.release()

    __del__ = close


def lines(listing: Listing, names: Sequence[str]) -> Iterator[bytes]:
    """Yield the file's content, one batch of rows at a time.

    Newer rows that are added meanwhile are not included. Between two batches no database connection
    is held, unless in a transaction, so a slow reader does not keep a connection from others.
    """
    header, cursor = ",".join(names).encode() + END_OF_LINE, None
    while True:
        batch = [line[:-1] for line in listing.copy(limit=ROWS_PER_FETCH, cursor=cursor)]
        if not connection.in_atomic_block:
            connection.close()  # gives it back to the pool
        yield header + b"".join(line + END_OF_LINE for line in batch)
        if len(batch) < ROWS_PER_FETCH:
            return
        header, cursor = b"", _cursor_at(batch[-1], names)


def _cursor_at(line: bytes, names: Sequence[str]) -> Cursor:
    [values] = csv.reader([line.decode()])
    row = dict(zip(names, values, strict=True))
    return Cursor(created_at=datetime.fromisoformat(row["created_at"]), id=UUID(row["id"]))


def cells_sql(model: type[Model], names: Sequence[str]) -> str:
    """Return the SQL of a line: values as in JSON. A leading `'` keeps text from being a formula.

    Args:
        model: the rows' model.
        names: the columns.
    """
    fields = {field.attname: field for field in model._meta.concrete_fields}
    return ", ".join(_form(fields[name]).format(name) for name in names)


def _form(field: Any) -> str:
    match field:
        case DateTimeField():
            return TIME
        case CharField() | TextField() if not field.choices:
            return TEXT
    return "{0}"
