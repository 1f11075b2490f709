"""Apply a rule to a page: what was found, and what to remember of it; pure."""

import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from executions.pages.normal_form import span_of
from executions.pages.page import Page
from executions.pages.rule import Changes, Contains, Matches, Number, Rule
from executions.pages.selected import select_number

#: How many characters of a page's text are remembered, to show what changed.
REMEMBERED_CHARACTERS = 8000
#: How many characters of a page's text the evidence quotes.
QUOTED_CHARACTERS = 400
#: How many lines of a page's text are compared to show what changed.
COMPARED_LINES = 200


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
    #: What to remember about the page.
    memory: dict[str, Any]
    #: Whether it holds because of something that stands on the page, rather than because something
    #: is missing from it or is no longer as it was.
    is_positive: bool = False
    #: What else to remember of the page's text, in a form of this package; None changes nothing.
    text: bytes | None = None


def find(rule: Rule, page: Page, memory: Mapping[str, Any] | None) -> Finding:
    """Apply a rule to a page.

    Args:
        rule: the rule.
        page: the page.
        memory: from the last visit's finding; None at the first visit.
    """
    remembered = {
        "sha256": hashlib.sha256(page.text.encode()).hexdigest(),
        "text": page.text[:REMEMBERED_CHARACTERS],
    }
    if isinstance(rule, Changes):
        has_changed, evidence = _change(page, memory, remembered)
        return Finding(page.title, has_changed, has_changed, evidence, remembered)
    holds, evidence = _holds(rule, page)
    held = bool(memory and memory.get("holds"))
    if holds and held:
        evidence = f"Still true: {evidence}"
    is_positive = isinstance(rule, Matches) or (isinstance(rule, Contains) and not rule.negated)
    return Finding(
        page.title,
        holds,
        holds and not held,
        evidence,
        {**remembered, "holds": holds},
        is_positive=holds and is_positive,
    )


def _change(
    page: Page, memory: Mapping[str, Any] | None, remembered: dict[str, Any]
) -> tuple[bool, str]:
    if memory is None:
        return False, f"First visit: remembered {len(page.text):,} characters to compare with."
    if memory["sha256"] == remembered["sha256"]:
        return False, "The page has not changed."
    return True, f"The page has changed.{_difference(memory['text'], remembered['text'])}"


def _difference(before: str, after: str) -> str:
    """Return the first lines that were removed and that were added, in words."""
    old, new = _lines(before), _lines(after)
    gone: list[str] = []
    come: list[str] = []
    # Whole lines are compared. difflib.ndiff would also compare the characters of similar lines,
    # which takes minutes for some pages.
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for operation, old_begin, old_end, new_begin, new_end in matcher.get_opcodes():
        if operation != "equal":
            gone += old[old_begin:old_end]
            come += new[new_begin:new_end]
    return "".join(
        f' {verb}: "{_shortened(" / ".join(lines))}".'
        for verb, lines in (("Gone", gone), ("New", come))
        if lines
    )


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()][:COMPARED_LINES]


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= QUOTED_CHARACTERS else f"{text[:QUOTED_CHARACTERS]}…"


def _holds(rule: Contains | Matches | Number, page: Page) -> tuple[bool, str]:
    if isinstance(rule, Number):
        selected = select_number(page, rule.kind, rule.selector)
        if selected is None:
            return False, f'No number was found by {rule.kind}("{rule.selector}").'
        value, text = selected
        holds = rule.holds_for(value)
        return holds, (
            f'The number found by {rule.kind}("{rule.selector}") is {value} ("{text}"), which is '
            f"{'' if holds else 'not '}{rule.operator} {rule.operand}."
        )
    text = " ".join(page.text.split())
    if isinstance(rule, Matches):
        found = rule.compiled().search(text)
        span = found.span() if found else None
        wanted = f"a match of /{rule.pattern}/"
    else:
        span = span_of(" ".join(rule.text.split()), text)
        wanted = f'"{rule.text}"'
    if span is None:
        negated = isinstance(rule, Contains) and rule.negated
        return negated, f"The page does not contain {wanted}."
    begin, end = max(0, span[0] - 60), min(len(text), span[1] + 60)
    around = f"{'…' if begin else ''}{text[begin:end]}{'…' if end < len(text) else ''}"
    holds = not (isinstance(rule, Contains) and rule.negated)
    return holds, f'The page contains {wanted}: "{_shortened(around)}".'
