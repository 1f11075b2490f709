"""What is remembered of a page besides its text, by which a page that is no page is known; pure."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from functools import cached_property
from typing import Any, Self

from executions.pages.page import READING, Download, Page
from executions.pages.wordings import wordings

#: How many characters of a text are compared by their words. This is enough to know a page by.
_COMPARED_CHARACTERS = 40_000
#: How many amounts are read, and how many characters are searched for them.
_MOST_AMOUNTS = 50
_SEARCHED_CHARACTERS = 20_000
_WORDS = re.compile(r"[^\W\d_]+")
#: The end of a document of HTML.
END_OF_HTML = re.compile(rb"</(?:html|body)\s*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a visit saw of a page."""

    #: The version of the reading that saw it.
    reading: int = 0
    #: When, in ISO 8601.
    at: str
    #: How long its text was.
    characters: int
    #: Its language ("de"), empty when it names none.
    language: str = ""
    #: The currencies of the amounts in its text.
    currencies: tuple[str, ...] = ()
    #: Its title.
    title: str = ""
    #: The URL that answered.
    url: str = ""
    #: A PageKind.
    kind: str = ""
    #: Whether its HTML has an end tag of the document or its body.
    is_closed: bool = False

    @classmethod
    def of(cls, download: Download, page: Page, *, at: datetime) -> Self:
        """Return what this visit sees."""
        return cls(
            reading=READING,
            at=at.isoformat(),
            characters=len(page.text),
            language=language_of(page),
            currencies=currencies_in(page.text),
            title=page.title,
            url=download.url,
            kind=page.kind,
            is_closed=END_OF_HTML.search(download.body) is not None,
        )

    @classmethod
    def from_memory(cls, remembered: Mapping[str, Any]) -> Self:
        """Return what `to_memory` returned at an earlier visit."""
        known = {field.name for field in fields(cls)}
        values = {name: value for name, value in remembered.items() if name in known}
        return cls(**values | {"currencies": tuple(values.get("currencies", ()))})

    @property
    def seen_at(self) -> datetime:
        """When it was."""
        return datetime.fromisoformat(self.at)

    def to_memory(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return asdict(self) | {"currencies": list(self.currencies)}


@dataclass(frozen=True, kw_only=True)
class Before:
    """The page as it was at the last visit that saw it."""

    #: What was seen of it.
    seen: Seen
    #: Its text.
    text: str

    @cached_property
    def shingles(self) -> frozenset[tuple[str, ...]]:
        """Its text in pieces; see `shingles_of`."""
        return shingles_of(self.text)

    def share_in(self, text: str) -> float:
        """Return how much of the page still stands in `text`, from 0 to 1.

        Numbers and currencies do not count, as they change while the page stays the same.
        """
        if text == self.text:
            return 1
        if not self.shingles:
            return 0
        return len(self.shingles & shingles_of(text)) / len(self.shingles)

    def shows_all_of(self, text: str) -> bool:
        """Return whether each line of `text` stood on the page."""
        lines = {" ".join(line.split()) for line in self.text.splitlines()}
        return all(" ".join(line.split()) in lines for line in text.splitlines() if line.strip())


def shingles_of(text: str) -> frozenset[tuple[str, ...]]:
    """Return each three words that follow one another in `text`; fewer if it has no more."""
    signs = wordings().currencies
    begin = text[:_COMPARED_CHARACTERS].casefold()
    words = [word for word in _WORDS.findall(begin) if word not in signs]
    if len(words) < 3:  # noqa: PLR2004
        return frozenset([tuple(words)] if words else [])
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def currencies_in(text: str) -> tuple[str, ...]:
    """Return the currencies of the amounts that stand in `text`, sorted."""
    found = set()
    for number, match in enumerate(wordings().amounts.finditer(text[:_SEARCHED_CHARACTERS])):
        if number == _MOST_AMOUNTS:
            break
        sign = (match.group(1) or match.group(2)).casefold()
        found.add(wordings().currencies[sign])
    return tuple(sorted(found))


def language_of(page: Page) -> str:
    """Return the primary language that the page names (RFC 5646 §2.2.1), in lower case."""
    return re.split("[-_]", page.language.strip().lower())[0]
