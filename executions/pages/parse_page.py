"""Turn the bytes of a page into what a rule sees of it; pure."""

import json
import re
from email.message import Message
from typing import Any

import lxml.html
from lxml import etree

from executions.pages.page import Page, PageKind, Unreadable
from executions.pages.storable import storable
from executions.pages.visible_text import text_of

TEXT_TYPES = re.compile(r"text/|application/(.+\+)?(json|xml)|application/xhtml\+xml")


def parse_page(body: bytes, content_type: str, *, language: str = "", url: str = "") -> Page:
    """Return a page's text, and its parsed HTML document or JSON value.

    Args:
        body: the page as it was received.
        content_type: the header's value; if it is empty, HTML is assumed.
        language: the value of the header Content-Language, used if the page names no language.
        url: where the page is; links are relative to it.

    Raises:
        Unreadable: the page is an image, a PDF or the like, or JSON that is not valid.
    """
    header = Message()
    header["Content-Type"] = content_type or "text/html"
    kind, charset = header.get_content_type(), header.get_content_charset()
    if not TEXT_TYPES.match(kind):
        raise Unreadable(f"it is {kind}, not text")
    if kind.endswith("json"):
        try:
            data = json.loads(body)
            text = json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False)
        except (ValueError, RecursionError) as error:
            raise Unreadable("it is not valid JSON") from error
        return Page(text=storable(text), title="", kind=PageKind.JSON, url=url, data=data)
    if kind == "text/plain":
        return Page(text=storable(_decoded(body, charset)), title="", kind=PageKind.TEXT, url=url)
    document = _document(body, charset)
    if document is None:
        return Page(text="", title="", language=language, url=url)
    title = document.findtext(".//title") or ""
    return Page(
        text=storable(text_of(document)),
        title=" ".join(storable(title).split())[:200],
        language=document.get("lang") or language,
        url=url,
        document=document,
    )


def _document(body: bytes, charset: str | None) -> Any:
    try:
        parser = lxml.html.HTMLParser(encoding=charset or _guessed(body))
    except (LookupError, ValueError):  # an unknown charset, or characters that no name may have
        parser = lxml.html.HTMLParser(encoding=_guessed(body))
    try:
        return lxml.html.document_fromstring(body, parser=parser)
    except (etree.ParserError, ValueError):  # the page is empty
        return None
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_NO_MEMORY:  # type: ignore[attr-defined]
            raise MemoryError from error
        raise


def _guessed(body: bytes) -> str | None:
    """Return UTF-8 for bytes that are clearly UTF-8; None leaves it to the page's declaration."""
    if body.isascii():
        return None
    try:
        body.decode()
    except UnicodeDecodeError:
        return None
    return "utf-8"


def _decoded(body: bytes, charset: str | None) -> str:
    try:
        return body.decode(charset or "utf-8", errors="replace")
    except (LookupError, ValueError):  # an unknown charset, or one that is not for pages: idna
        return body.decode(errors="replace")
