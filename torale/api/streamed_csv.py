"""Stream lists as CSV (RFC 4180). A million rows take no more memory than a thousand."""

import csv
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

from django.http import StreamingHttpResponse

from torale.api.keyset import Rows, batches
from torale.api.renderers import JSONRenderer
from torale.errors import TooOften

#: How many rows are read and sent at a time.
ROWS_PER_FETCH = 1000
#: How many downloads one process serves at a time. A client that does not read occupies a thread of
#: the server, and other threads must stay free.
DOWNLOADS = 2
#: When a refused client may try again.
WAIT = timedelta(seconds=10)
#: A spreadsheet treats a cell that starts with one of these as a formula, and runs it.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


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


def csv_response(rows: Rows, names: Sequence[str], *, filename: str) -> StreamingHttpResponse:
    """Return a response that downloads all `rows` as a CSV file with a header line.

    Args:
        rows: the rows, newest first by `created_at` and `id`.
        names: the columns; they must include `id` and `created_at`.
        filename: the name of the file.

    Raises:
        TooManyDownloads: DOWNLOADS other downloads are under way.
    """
    if not _places.acquire(blocking=False):
        raise TooManyDownloads(wait=WAIT)
    return StreamingHttpResponse(
        _Download(lines(rows.values(*names), names)),
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


def lines(rows: Rows, names: Sequence[str]) -> Iterator[bytes]:
    """Yield the file's content, one batch of rows at a time."""
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(names)
    for batch in batches(rows, size=ROWS_PER_FETCH):
        writer.writerows([cell(row[name]) for name in names] for row in batch)
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()


def cell(value: Any) -> str:
    """Return `value` as in JSON, or "" for null. A leading `'` keeps text from being a formula."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
