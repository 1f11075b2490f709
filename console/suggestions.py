"""Suggest conditions for a page that was just read; pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: Texts by which shops say whether something can be bought, as regular expressions, and whether a
#: person waits for the text to appear or to disappear.
STOCK = (
    (r"\bout of stock\b", False),
    (r"\bsold out\b", False),
    (r"\b(?:currently )?unavailable\b", False),
    (r"\bausverkauft\b", False),
    (r"\bnicht verfügbar\b", False),
    (r"\bin stock\b", True),
    (r"\badd to (?:cart|basket)\b", True),
    (r"\bauf lager\b", True),
)


@dataclass(frozen=True)
class Suggestion:
    """A condition that fits a page."""

    #: The condition, as it is written.
    condition: str
    #: What is seen on the page that suggests it.
    reason: str


def suggestions_for(pages: list[Mapping[str, Any]], *, condition: str) -> list[Suggestion]:
    """Return conditions that fit what was read, other than `condition`.

    Args:
        pages: the pages of a preview's result.
        condition: the condition that was tried.
    """
    found = {each.condition: each for page in pages for each in _of_page(page)}
    found.pop(condition.strip(), None)
    return [*found.values()]


def _of_page(page: Mapping[str, Any]) -> Iterator[Suggestion]:
    if price := page.get("price"):
        amount, currency = price["amount"], price["currency"]
        yield Suggestion(f"price < {amount}", f"The price is {amount} {currency}".rstrip() + ".")
    if page.get("items"):
        yield Suggestion("new items", "The page is a feed.")
    text = page.get("text") or ""
    for pattern, is_awaited in STOCK:
        if match := re.search(pattern, text, re.IGNORECASE):
            verb = "contains" if is_awaited else "does not contain"
            yield Suggestion(f'{verb} "{match[0]}"', f"The page says “{match[0]}”.")
            return
