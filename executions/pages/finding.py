"""Apply a rule to a page: what was found, and what to remember of it; pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from executions.pages.judge import History, Judge
from executions.pages.offers import Offers
from executions.pages.page import READING, Page
from executions.pages.page_text import KEPT_CHARACTERS, SEPARATOR, PageTexts
from executions.pages.rule import Changes, NewLines, Rule
from executions.pages.verdict import STILL, Listing

#: How many characters of what was gone or new the evidence quotes.
QUOTED_CHARACTERS = 400
#: The rules that compare the text of the whole page.
WHOLE_PAGE = {str(Changes()), str(Changes(exactly=True)), str(NewLines())}


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one visit to one page."""

    #: The page's title, empty when it has none.
    title: str
    #: Whether the rule holds now.
    holds: bool
    #: Whether it holds now and did not hold at the last visit.
    is_news: bool
    #: What was seen, in words.
    evidence: str
    #: What to remember about the page; None if nothing was known, and nothing is to be remembered.
    memory: dict[str, Any] | None
    #: Whether it holds because of something that stands on the page, rather than because something
    #: is missing from it or is no longer as it was.
    is_positive: bool = False
    #: What else to remember of the page's text, as `PageTexts` packs it; None changes nothing.
    text: bytes | None = None
    #: Whether the same page would be found the same at the next visit. After an event, for example,
    #: a rule that waits for no event becomes true.
    is_settled: bool = False
    #: Whether it is news that has to be looked at once more before it is told.
    is_tentative: bool = False
    #: What to pass to a second look as `text`; None if that is what was passed to this one.
    first_look: bytes | None = None
    #: What the owner should know although the rule could be applied, as sentences.
    warnings: tuple[str, ...] = ()
    #: The text of this visit, in the form in which `PageTexts` keeps each of them.
    seen_text: str = ""
    #: The evidence without what `listings` show.
    summary: str = ""
    #: What has come or gone, to be shown below each other.
    listings: tuple[Listing, ...] = ()
    #: The price and the stock that the rule is about, in the first of its scopes; None if it is
    #: about neither.
    offers: Offers | None = None


def find(
    rule: Rule, page: Page, memory: Mapping[str, Any] | None, texts: PageTexts | None = None
) -> Finding:
    """Apply a rule to a page.

    What was remembered by another version of the reading is replaced, and nothing is told: only
    whether the rule held is known from then.

    Args:
        rule: the rule.
        page: the page.
        memory: from the last visit's finding; None at the first visit.
        texts: what the latest finding with a text had as its text; None if there was none. If it
            has a first look, this is the second: only what both looks show has changed.
    """
    held = bool(memory and memory.get("holds"))
    is_read_anew = memory is not None and memory.get("reading") != READING
    history = _history({} if is_read_anew else memory or {}, None if is_read_anew else texts)
    judge = Judge(page, history)
    verdict = judge.verdict(rule)
    holds = held if verdict.holds is None else verdict.holds
    is_news = holds and not is_read_anew and (verdict.is_event or not held)
    is_known = verdict.holds is not None and not is_read_anew
    if is_news:
        summary = verdict.evidence
    else:
        summary = f"{STILL}{verdict.evidence}" if verdict.lasts and held else verdict.evidence
    last = _joined(_texts(judge, history), page)
    told = last if is_news else texts.told if texts else None
    learnt = PageTexts(last=last, told=told)
    return Finding(
        title=page.title,
        holds=holds,
        is_news=is_news,
        evidence=_evidence(summary, verdict.listings, judge.warnings),
        memory={
            "reading": READING,
            "holds": verdict.lasts if is_known else held,
            **_remembered(judge, history, is_told=is_news),
        },
        is_positive=verdict.is_positive,
        is_settled=not (verdict.saw_event or is_read_anew),
        text=None if learnt == texts else learnt.pack(),
        warnings=tuple(dict.fromkeys(judge.warnings)),
        seen_text=last,
        summary=summary,
        listings=verdict.listings,
        offers=next(iter(judge.offers.values()), None),
    )


def _history(memory: Mapping[str, Any], texts: PageTexts | None) -> History:
    return History(
        texts=_separated(texts.last) if texts and memory else {},
        told=_separated(texts.told) if texts and texts.told is not None else {},
        first_looks=_separated(texts.first_look) if texts and texts.first_look is not None else {},
        numbers=memory.get("numbers", {}),
        items=memory.get("items", {}),
        parts=memory.get("parts", []),
    )


def _remembered(judge: Judge, history: History, *, is_told: bool) -> dict[str, Any]:
    numbers = {
        **history.numbers,
        **{
            key: _extremes(number, history.numbers.get(key), is_told=is_told)
            for key, number in judge.numbers.items()
        },
    }
    learnt = {"numbers": numbers, "items": judge.learnt.items, "parts": judge.learnt.parts}
    return {name: value for name, value in learnt.items() if value}


def _extremes(
    number: Decimal, before: Mapping[str, str] | None, *, is_told: bool
) -> dict[str, str]:
    """Return the highest and lowest number since the last telling, and the lowest of all."""
    high = low = lowest = number
    if before is not None:
        lowest = min(number, Decimal(before["lowest"]))
        if not is_told:
            high, low = max(number, Decimal(before["high"])), min(number, Decimal(before["low"]))
    return {"high": f"{high:f}", "low": f"{low:f}", "lowest": f"{lowest:f}"}


def _texts(judge: Judge, history: History) -> dict[str, str]:
    """Return the texts that rules compare; of a part that is not there now, as it was last."""
    parts = {key: text for key, text in history.texts.items() if key not in WHOLE_PAGE}
    return {**parts, **judge.learnt.texts}


def _joined(texts: Mapping[str, str], page: Page) -> str:
    """Return the page's text and, after it, those that rules compare with others."""
    whole = next((text for key, text in texts.items() if key in WHOLE_PAGE), page.text)
    parts = "".join(
        f"{SEPARATOR}{json.dumps(key)}\n{text.replace(SEPARATOR, ' ')}"
        for key, text in texts.items()
        if key not in WHOLE_PAGE
    )
    return whole.replace(SEPARATOR, " ")[: max(0, KEPT_CHARACTERS - len(parts))] + parts


def _separated(joined: str) -> dict[str, str]:
    """Return the texts by the rules that compare them."""
    whole, *parts = joined.split(SEPARATOR)
    texts = dict.fromkeys(WHOLE_PAGE, whole)
    for part in parts:
        key, _, text = part.partition("\n")
        texts[json.loads(key)] = text
    return texts


def _evidence(summary: str, listings: Sequence[Listing], warnings: Sequence[str]) -> str:
    shown = summary + "".join(map(_inline, listings))
    # A warning begins with the sentence that it warns of.
    return next((warning for warning in warnings if shown and warning.startswith(shown)), shown)


def _inline(listing: Listing) -> str:
    shown = " / ".join(entry.text for entry in listing.entries)
    if len(shown) > QUOTED_CHARACTERS:
        shown = f"{shown[:QUOTED_CHARACTERS]}…"
    return f' {listing.title}: "{shown}".'
