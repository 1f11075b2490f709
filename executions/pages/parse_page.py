"""Bytes of a page -> readable text, and the number that a rule selects; pure."""

import json
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from email.message import Message
from typing import Any

import html_text
import lxml.html
from jsonpath.exceptions import JSONPathRecursionError
from lxml import etree
from price_parser import Price

from executions.pages.json_path import PATHS

TEXT_TYPES = re.compile(r"text/|application/(.+\+)?(json|xml)|application/xhtml\+xml")
#: What PostgreSQL's jsonb cannot keep.
UNKEEPABLE = re.compile("[\0\ud800-\udfff]")

#: A number as JSON writes it (RFC 8259 §6), where its point is always a decimal one.
JSON_NUMBER = re.compile(r"-?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,2})?", re.ASCII)
#: A separator before three digits that cannot group thousands: after a zero or a longer number.
DECIMAL_SEPARATOR = re.compile(r"(?<![\d.,])(?:0|\d{4,})([.,])\d{3}(?![\d.,])")
#: A minus before the first number; a hyphen inside a word is none.
MINUS = re.compile(r"\D*(?<!\w)-\s*[^\d\s]{0,3}\s*\d")
#: Characters of a text in which a number is looked for: the time that this takes grows faster than
#: the text.
NUMBER_WITHIN = 1000


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


def parse_page(body: bytes, content_type: str) -> Page:
    """Return what a page says, as text and as the document or value that it is.

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
            text = json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False)
        except (ValueError, RecursionError) as error:
            raise Unreadable("it is not valid JSON") from error
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
        value = found[0].text_content() if found else None
    else:
        value = _found_by_path(selector, page.data)
        if isinstance(value, str) and JSON_NUMBER.fullmatch(value):
            value = Decimal(value)
    number = number_in(value)
    return None if number is None else (number, " ".join(_clean(str(value)).split())[:100])


def _found_by_path(path: str, data: Any) -> Any:
    if data is None:
        return None
    try:
        # The first is enough: a path such as $..*..* finds each value many times.
        found = next(iter(PATHS.finditer(path, data)), None)
    except JSONPathRecursionError:  # the data is nested too deeply for a path that descends
        return None
    except json.JSONDecodeError:  # the data is a text, which the library took for JSON once more
        return None
    return None if found is None else found.obj


def number_in(value: Any) -> Decimal | None:
    """Return the number that `value` is or its text holds, in whatever country's spelling."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        if isinstance(value, int | float | Decimal):
            number = Decimal(str(value))
        else:
            text = str(value)[:NUMBER_WITHIN].replace("\N{MINUS SIGN}", "-")
            # So spelled, the parser of prices knows a Swiss thousand and skips no percents.
            text = text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").replace("%", " %")
            decimal = DECIMAL_SEPARATOR.search(text)
            amount = Price.fromstring(
                text, decimal_separator=decimal.group(1) if decimal else None
            ).amount
            if amount is None:
                return None
            number = -abs(amount) if MINUS.match(text) else amount
    except (InvalidOperation, ValueError):
        return None
    return number if number.is_finite() else None


def _document(body: bytes, charset: str | None) -> Any:
    try:
        parser = lxml.html.HTMLParser(encoding=charset or _guessed(body))
    except (LookupError, ValueError):  # no charset, or a name with characters that none has
        parser = lxml.html.HTMLParser(encoding=_guessed(body))
    try:
        return lxml.html.document_fromstring(body, parser=parser)
    except (etree.ParserError, ValueError):  # nothing in it
        return None
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_NO_MEMORY:  # type: ignore[attr-defined]
            raise MemoryError from error
        raise


def _guessed(body: bytes) -> str | None:
    """Return UTF-8 for what can be nothing else; None leaves it to the page's own declaration."""
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
    except (LookupError, ValueError):  # no charset, or one that is not for pages, such as idna
        return body.decode(errors="replace")


def _clean(text: str) -> str:
    return UNKEEPABLE.sub("\N{REPLACEMENT CHARACTER}", text)
