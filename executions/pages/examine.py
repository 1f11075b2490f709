"""Read what a visit brought and apply a condition to it: the work that runs in a child process."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from executions.pages.finding import Finding, find
from executions.pages.page import Download, Page
from executions.pages.page_text import PageTexts
from executions.pages.parse_page import parse_page
from executions.pages.parsing import parse
from executions.pages.rule import Rule, selectors_in
from executions.pages.selected import selected, text_at

#: How many characters of a page's text a preview shows.
SHOWN_CHARACTERS = 10_000
#: How many items of a feed a preview shows, and how many characters of each text.
SHOWN_ITEMS = 50
SHOWN_ITEM_CHARACTERS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What was read on a page, and what a rule says of it, for people who try a rule."""

    #: Its title, empty when it has none.
    title: str
    #: The beginning of its text.
    text: str
    #: How many characters the whole text has.
    characters: int
    #: The entries of a feed, as `title`, `url` and `text`.
    items: list[dict[str, str]]
    #: What the rule's selectors found, as `selector` and `text`; null where they found nothing.
    selected: list[dict[str, str | None]]
    #: Whether the rule holds now.
    holds: bool
    #: Why, in words.
    evidence: str


def examine(
    condition: str,
    download: Download,
    memory: Mapping[str, Any] | None,
    text: bytes | None,
) -> Finding:
    """Read a page and apply a condition, given what was remembered about the page.

    Args:
        condition: a rule, as `parse` takes it.
        download: the page as it was received.
        memory: `memory` of the last visit's finding; None at the first visit.
        text: the latest `text` of a finding that was not None.

    Raises:
        RuleError: the condition is not a rule.
        Unreadable: the page cannot be read as text.
    """
    texts = None if text is None else PageTexts.unpack(text)
    return find(parse(condition), _page(download), memory, texts)


def preview(condition: str, download: Download) -> Sight:
    """Read a page and apply a condition as at a first visit, and show what was read.

    Args:
        condition: a rule, as `parse` takes it.
        download: the page as it was received.

    Raises:
        RuleError: the condition is not a rule.
        Unreadable: the page cannot be read as text.
    """
    rule, page = parse(condition), _page(download)
    finding = find(rule, page, None)
    return Sight(
        title=finding.title,
        text=page.text[:SHOWN_CHARACTERS],
        characters=len(page.text),
        items=[
            {"title": item.title, "url": item.url, "text": item.text[:SHOWN_ITEM_CHARACTERS]}
            for item in page.items[:SHOWN_ITEMS]
        ],
        selected=_selected(rule, page),
        holds=finding.holds,
        evidence=finding.evidence,
    )


def _page(download: Download) -> Page:
    return parse_page(
        download.body,
        download.content_type,
        language=download.headers.get("content-language", ""),
        url=download.url,
    )


def _selected(rule: Rule, page: Page) -> list[dict[str, str | None]]:
    found = {each: selected(page, each, only_first=True) for each in selectors_in(rule)}
    return [
        {
            "selector": str(selector),
            "text": text_at(values[0])[:SHOWN_ITEM_CHARACTERS] if values else None,
        }
        for selector, values in found.items()
    ]
