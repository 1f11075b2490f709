"""What a visit brings, and a page as a rule sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

#: The version of the reading. What was remembered of a page carries it: a text of another version
#: says nothing about whether the page has changed.
READING = 3


class Unreadable(Exception):
    """The page cannot be read; the message completes "… cannot be watched: …"."""


class PageKind(StrEnum):
    """What a page is, judged by its content rather than by its header."""

    HTML = "html"
    JSON = "json"
    TEXT = "text"
    #: RSS, Atom or a JSON feed.
    FEED = "feed"
    PDF = "pdf"
    #: Any other XML.
    XML = "xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """What a server answered to a visit."""

    #: The URL that the question names.
    requested_url: str
    #: The URL that answered: after redirects, the last one.
    url: str
    #: The HTTP status.
    status: int
    #: The headers by lower-case name.
    headers: Mapping[str, str]
    #: The body, decompressed.
    body: bytes

    @property
    def content_type(self) -> str:
        """The header of this name, or an empty text."""
        return self.headers.get("content-type", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One entry of a feed."""

    #: What tells it from the others at the next visit: its id, or else its link or its title.
    key: str
    #: Its title, empty when it has none.
    title: str
    #: Its absolute link, empty when it has none.
    url: str
    #: What it says, as visible text.
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page as a rule sees it."""

    #: What a reader sees, in the page's own spelling: a line for each block. For JSON, the value
    #: with sorted keys.
    text: str
    #: Its title, empty when it has none.
    title: str
    #: What it is.
    kind: PageKind = PageKind.HTML
    #: Its language as a tag of RFC 5646 ("de-CH"), empty when it names none.
    language: str = ""
    #: The URL that answered; links are relative to it.
    url: str = ""
    #: The parsed document of HTML and XML, None for other content.
    document: Any = None
    #: The parsed JSON value, None for other content.
    data: Any = None
    #: The entries of a feed.
    items: tuple[Item, ...] = ()
