"""Read what a visit brought and apply a condition to it: the work that runs in a child process."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from executions.pages.finding import Finding, find
from executions.pages.last_reading import (
    LastReading,
    remembered,
    validators_lie,
    without_last_reading,
)
from executions.pages.no_page import NoPage
from executions.pages.not_a_page import is_wall_wording, why_not_a_page, why_unreadable, without
from executions.pages.offers import Offers, offers_of
from executions.pages.page import READING, Download, Page, Unreadable
from executions.pages.page_text import PageTexts, whole_text
from executions.pages.parse_page import parse_page
from executions.pages.parsing import parse
from executions.pages.rule import Contains, Rule, selectors_in, simple_rules
from executions.pages.seen import Before, Seen
from executions.pages.selected import selected, text_at

#: How long a page may be unlike the one that was remembered before it is remembered anew.
UNLIKE_FOR = timedelta(days=3)
#: A text that has less than this share left of at least SHRINKABLE characters is warned of.
SHRUNKEN = 0.25
SHRINKABLE = 500
#: How many characters of a page's text a preview shows.
SHOWN_CHARACTERS = 10_000
#: How many items of a feed a preview shows, and how many characters of each text.
SHOWN_ITEMS = 50
SHOWN_ITEM_CHARACTERS = 300


class NotThePage(Exception):
    """The server answered with something else than the page.

    Attributes:
        no_page: what it is.
    """

    def __init__(self, no_page: NoPage) -> None:
        super().__init__(no_page)
        self.no_page = no_page


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at a page."""

    #: When it was.
    at: datetime
    #: Whether it is the second look of a visit, at what the first look would have told.
    is_second: bool = False
    #: A keyed digest of the request headers; empty if there are none.
    request_headers: str = ""


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
    #: The price that `price` means in the rule, or else on the whole page, as `amount` (written
    #: like 1299.95), `currency` and `source`; None if it is unknown.
    price: dict[str, str] | None
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
    look: Look,
) -> Finding:
    """Read a page and apply a condition, given what was remembered about the page.

    Args:
        condition: a rule, as `parse` takes it.
        download: the page as it was received.
        memory: `memory` of the last visit's finding; None at the first visit.
        text: the latest `text` of a finding that was not None; at the second look of a visit,
            `first_look` of the first look's finding.
        look: when the page was received.

    Raises:
        RuleError: the condition is not a rule.
        NotThePage: the server answered with something else, and the condition does not hold
            because of something that stands there.
        Unreadable: the page cannot be read as text.
    """
    rule = parse(condition)
    texts = PageTexts.unpack(text) if text else None
    has_old_look = texts is not None and texts.first_look is not None and not look.is_second
    if texts and has_old_look:  # its second look was never taken
        texts = replace(texts, first_look=None)
    before = _before(memory, texts)
    page = _parsed(download, before)
    lies = validators_lie(memory, download, request_headers=look.request_headers)
    if no_page := why_not_a_page(download, page, before):
        if not (no_page.is_weak and before and look.at - before.seen.seen_at >= UNLIKE_FOR):
            return _met_nevertheless(no_page, rule, page, memory)
        # It has been unlike for so long that it is the page now: what was remembered of it says
        # nothing any more, except whether the rule held.
        memory = {"holds": bool(memory and memory.get("holds"))}
        texts = before = None
    finding = find(rule, page, memory, texts)
    is_confirmed = finding.is_positive or (texts is not None and texts.first_look is not None)
    if look.is_second and finding.is_news and not is_confirmed:
        return replace(
            finding,
            is_news=False,
            evidence=f"{finding.evidence} It was not so at the first look at this visit, so it is "
            "looked at again at the next one.",
            memory=None if memory is None else dict(memory),
            text=None,
        )
    seen, warnings = _seen(download, page, before, look)
    is_tentative = finding.is_news and not finding.is_positive and not look.is_second
    if texts and has_old_look and finding.text is None:
        finding = replace(finding, text=texts.pack())
    last = None
    if finding.is_settled and not (is_tentative or look.is_second or lies or warnings):
        kept = finding.text or text or b""
        last = LastReading.of(
            download, finding, kept, request_headers=look.request_headers, at=look.at
        )
    return replace(
        finding,
        evidence=" ".join([finding.evidence, *warnings]),
        warnings=(*finding.warnings, *warnings),
        memory={
            **(finding.memory or {}),
            "seen": seen.to_memory(),
            **remembered(last, lies=lies),
        },
        is_tentative=is_tentative,
        first_look=(
            _for_second_look(texts, finding.seen_text if is_tentative else None)
            if is_tentative or has_old_look
            else None
        ),
    )


