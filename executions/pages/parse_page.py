"""Turn the bytes of a page into text, and find the number that a rule selects; pure."""

import json
import re
from decimal import Decimal, InvalidOperation
from email.message import Message
from typing import Any

import html_text
import lxml.html
from jsonpath.exceptions import JSONPathRecursionError
from lxml import etree
from price_parser import Price

from executions.pages.json_path import PATHS
from executions.pages.page import Page, Unreadable

TEXT_TYPES = re.compile(r"text/|application/(.+\+)?(json|xml)|application/xhtml\+xml")
#: Characters that PostgreSQL's jsonb cannot store.
UNKEEPABLE = re.compile("[\0\ud800-\udfff]")

#: A number as JSON writes it (RFC 8259 §6): a point in it is always a decimal point.
JSON_NUMBER = re.compile(r"-?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,2})?", re.ASCII)
#: A separator before three digits that does not group thousands, as it follows a zero alone or more
#: than three digits.
DECIMAL_SEPARATOR = re.compile(r"(?<![\d.,])(?:0|\d{4,})([.,])\d{3}(?![\d.,])")
#: A minus sign before the first number; a hyphen inside a word is not a minus sign.
MINUS = re.compile(r"\D*(?<!\w)-\s*[^\d\s]{0,3}\s*\d")
#: How many characters of a text are searched for a number. The time this takes grows faster than
#: the length of the text.
NUMBER_WITHIN = 1000


def parse_page(body: bytes, content_type: str) -> Page:
    """Return a page's text, and its parsed HTML document or JSON value.

    Args:
        body: the page as it was received.
        content_type: the header's value; if it is empty, HTML is assumed.

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
    """Return the first number that a selector finds and the text that contains it, or None.

    Args:
        page: the page, as `parse_page` returns it.
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
    except json.JSONDecodeError:  # the data is a string, which the library tries to parse again
        return None
    return None if found is None else found.obj


def number_in(value: Any) -> Decimal | None:
    """Return the number that `value` is or that its text contains, in any country's notation."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        if isinstance(value, int | float | Decimal):
            number = Decimal(str(value))
        else:
            text = str(value)[:NUMBER_WITHIN].replace("\N{MINUS SIGN}", "-")
            # The price parser recognizes Swiss thousands separators and percentages only in this
            # form.
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


def _clean(text: str) -> str:
    return UNKEEPABLE.sub("\N{REPLACEMENT CHARACTER}", text)
