"""Lists as CSV (RFC 4180), streamed: a million rows take no more memory than a thousand."""

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

#: Rows read and sent at a time.
ROWS_PER_FETCH = 1000
#: Files that one process sends at a time. A client that does not read holds a thread of the server:
#: there must be others left.
DOWNLOADS = 2
#: After how long one that found no place may come again.
WAIT = timedelta(seconds=10)
#: A spreadsheet takes a cell that starts with one of these for a formula, and runs it.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class TooManyDownloads(TooOften):
    """As many files as this process sends at a time are under way."""

    detail = "Other files are being downloaded; come again in a moment."


_places = threading.BoundedSemaphore(DOWNLOADS)


class CSVRenderer(JSONRenderer):
    """Lets `Accept: text/csv` choose CSV; what DRF has it render are only errors, as JSON."""

    media_type = "text/csv"
    format = "csv"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        """Return an error as JSON, and say so."""
        context = kwargs.get("renderer_context") or args[1]
        context["response"].headers["Content-Type"] = JSONRenderer.media_type
        return super().render(data, *args, **kwargs)


def csv_response(rows: Rows, names: Sequence[str], *, filename: str) -> StreamingHttpResponse:
    """Answer with all `rows` as a file to keep, under a header of `names`.

    Args:
        rows: newest first by `created_at` and `id`.
        names: the columns; `id` and `created_at` are among them.
        filename: what the file is called.

    Raises:
        TooManyDownloads: DOWNLOADS others are under way.
    """
    if not _places.acquire(blocking=False):
        raise TooManyDownloads(wait=WAIT)
    return StreamingHttpResponse(
        _Download(lines(rows.values(*names), names)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )


class _Download(Iterator[bytes]):
    """A file on its way, which holds its place until it is closed, or dropped without that."""

    def __init__(self, content: Iterator[bytes]) -> None:
        self._content = content
        self._is_open = True

    def __next__(self) -> bytes:
        return next(self._content)

    def close(self) -> None:
        """Give the place back."""
        if self._is_open:
            self._is_open = False
            _places.release()

    __del__ = close


def lines(rows: Rows, names: Sequence[str]) -> Iterator[bytes]:
    """Yield the file, a batch of rows at a time."""
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(names)
    for batch in batches(rows, size=ROWS_PER_FETCH):
        writer.writerows([cell(row[name]) for name in names] for row in batch)
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()


def cell(value: Any) -> str:
    """Return `value` as the text of a cell: as JSON shows it, nothing for null, never a formula."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
