"""What a visit brings, and a page as a rule sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class Unreadable(Exception):
    """The page cannot be read; the message completes "… cannot be watched: …"."""


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
class Page:
    """A page as a rule sees it."""

    #: The text that a reader sees, or the JSON with sorted keys.
    text: str
    #: Its title, empty when it has none.
    title: str
    #: The parsed HTML document, None for other content.
    document: Any = None
    #: The parsed JSON value, None for other content.
    data: Any = None
