"""Apply a rule to the bytes of a page: the result of one visit; pure."""

import difflib
import hashlib
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from executions.pages.parse_page import Page, parse_page, select_number
from executions.pages.rule import Changes, Contains, Matches, Number, Rule, parse

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


def examine(
    condition: str, body: bytes, content_type: str, memory: Mapping[str, Any] | None
) -> Finding:
    """Read a page and apply a condition, given what was remembered about the page.

    Args:
        condition: a rule, as `rule.parse` takes it.
        body: the page as it was received.
        content_type: the header's value.
        memory: from the last visit's finding; None at the first visit.

    Raises:
        RuleError: the condition is not a rule.
        Unreadable: the page is not text.
    """
    return _find(parse(condition), parse_page(body, content_type), memory)


def _find(rule: Rule, page: Page, memory: Mapping[str, Any] | None) -> Finding:
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
    return Finding(page.title, holds, holds and not held, evidence, {**remembered, "holds": holds})


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


def span_of(wanted: str, text: str) -> tuple[int, int] | None:
    """Return where `text` first contains `wanted`, in any case, or None; takes linear time."""
    folded, sought = _folded(text), _folded(wanted)
    begin = folded.find(sought)
    if begin < 0:
        return None
    end = begin + len(sought)
    if len(folded) == len(text):
        return begin, end
    # Folding turns some characters into two ("ß" becomes "ss"), so find the original positions.
    ends = list(accumulate(len(_folded(character)) for character in text))
    return bisect_right(ends, begin), bisect_right(ends, end - 1) + 1


def _folded(text: str) -> str:
    # The Turkish letters count as "i", as in a regular expression that ignores case.
    return text.replace("İ", "i").replace("ı", "i").casefold()  # noqa: RUF001 - on purpose
