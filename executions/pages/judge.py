"""Judge the rules of a condition by one visit to a page and what is known of earlier ones; pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from executions.pages.currency import may_be_in
from executions.pages.difference import Difference, difference, has_moved
from executions.pages.listed import Listed, items_of_feed, items_of_list, remembered, unseen
from executions.pages.normal_form import folded, span_of
from executions.pages.numbers import Amount
from executions.pages.offers import Offers, offers_of, offers_of_part
from executions.pages.page import Page, PageKind
from executions.pages.part import part_of
from executions.pages.rule import (
    AllOf,
    AnyOf,
    Between,
    Changes,
    Compared,
    Contains,
    Exists,
    InStock,
    LowestSoFar,
    Matches,
    Moves,
    NewItems,
    NewLines,
    Not,
    OutOfStock,
    Rule,
    Scope,
    Scoped,
    Selector,
    Value,
    quoted,
)
from executions.pages.selected import amount_at, selected, text_at
from executions.pages.two_looks import confirmed
from executions.pages.verdict import (
    Entry,
    Listing,
    Verdict,
    absent,
    all_of,
    any_of,
    event,
    known,
    opposite,
    unknown,
)

#: How many characters of a text the evidence quotes, and how many around a text that was found.
QUOTED_CHARACTERS = 400
AROUND_CHARACTERS = 60
#: How many lines or items a notification lists.
LISTED_ENTRIES = 20
#: How many characters are shown before the place where a long line differs.
BEFORE_CHARACTERS = 40


@dataclass(slots=True)
class History:
    """What is known of earlier visits; for most of it, by the rule that needs it, as written."""

    #: The texts at the last visit.
    texts: dict[str, str] = field(default_factory=dict)
    #: The texts at the last visit that was told.
    told: dict[str, str] = field(default_factory=dict)
    #: The texts at the first look, at a visit that looks twice.
    first_looks: dict[str, str] = field(default_factory=dict)
    #: The highest and lowest number since the last telling, and the lowest of all.
    numbers: dict[str, dict[str, str]] = field(default_factory=dict)
    #: The keys of the items seen, as `listed.remembered` returns them.
    items: dict[str, str] = field(default_factory=dict)
    #: The parts of the page that were there at some visit.
    parts: list[str] = field(default_factory=list)


class Judge:
    """Judges rules by a page; `learnt` is what the next visit has to know."""

    def __init__(self, page: Page, history: History) -> None:
        self._page = page
        self._history = history
        self._parts: dict[Scope, Page | None] = {Scope(): page}
        #: What this visit adds to the history. Of a number, it is the one that was found.
        self.learnt = History(items=dict(history.items), parts=list(history.parts))
        self.numbers: dict[str, Decimal] = {}
        #: The offers that rules are about, by the scope.
        self.offers: dict[Scope, Offers] = {}
        #: What the owner should know of parts that were there before.
        self.warnings: list[str] = []

    def verdict(  # noqa: PLR0911 - one for each kind of rule
        self,
        rule: Rule,
        scope: Scope = Scope(),  # noqa: B008 - it is frozen
    ) -> Verdict:
        """Return what the visit says of a rule, within a scope."""
        match rule:
            case AllOf(rules):
                return all_of([self.verdict(each, scope) for each in rules])
            case AnyOf(rules):
                return any_of([self.verdict(each, scope) for each in rules])
            case Not(inner):
                return opposite(self.verdict(inner, scope))
            case Scoped(inner_scope, inner):
                return self.verdict(inner, inner_scope.inside(scope))
            case NewItems():
                return self._new_items(scope)
        if scope not in self._parts:
            self._parts[scope] = part_of(self._page, scope)
        part = self._parts[scope]
        missing = f"Nothing was found {_where(scope)}."
        if scope.within:
            self._note(_where(scope), is_there=part is not None, missing=missing)
        if part is None:
            return unknown(missing)
        return self._of_part(rule, part, scope)

    def _of_part(  # noqa: PLR0911 - one for each kind of rule
        self, rule: Rule, part: Page, scope: Scope
    ) -> Verdict:
        match rule:
            case Changes() | NewLines():
                return self._changed(rule, part, scope)
            case Contains() | Matches():
                return _found(rule, part, _subject(scope))
            case Exists(selector):
                return _exists(selector, part)
            case InStock() | OutOfStock():
                return self._stock(part, scope, is_wanted=isinstance(rule, InStock))
            case Compared() if not isinstance(rule.operand, Decimal):
                return self._compared_text(rule, part, scope)
            case Compared() | Between():
                return self._compared_number(rule, part, scope)
            case Moves() | LowestSoFar():
                return self._moved(rule, part, scope)
        raise AssertionError(rule)  # there is no other rule

    def _changed(self, rule: Changes | NewLines, part: Page, scope: Scope) -> Verdict:
        key = str(Scoped(scope, rule))
        exactly = isinstance(rule, Changes) and rule.exactly
        if not exactly:
            part = part_of(self._page, scope, only_content=True) or part
        self.learnt.texts[key] = part.text
        old = self._history.texts.get(key)
        if old is None:
            length = len(part.text)
            return known(False, f"First visit: remembered {length:,} characters to compare with.")
        first = self._history.first_looks.get(key)
        # At the second look, the text is what it was, with those changes that both looks show.
        text = part.text if first is None else confirmed(old, first, part.text)
        self.learnt.texts[key] = text
        changes = difference(old, text, exactly=exactly)
        if isinstance(rule, Changes):
            moved = exactly and not changes.gone + changes.come and has_moved(old, text)
            return _with_changes(changes, _subject(scope), moved=moved)
        told = self._history.told.get(key)
        if told is not None:  # a line that was told does not become new by having been away
            changes = changes.also_in(difference(told, text))
        return _with_new_lines(changes, _subject(scope))

    def _new_items(self, scope: Scope) -> Verdict:
        key = str(Scoped(scope, NewItems()))
        items = self._items(scope)
        if isinstance(items, str):
            return unknown(items)
        seen = self._history.items.get(key)
        self.learnt.items[key] = remembered(items, seen or "")
        if seen is None:
            return known(False, f"First visit: remembered {len(items):,} items to compare with.")
        new = unseen(items, seen)
        if not new:
            return known(False, "There are no new items.")
        listing = _listing("New", [Entry(item.title, item.url) for item in new])
        return event(
            f"There {'is 1 new item' if len(new) == 1 else f'are {len(new)} new items'}.", listing
        )

    def _items(self, scope: Scope) -> list[Listed] | str:
        """Return the items in a scope, or why there are none, in words."""
        *outer, inner = scope.within or (Selector("feed"),)
        around = Scope(within=tuple(outer), without=scope.without, ignoring=scope.ignoring)
        part = part_of(self._page, around)
        if part is None:
            return f"Nothing was found {_where(around)}."
        if inner.kind != "feed":
            return items_of_list(selected(part, inner), part)
        if part.kind != PageKind.FEED:
            return 'The page is not a feed; name its list: new items in css("ul.news li").'
        return items_of_feed(part)

    def _note(self, selector: str, *, is_there: bool, missing: str) -> None:
        """Remember that a part is there; warn if it no longer is."""
        if is_there and selector not in self.learnt.parts:
            self.learnt.parts.append(selector)
        if not is_there and selector in self.learnt.parts:
            self.warnings.append(f"{missing} It found one at earlier visits: check the selector.")

    def _offers_in(self, part: Page, scope: Scope) -> Offers:
        if scope not in self.offers:
            self.offers[scope] = offers_of_part(part) if scope.within else offers_of(part)
        return self.offers[scope]

    def _stock(self, part: Page, scope: Scope, *, is_wanted: bool) -> Verdict:
        offers = self._offers_in(part, scope)
        if offers.in_stock is None:
            return unknown(f"Whether it is in stock is unknown. {offers.why_no_stock}".strip())
        said = f" ({quoted(offers.availability)})" if offers.availability else ""
        word = "in stock" if offers.in_stock else "out of stock"
        return known(
            offers.in_stock is is_wanted,
            f"The page says that it is {word}{said}.",
            is_positive=True,
        )

    def _numbers(
        self, rule: Compared | Between | Moves | LowestSoFar, part: Page, scope: Scope
    ) -> list[tuple[Decimal, str]] | Verdict:
        """Return the numbers that a rule is about and their texts, or the verdict without them."""
        amounts = self._amounts(rule.value, part, scope)
        if isinstance(amounts, Verdict):
            return amounts
        currency = "" if isinstance(rule, LowestSoFar) else rule.currency
        numbers: list[tuple[Decimal, str]] = []
        others: list[tuple[Decimal, str]] = []
        for amount, text in amounts:
            is_meant = may_be_in(currency, amount.currency)
            (numbers if is_meant else others).append((amount.number, text))
        # All of several cannot be judged by some of them.
        is_enough = numbers and rule.value.quantifier != "all"
        if is_enough or not others:
            return numbers
        number, text = others[0]
        named = f"{_name(rule.value, 'number')} is {number:f} ({quoted(text)})"
        return unknown(f"{named}, which is not in {currency}.")

    def _amounts(
        self, value: Value, part: Page, scope: Scope
    ) -> list[tuple[Amount, str]] | Verdict:
        if value.selector is None:
            offers = self._offers_in(part, scope)
            if offers.price is None:
                return unknown(f"The price is unknown. {offers.why_no_price}".strip())
            shown = f"{offers.price:f} {offers.currency}".strip()
            return [(Amount(offers.price, offers.currency), shown)]
        found = selected(part, value.selector, only_first=not value.quantifier)
        amounts = [amount for each in found if (amount := amount_at(each, part)) is not None]
        missing = f"No number was found by {value.selector}."
        self._note(f"{_where(scope)} {value}", is_there=bool(amounts), missing=missing)
        return amounts or absent(missing)

    def _compared_number(self, rule: Compared | Between, part: Page, scope: Scope) -> Verdict:
        numbers = self._numbers(rule, part, scope)
        if isinstance(numbers, Verdict):
            return numbers
        return _quantified(rule, numbers, rule.holds_for, "number")

    def _compared_text(self, rule: Compared, part: Page, scope: Scope) -> Verdict:
        assert rule.value.selector is not None  # noqa: S101 - the grammar has no other
        found = selected(part, rule.value.selector, only_first=not rule.value.quantifier)
        missing = f"Nothing was found by {rule.value.selector}."
        self._note(f"{_where(scope)} {rule.value}", is_there=bool(found), missing=missing)
        if not found:
            return absent(missing)
        if not isinstance(rule.operand, str):
            values = [(each, _shortened(text_at(each))) for each in found]
            return _quantified(rule, values, lambda value: _is_constant(rule, value), "value")
        compared = folded(rule.operand)
        texts = [(text, _shortened(text)) for text in map(text_at, found)]
        return _quantified(
            rule,
            texts,
            lambda text: (folded(text) == compared) is (rule.operator == "=="),
            "text",
            is_positive=rule.operator == "==",
        )

    def _moved(self, rule: Moves | LowestSoFar, part: Page, scope: Scope) -> Verdict:
        numbers = self._numbers(rule, part, scope)
        if isinstance(numbers, Verdict):
            return unknown(numbers.evidence)
        (number, text), *_ = numbers
        key = str(Scoped(scope, rule))
        self.numbers[key] = number
        before = self._history.numbers.get(key)
        now = f"{_name(rule.value, 'number')} is {number:f} ({quoted(text)})"
        if before is None:
            return known(False, f"{now}; no earlier one is known.")
        if isinstance(rule, LowestSoFar):
            lowest = Decimal(before["lowest"])
            holds = number < lowest
            words = f"{now}; the lowest so far was {lowest:f}."
        else:
            reference = Decimal(before["low" if rule.rises else "high"])
            holds = _has_moved_by(rule, reference, number)
            words = f"{now}; it was {reference:f}."
        return event(words) if holds else known(False, words)


def _has_moved_by(rule: Moves, reference: Decimal, number: Decimal) -> bool:
    moved = number - reference if rule.rises else reference - number
    if rule.by is None:
        return moved > 0
    least = abs(reference) * rule.by / 100 if rule.is_percentage else rule.by
    return moved > 0 and moved >= least


def _found(rule: Contains | Matches, part: Page, subject: str) -> Verdict:
    text = " ".join(part.text.split())
    if isinstance(rule, Matches):
        found = rule.pattern.compiled().search(text)
        span = found.span() if found else None
        wanted = f"a match of {rule.pattern}"
    else:
        span = span_of(" ".join(rule.text.split()), text)
        wanted = f'"{rule.text}"'
    if span is None:
        return known(False, f"{subject} does not contain {wanted}.")
    begin, end = max(0, span[0] - AROUND_CHARACTERS), min(len(text), span[1] + AROUND_CHARACTERS)
    around = f"{'…' if begin else ''}{text[begin:end]}{'…' if end < len(text) else ''}"
    return known(True, f'{subject} contains {wanted}: "{_shortened(around)}".', is_positive=True)


def _exists(selector: Selector, part: Page) -> Verdict:
    if selector.kind == "feed":
        holds = part.kind == PageKind.FEED
    else:
        found = selected(part, selector, only_first=True)
        # An XPath may find whether something is so, or how often.
        holds = bool(found) and found[0] is not False
    return known(
        holds, f"The page {'has' if holds else 'does not have'} {selector}.", is_positive=True
    )


def _is_constant(rule: Compared, value: Any) -> bool:
    return (value is rule.operand) is (rule.operator == "==")


def _quantified(
    rule: Compared | Between,
    found: Sequence[tuple[Any, str]],
    holds_for: Callable[[Any], bool],
    noun: str,
    *,
    is_positive: bool = False,
) -> Verdict:
    """Return whether a comparison holds for the first, any or all of what was found."""
    value = rule.value
    wanted = str(rule).removeprefix(f"{value} ")
    meeting = [(each, text) for each, text in found if holds_for(each)]
    failing = [(each, text) for each, text in found if not holds_for(each)]
    holds = not failing if value.quantifier == "all" else bool(meeting)
    each, text = (meeting if holds else failing)[0]
    shown = f'{each:f} ("{text}")' if isinstance(each, Decimal) else f'"{text}"'
    verb = "" if holds else "not "
    evidence = f"{_name(value, noun)} is {shown}, which is {verb}{wanted}."
    if value.quantifier:
        evidence = f"{len(meeting)} of {len(found)} {noun}s are {wanted}. {evidence}"
    return known(holds, evidence, is_positive=is_positive)


def _name(value: Value, noun: str) -> str:
    if value.selector is None:
        return "The price"
    return f"{'A' if value.quantifier else 'The'} {noun} found by {value.selector}"


def _with_changes(changes: Difference, subject: str, *, moved: bool) -> Verdict:
    if moved:
        return event(f"The order of {subject.lower()}'s lines has changed.")
    if not changes.gone and not changes.come:
        return known(False, f"{subject} has not changed.")
    gone, come = _focused(changes)
    listings = [_listing(*each) for each in (("Gone", gone), ("New", come)) if each[1]]
    return event(f"{subject} has changed.", *listings)


def _with_new_lines(changes: Difference, subject: str) -> Verdict:
    if not changes.come:
        return known(False, f"{subject} has no new lines.")
    return event(
        f"{subject} has new lines.", _listing("New", [_entry(line.own) for line in changes.come])
    )


def _focused(changes: Difference) -> tuple[list[Entry], list[Entry]]:
    """Return the changed lines; of a single long one, the place where it differs."""
    gone, come = [line.own for line in changes.gone], [line.own for line in changes.come]
    if len(gone) == len(come) == 1:
        begin = 0
        for before, after in zip(gone[0], come[0], strict=False):
            if before != after:
                break
            begin += 1
        begin = max(0, begin - BEFORE_CHARACTERS)
        if begin:
            gone, come = ([f"…{text[begin:]}"] for (text,) in (gone, come))
    return [_entry(text) for text in gone], [_entry(text) for text in come]


def _entry(text: str) -> Entry:
    return Entry(_shortened(text))


def _listing(title: str, entries: Sequence[Entry]) -> Listing:
    shown = tuple(
        Entry(_cut(entry.text, QUOTED_CHARACTERS), entry.url) for entry in entries[:LISTED_ENTRIES]
    )
    return Listing(title, shown, more=max(0, len(entries) - LISTED_ENTRIES))


def _shortened(text: str) -> str:
    return _cut(" ".join(text.split()), QUOTED_CHARACTERS)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length]}…"


def _where(scope: Scope) -> str:
    within = " ".join(f"in {selector}" for selector in scope.within)
    without = " ".join(f"without {selector}" for selector in scope.without)
    return f"{within} {without}".strip()


def _subject(scope: Scope) -> str:
    where = _where(scope)
    return f"The page {where}" if where else "The page"