def preview(condition: str, download: Download) -> Sight:
    """Read a page and apply a condition as at a first visit, and show what was read.

    Args:
        condition: a rule, as `parse` takes it.
        download: the page as it was received.

    Raises:
        RuleError: the condition is not a rule.
        NotThePage: the server answered with something else.
        Unreadable: the page cannot be read as text.
    """
    rule, page = parse(condition), _parsed(download, None)
    if no_page := why_not_a_page(download, page, None):
        raise NotThePage(no_page)
    finding = find(rule, page, None)
    return Sight(
        title=finding.title,
        text=page.text[:SHOWN_CHARACTERS],
        characters=len(page.text),
        items=[
            {"title": item.title, "url": item.url, "text": item.text[:SHOWN_ITEM_CHARACTERS]}
            for item in page.items[:SHOWN_ITEMS]
        ],
        price=_price(finding.offers or offers_of(page)),
        selected=_selected(rule, page),
        holds=finding.holds,
        evidence=finding.evidence,
    )


def _before(memory: Mapping[str, Any] | None, texts: PageTexts | None) -> Before | None:
    """Return the page as it was; None if nothing is known of it that could tell a wall from it."""
    if memory is None or "seen" not in memory:
        return None
    seen = Seen.from_memory(memory["seen"])
    if seen.reading != READING:
        return None
    return Before(seen=seen, text=whole_text(texts.last) if texts else "")


def _parsed(download: Download, before: Before | None) -> Page:
    try:
        return parse_page(
            download.body,
            download.content_type,
            language=download.headers.get("content-language", ""),
            url=download.url,
        )
    except Unreadable as error:
        if before is None:
            raise
        raise NotThePage(why_unreadable(download, str(error))) from error


def _met_nevertheless(
    no_page: NoPage, rule: Rule, page: Page, memory: Mapping[str, Any] | None
) -> Finding:
    """Return the finding if the rule is met by what stands on a page that is none.

    The words by which it is known as none do not count, unless the rule looks for just those.

    Raises:
        NotThePage: the rule is not met so.
    """
    if not any(
        isinstance(each, Contains) and is_wall_wording(each.text) for each in simple_rules(rule)
    ):
        page = replace(page, text=without(no_page.wording, page.text))
    finding = find(rule, page, memory)
    if not finding.is_positive:
        raise NotThePage(no_page)
    kept = without_last_reading(memory or {})
    return replace(finding, memory={**kept, "holds": True}, text=None)


def _seen(
    download: Download, page: Page, before: Before | None, look: Look
) -> tuple[Seen, list[str]]:
    """Return what to remember as seen, and the warning if the text has shrunk.

    Of a text that has shrunk, the length before it shrank is remembered for as long as an unlike
    page is.
    """
    seen = Seen.of(download, page, at=look.at)
    if (
        before is None
        or before.seen.characters < SHRINKABLE
        or seen.characters >= before.seen.characters * SHRUNKEN
        or look.at - before.seen.seen_at >= UNLIKE_FOR
    ):
        return seen, []
    warning = (
        f"Less than a quarter is left of the page's text, which had {before.seen.characters:,} "
        "characters: check whether it still shows what it did."
    )
    return before.seen, [warning]


def _for_second_look(texts: PageTexts | None, first_look: str | None) -> bytes:
    """Return the texts that the second look gets."""
    return PageTexts(
        last=texts.last if texts else "",
        told=texts.told if texts else None,
        first_look=first_look,
    ).pack()


def _price(offers: Offers) -> dict[str, str] | None:
    if offers.price is None or offers.source is None:
        return None
    return {
        "amount": f"{offers.price:f}",
        "currency": offers.currency,
        "source": offers.source.value,
    }


def _selected(rule: Rule, page: Page) -> list[dict[str, str | None]]:
    found = {each: selected(page, each, only_first=True) for each in selectors_in(rule)}
    return [
        {
            "selector": str(selector),
            "text": text_at(values[0])[:SHOWN_ITEM_CHARACTERS] if values else None,
        }
        for selector, values in found.items()
    ]
