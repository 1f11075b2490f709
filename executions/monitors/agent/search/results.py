"""What a search finds, and what of an engine's results is taken; pure."""

import html
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from yarl import URL

from executions.failures import FailureKind
from torale.outbound.url_rules import AMBIGUOUS, MAX_URL_LENGTH

#: How many results are returned, and how many of an engine's are looked at.
MAX_RESULTS: Final = 10
MAX_LOOKED_AT: Final = 100
#: How many characters of each text are kept.
MAX_TITLE: Final = 200
MAX_SNIPPET: Final = 500
MAX_PUBLISHED: Final = 40

#: Joiners, which belong to the spelling of some languages. All other characters without a glyph are
#: left out: they could hide text, or turn it round.
JOINERS: Final = "\u200c\u200d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One page that a search has found. All texts are the page's or the engine's."""

    #: Its absolute http(s) URL.
    url: str
    #: Its title, perhaps empty.
    title: str
    #: What the engine shows of it, perhaps empty.
    snippet: str
    #: When it was published, as the engine writes it; empty if it does not say.
    published: str


class SearchFailed(Exception):
    """A search had no answer; the message says why, and what an operator can change.

    Attributes:
        kind: decides whether and when to ask again.
    """

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def results_of(found: Iterable[Any], *, snippet: str, published: str) -> list[Result]:
    """Return the results among what an engine has found, each page once.

    What is not a result, and what is at no http(s) URL, is passed over.

    Args:
        found: the engine's results, with `url` and `title`.
        snippet: the name that the engine gives to the snippet.
        published: the name that it gives to the date.
    """
    results: dict[str, Result] = {}
    for _, entry in zip(range(MAX_LOOKED_AT), found, strict=False):
        url = entry.get("url") if isinstance(entry, Mapping) else None
        if isinstance(url, str) and is_web_page(url):
            result = Result(
                url=url,
                title=plain(entry.get("title"), MAX_TITLE),
                snippet=plain(entry.get(snippet), MAX_SNIPPET),
                published=plain(entry.get(published), MAX_PUBLISHED),
            )
            results.setdefault(url, result)
        if len(results) == MAX_RESULTS:
            break
    return [*results.values()]


def is_web_page(url: str) -> bool:
    """Return whether `url` is an absolute http(s) URL that no program reads in another way."""
    if len(url) > MAX_URL_LENGTH or AMBIGUOUS.search(url):
        return False
    try:
        parsed = URL(url)
    except ValueError:
        return False
    return parsed.scheme in {"http", "https"} and bool(parsed.host)


def plain(value: Any, length: int) -> str:
    """Return the beginning of a text on one line, without what has no glyph.

    Args:
        value: the text; anything else counts as empty.
        length: how many characters are kept.
    """
    if not isinstance(value, str):
        return ""
    # Entities are longer than what they mean, so a little more is looked at.
    shown = "".join(map(_shown, html.unescape(value[: 8 * length])))
    return " ".join(shown.split())[:length].rstrip()


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cc":  # line breaks among others
        return " "
    return "" if category[0] == "C" and character not in JOINERS else character
