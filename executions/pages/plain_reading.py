"""Read a page for somebody who applies no rule to it; this work runs in a child process."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urldefrag, urljoin

from executions.pages.examine import NotThePage
from executions.pages.hidden_by_style import hidden_by_style
from executions.pages.machine_data import json_ld, word
from executions.pages.not_a_page import why_not_a_page
from executions.pages.page import Download, Page, PageKind
from executions.pages.parse_page import parse_page
from executions.pages.storable import storable
from executions.pages.visible_text import text_and_links_of

#: How many characters of the text are kept, and how many links.
MAX_TEXT: Final = 200_000
MAX_LINKS: Final = 60

#: An absolute URL of the web, with nothing in it that programs read in different ways.
_WEB_ADDRESS: Final = re.compile(
    r"https?://(?![/?#])[^\s\\\x00-\x20\x7f-\x9f\ud800-\udfff]{1,2000}", re.IGNORECASE
)
#: Elements around the content of most pages.
_AROUND: Final = ("nav", "header", "footer")
#: What browsers leave out of an address.
_LEFT_OUT: Final = re.compile(r"[\t\r\n]")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?=\D|\Z)")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainReading:
    """What a person sees on a page."""

    #: The URL that answered: after redirects, the last one.
    url: str
    #: Its title, empty when it has none.
    title: str
    #: Its text without the title, a line for each block; at most MAX_TEXT characters.
    text: str
    #: Where it leads: texts and absolute http(s) URLs, each URL once, at most MAX_LINKS. If there
    #: are more, those in its content are preferred to those in its navigation.
    links: tuple[tuple[str, str], ...]
    #: When it was published or else changed, as it says itself: YYYY-MM-DD; empty if it does not.
    published: str


def read_plainly(download: Download) -> PlainReading:
    """Read a page: what a person sees, and nothing that is hidden.

    Args:
        download: the page as it was received.

    Raises:
        NotThePage: the server answered with something else, such as a wall or an error.
        Unreadable: the page cannot be read as text.
    """
    page = parse_page(
        download.body,
        download.content_type,
        language=download.headers.get("content-language", ""),
        url=download.url,
    )
    if no_page := why_not_a_page(download, page, None):
        raise NotThePage(no_page)
    text, links = page.text, _links_of_feed(page)
    is_html = page.kind == PageKind.HTML and page.document is not None
    if is_html:
        left_out = [*page.document.iterfind(".//title"), *hidden_by_style(page.document)]
        text, found = text_and_links_of(page.document, without=left_out)
        links = _links_of_html(page, found)
    return PlainReading(
        url=download.url,
        title=page.title,
        text=storable(text[:MAX_TEXT]),
        links=tuple(_first(links, page.url)),
        published=(_published(page.document) if is_html else "") or _changed(download),
    )


def _links_of_feed(page: Page) -> Iterable[tuple[str, str]]:
    return [(item.title, item.url) for item in page.items]


def _links_of_html(page: Page, found: list[tuple[str, Any]]) -> list[tuple[str, str]]:
    """Return texts and URLs, which may be none, in the order in which they are preferred."""
    base = page.document.find(".//base[@href]")
    start = _joined(page.url, base.get("href")) if base is not None else page.url
    own: list[tuple[str, str]] = []
    around: list[tuple[str, str]] = []
    for text, element in found:
        is_around = any(True for _ in element.iterancestors(*_AROUND))
        link = (text, _joined(start, element.get("href") or ""))
        (around if is_around else own).append(link)
    return own + around


def _joined(base: str, reference: str) -> str:
    try:
        return urljoin(base, _LEFT_OUT.sub("", reference).strip().replace(" ", "%20"))
    except ValueError:
        return ""


def _first(links: Iterable[tuple[str, str]], own: str) -> Iterator[tuple[str, str]]:
    """Yield the first MAX_LINKS links that have a text and lead to other pages, each page once."""
    met = {urldefrag(own).url}
    for text, url in links:
        if len(met) > MAX_LINKS:
            return
        if text and _WEB_ADDRESS.fullmatch(url) and (page := urldefrag(url).url) not in met:
            met.add(page)
            yield storable(text), page


def _published(document: Any) -> str:
    """Return the date on which an HTML page says that it was published, or an empty text."""
    said = [
        meta.get("content", "")
        for meta in document.iterfind(".//meta[@property='article:published_time']")
    ]
    said += [word(node.get("datePublished")) for node in json_ld(document)]
    return next(filter(None, map(_date, said)), "")


def _date(text: str) -> str:
    found = _DATE.match(text.strip())
    try:
        return date.fromisoformat(found[0]).isoformat() if found else ""
    except ValueError:
        return ""


def _changed(download: Download) -> str:
    """Return the date on which the server says that the page has changed, or an empty text."""
    try:
        return parsedate_to_datetime(download.headers.get("last-modified", "")).date().isoformat()
    except ValueError:
        return ""
