"""Bytes of a page -> readable text, and the number that a rule selects; pure."""

import json
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from email.message import Message
from typing import Any

import html_text
import jsonpath
import lxml.html
from lxml import etree
from price_parser import Price

TEXT_TYPES = re.compile(r"text/|application/(.+\+)?(json|xml)|application/xhtml\+xml")
#: What PostgreSQL's jsonb cannot keep.
UNKEEPABLE = re.compile("[\0\ud800-\udfff]")


class Unreadable(Exception):
    """The page is nothing that can be read as text."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page as a rule sees it."""

    #: The text a reader sees, or the JSON with its keys in order.
    text: str
    #: Its title, empty when it has none.
    title: str
    #: The parsed HTML document, None for other content.
    document: Any = None
    #: The parsed JSON value, None for other content.
    data: Any = None


def read(body: bytes, content_type: str) -> Page:
    """Return what a page says.

    Args:
        body: the page as it came.
        content_type: the header's value; without one, HTML is assumed.

    Raises:
        Unreadable: a picture, a PDF or the like.
    """
    header = Message()
    header["Content-Type"] = content_type or "text/html"
    kind, charset = header.get_content_type(), header.get_content_charset()
    if not TEXT_TYPES.match(kind):
        raise Unreadable(f"it is {kind}, not text")
    if kind.endswith("json"):
        try:
            data = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Unreadable("it is not valid JSON") from error
        text = json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False)
        return Page(text=_clean(text), title="", data=data)
    if kind == "text/plain":
        return Page(text=_clean(_decoded(body, charset)), title="")
    document = _document(body, charset)
    if document is None:
        return Page(text="", title="")
    title = document.findtext(".//title") or ""
    return Page(
        text=_clean(html_text.extract_text(document)),
        title=" ".join(_clean(title).split())[:200],
        document=document,
    )


def select_number(page: Page, kind: str, selector: str) -> tuple[Decimal, str] | None:
    """Return the first number that a selector finds and the text it stands in, or None.

    Args:
        page: what was read.
        kind: `css` or `json`.
        selector: a valid CSS selector or JSON path.
    """
    if kind == "css":
        found = page.document.cssselect(selector) if page.document is not None else []
        values = [element.text_content() for element in found[:1]]
    else:
        values = jsonpath.findall(selector, page.data) if page.data is not None else []
    for value in values[:1]:
        number = number_in(value)
        if number is not None:
            return number, " ".join(str(value).split())[:100]
    return None


def number_in(value: Any) -> Decimal | None:
    """Return the number that `value` is or its text holds, in whatever country's spelling."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        if isinstance(value, int | float):
            number = Decimal(str(value))
        else:
            text = str(value).replace("\N{MINUS SIGN}", "-")
            amount = Price.fromstring(text).amount
            if amount is None:
                return None
            negative = re.search(r"-\s*[^\d\s]{0,3}\s*\d", text) and re.match(r"[^\d]*-", text)
            number = -abs(amount) if negative else amount
    except (InvalidOperation, ValueError):
        return None
    return number if number.is_finite() else None


def _document(body: bytes, charset: str | None) -> Any:
    try:
        parser = lxml.html.HTMLParser(encoding=charset)
    except LookupError:
        parser = lxml.html.HTMLParser()
    try:
        return lxml.html.document_fromstring(body, parser=parser)
    except (etree.ParserError, ValueError):  # nothing in it
        return None


def _decoded(body: bytes, charset: str | None) -> str:
    try:
        return body.decode(charset or "utf-8", errors="replace")
    except LookupError:
        return body.decode(errors="replace")


def _clean(text: str) -> str:
    return UNKEEPABLE.sub("\N{REPLACEMENT CHARACTER}", text)
