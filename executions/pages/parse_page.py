"""Turn the bytes of a page into what a rule sees of it; pure."""

import json
import re
from email.message import Message
from typing import Any

from executions.pages import expression
from executions.pages.charset import decoded
from executions.pages.documents import html_document, xml_document
from executions.pages.feed import ROOTS, is_json_feed, json_feed, xml_feed
from executions.pages.json_text import json_text
from executions.pages.page import Page, PageKind, Unreadable
from executions.pages.pdf import is_pdf, pdf_page
from executions.pages.storable import storable
from executions.pages.visible_text import text_of

TEXT_TYPES = re.compile(r"text/|application/(.+\+)?(json|xml)|application/xhtml\+xml")
#: What a server says that does not know what it sends.
UNKNOWN_TYPES = frozenset({"application/octet-stream", "application/x-download"})
#: How many characters are searched for the beginning of the root of XML.
ROOT_WITHIN = 10_000
_ROOT = expression.compiled(
    r"(?is)^\x{feff}?(?:\s|<\?.*?\?>|<!--.*?-->|<!doctype[^>\[]*(?:\[.*?\]\s*)?>)*<([a-z][\w:.-]*)"
)
#: What JSON begins with if it is more than a number or a text.
_BEGINS_LIKE_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*[\[{]")


def parse_page(body: bytes, content_type: str, *, language: str = "", url: str = "") -> Page:
    """Return what a rule sees of a page.

    What the page is, is judged by its content first: JSON, a feed and a PDF are read as such under
    any type.

    Args:
        body: the page as it was received.
        content_type: the header's value; if it is empty, HTML is assumed.
        language: the value of the header Content-Language, used if the page names no language.
        url: where the page is; links are relative to it.

    Raises:
        Unreadable: the page is an image or the like, or it is broken.
    """
    header = Message()
    header["Content-Type"] = content_type or "text/html"
    kind, charset = header.get_content_type(), header.get_content_charset()
    language = language.partition(",")[0].strip()
    if is_pdf(body):
        return pdf_page(body, language=language, url=url)
    if kind.endswith("json") or _BEGINS_LIKE_JSON.match(body):
        try:
            return _json_page(body, charset, language=language, url=url)
        except (ValueError, RecursionError) as error:
            if kind.endswith("json"):
                raise Unreadable("it is not valid JSON") from error
    if not TEXT_TYPES.match(kind) and not (kind in UNKNOWN_TYPES and body.lstrip()[:1] == b"<"):
        raise Unreadable(f"it is {kind}, not text")
    text = decoded(body, charset)
    found = _ROOT.search(text[:ROOT_WITHIN])
    root = found[1] if found else ""
    if root in ROOTS or (kind.endswith("xml") and root.lower() != "html"):
        return _xml_page(text, root, language=language, url=url)
    if _is_plain_text(kind, text):
        lines = text.replace("\r\n", "\n").replace("\r", "\n")
        return Page(text=storable(lines), title="", kind=PageKind.TEXT, language=language, url=url)
    return _html_page(text, language=language, url=url)


def _is_plain_text(kind: str, text: str) -> bool:
    """Return whether a text is to be read line by line: CSV, Markdown, a calendar and the like."""
    if kind == "text/plain":
        return True
    # Some servers send HTML under types of their own.
    return kind.startswith("text/") and kind != "text/html" and text.lstrip()[:1] != "<"


def _json_page(body: bytes, charset: str | None, *, language: str, url: str) -> Page:
    try:
        data = json.loads(body)
    except UnicodeDecodeError:  # JSON is UTF-8 (RFC 8259 §8.1), but not everyone knows
        data = json.loads(decoded(body, charset))
    if is_json_feed(data):
        return json_feed(data, language=language, url=url)
    return Page(
        text=json_text(data), title="", kind=PageKind.JSON, language=language, url=url, data=data
    )


def _xml_page(text: str, root: str, *, language: str, url: str) -> Page:
    document = xml_document(text)
    if document is None:
        return Page(text="", title="", kind=PageKind.XML, language=language, url=url)
    if root in ROOTS:
        return xml_feed(document, language=language, url=url)
    return Page(
        text=storable(text_of(document)),
        title="",
        kind=PageKind.XML,
        language=language,
        url=url,
        document=document,
    )


def _html_page(text: str, *, language: str, url: str) -> Page:
    document = html_document(text)
    if document is None:
        return Page(text="", title="", language=language, url=url)
    title = document.findtext(".//title") or ""
    return Page(
        text=storable(text_of(document)),
        title=storable(" ".join(title.split())[:200]),
        language=_language(document) or language,
        url=url,
        document=document,
    )


def _language(document: Any) -> str:
    """Return the language that an HTML document names (HTML §3.2.6.2), or an empty text."""
    named = document.get("lang") or document.get("xml:lang")
    return storable((named or "").strip())[:35]
