"""Read the text of a PDF; pure."""

import logging
from io import BytesIO
from itertools import islice

from executions.pages.lazy import imported_when_used
from executions.pages.page import Page, PageKind, Unreadable
from executions.pages.storable import storable

#: What a PDF begins with, after at most so many bytes of something else (ISO 32000 Annex H.3.4.1).
MARK = b"%PDF-"
MARK_WITHIN = 1024
#: How many pages are read.
MAX_PAGES = 50

pypdf = imported_when_used("pypdf")
# It warns of each fault that it passes over.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def is_pdf(body: bytes) -> bool:
    """Return whether a body is a PDF."""
    return MARK in body[: MARK_WITHIN + len(MARK)]


def pdf_page(body: bytes, *, language: str, url: str) -> Page:
    """Return the page that a PDF is; of its pages, the first MAX_PAGES are read.

    Raises:
        Unreadable: it is encrypted or broken, or has no text.
    """
    try:
        pages, title = _read(body)
    except MemoryError:
        raise
    except pypdf.errors.FileNotDecryptedError as error:
        raise Unreadable("it is a PDF that needs a password") from error
    except Exception as error:  # pypdf raises whatever a broken file leads to
        raise Unreadable("it is a PDF that is broken") from error
    lines = (" ".join(line.split()) for page in pages for line in page.splitlines())
    text = "\n".join(line for line in lines if line)
    if not text:
        raise Unreadable("it is a PDF without text, perhaps a scan")
    return Page(
        text=storable(text),
        title=storable(" ".join((title or "").split()))[:200],
        kind=PageKind.PDF,
        language=language,
        url=url,
    )


def _read(body: bytes) -> tuple[list[str], str | None]:
    reader = pypdf.PdfReader(BytesIO(body))
    pages = [page.extract_text() for page in islice(reader.pages, MAX_PAGES)]
    return pages, reader.metadata.title if reader.metadata else None
