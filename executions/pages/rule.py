"""The grammar of the page monitor's conditions, and the rules that they state; pure.

rule      = "changes" | ["does not"] "contain(s)" text | "matches" regex | number
text      = "…" in straight, single or typographic quotes; a backslash escapes
regex     = "/" RE2 expression "/" ["i"]
number    = ("css" | "json") "(" text ")" operator decimal
operator  = "<" | "<=" | ">" | ">=" | "==" | "!="
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import lxml.html
import re2
from cssselect import SelectorError
from jsonpath import JSONPathError
from lxml import etree

from executions.pages import expression
from executions.pages.json_path import PATHS

FORMS = (
    'changes, contains "…", does not contain "…", matches /…/, css("…") < 100 or json("$.…") >= 5'
)

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
QUOTES = {'"': '"', "'": "'", "“": "”", "„": "“", "«": "»"}

#: What the libraries raise for an invalid selector. The last two are for characters and numbers
#: that are out of range.
BAD_SELECTOR = (
    SelectorError,
    etree.XPathError,
    JSONPathError,
    RecursionError,
    ValueError,
    OverflowError,
)

#: Nobody needs to look for a longer text, and RE2's memory grows with the expression.
MAX_SOUGHT_LENGTH = 500


class RuleError(ValueError):
    """The condition is not a rule; the message points at the fault.

    Attributes:
        position: which character of the condition is at fault, counted from 1.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message, position)
        self.position = position

    def __str__(self) -> str:
        return f"{self.args[0]} (character {self.position})"


@dataclass(frozen=True, slots=True)
class Changes:
    """The page's text is not the same as at the last visit."""

    def __str__(self) -> str:
        return "changes"


@dataclass(frozen=True, slots=True)
class Contains:
    """The page's text contains `text`; case and the amount of white space do not matter."""

    #: What to look for.
    text: str
    #: Whether the page must not contain it.
    negated: bool = False

    def __str__(self) -> str:
        return f"{'does not contain' if self.negated else 'contains'} {quoted(self.text)}"


@dataclass(frozen=True, slots=True)
class Matches:
    """Some part of the page's text matches an RE2 expression."""

    #: The expression.
    pattern: str
    #: Whether case is ignored.
    ignore_case: bool = False

    def __str__(self) -> str:
        escaped = re.sub(r"(?<!\\)((?:\\\\)*)/", r"\1\\/", self.pattern)
        return f"matches /{escaped}/{'i' if self.ignore_case else ''}"

    def compiled(self) -> Any:
        """Return the compiled expression; its time is linear in the page's length."""
        return expression.compiled(self.pattern, ignore_case=self.ignore_case)


@dataclass(frozen=True, slots=True)
class Number:
    """A number on the page meets a comparison."""

    #: `css` or `json`.
    kind: str
    #: A CSS selector (Selectors Level 3) or a JSON path (RFC 9535).
    selector: str
    #: One of OPERATORS.
    operator: str
    #: What the number is compared with.
    operand: Decimal

    def __str__(self) -> str:
        return f"{self.kind}({quoted(self.selector)}) {self.operator} {self.operand:f}"

    def holds_for(self, value: Decimal) -> bool:
        """Return whether `value` meets the comparison."""
        return bool(OPERATORS[self.operator](value, self.operand))


Rule = Changes | Contains | Matches | Number


def quoted(text: str) -> str:
    """Return `text` as the grammar writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def parse(text: str, *, compiles: bool = True) -> Rule:
    """Return the rule that `text` states.

    Args:
        text: a condition.
        compiles: whether to check its expression, selector or path as well. No condition is known
            for which this takes more than 0.2 s.

    Raises:
        RuleError: the message points at the fault and says what to write.
    """
    return _Parser(text, compiles=compiles).rule()


class _Parser:
    """Reads one rule from left to right."""

    def __init__(self, text: str, *, compiles: bool) -> None:
        self.text = text
        self.compiles = compiles
        self.at = 0

    def rule(self) -> Rule:
        """Return the rule; nothing may follow it."""
        self.take(r"\s*")
        begin = self.at
        rule: Rule
        if self.take(r"changes?\b"):
            rule = Changes()
        elif self.take(r"contains\b"):
            rule = Contains(self.quoted_text("contains", 'contains "In stock"'))
        elif self.take(r"(?:does\s+not|doesn['’]t)\s+contain\b"):  # noqa: RUF001 - on purpose
            text = self.quoted_text("does not contain", 'does not contain "In stock"')
            rule = Contains(text, negated=True)
        elif self.take(r"matches\b"):
            rule = self.matches()
        elif kind := self.take(r"(?:css|json)(?=\s*\()"):
            rule = self.number(kind.lower())
        else:
            word = self.take(r"\S{0,40}") or ""
            shown = f"Unknown condition {quoted(word)}." if word else "The condition is empty."
            raise RuleError(f"{shown} Write {FORMS}.", begin + 1)
        self.take(r"\s*")
        if self.at < len(self.text):
            raise self.fault(f"Nothing may follow the condition {rule}.")
        return rule

    def take(self, pattern: str) -> str | None:
        """Read what `pattern` matches at this point; return None if it does not match."""
        found = re.compile(pattern, re.IGNORECASE).match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        return found.group()

    def fault(self, message: str) -> RuleError:
        """Return an error that points at the next character."""
        return RuleError(message, self.at + 1)

    def quoted_text(self, before: str, example: str) -> str:
        """Read a text in quotes; if they are missing, the error shows `example`."""
        self.take(r"\s*")
        begin = self.at
        closing = QUOTES.get(self.text[self.at : self.at + 1])
        if closing is None:
            raise self.fault(f"The text after {before} needs quotes: {example}.")
        self.at += 1
        characters = []
        while (character := self.text[self.at : self.at + 1]) != closing:
            if character == "\\":
                self.at += 1
                character = self.text[self.at : self.at + 1]
            if not character:
                raise RuleError(f"The quote that opens here is not closed by {closing}.", begin + 1)
            characters.append(character)
            self.at += 1
        self.at += 1
        text = "".join(characters)
        if not text.strip():
            raise RuleError(f"The text after {before} is empty.", begin + 1)
        if len(text) > MAX_SOUGHT_LENGTH:
            raise RuleError(f"The text may have at most {MAX_SOUGHT_LENGTH} characters.", begin + 1)
        return text

    def matches(self) -> Matches:
        """Read an expression between slashes and check that RE2 accepts it."""
        self.take(r"\s*")
        begin = self.at
        between_slashes = self.take(r"/(?:[^/\\]|\\.)*/")
        if between_slashes is None:
            raise self.fault("The expression after matches needs slashes: matches /in stock/i.")
        pattern = re.sub(r"\\(.)", _unescaped_slash, between_slashes[1:-1], flags=re.DOTALL)
        if not pattern or len(pattern) > MAX_SOUGHT_LENGTH:
            raise RuleError(
                f"The expression must have 1 to {MAX_SOUGHT_LENGTH} characters.", begin + 1
            )
        rule = Matches(pattern, ignore_case=bool(self.take("i")))
        if self.compiles:
            try:
                rule.compiled()
            except re2.error as error:
                reason = expression.complaint(error)
                raise RuleError(f"The expression is not valid: {reason}.", begin + 1) from error
        return rule

    def number(self, kind: str) -> Number:
        """Read a selector and the comparison for the number that it selects."""
        self.take(r"\s*\(")
        begin = self.at
        example = 'css(".price")' if kind == "css" else 'json("$.price")'
        selector = self.quoted_text(f"{kind}(", example)
        if self.compiles:
            try:
                if kind == "css":
                    # An undeclared namespace is found only when the selector is used.
                    lxml.html.Element("html").cssselect(selector)
                else:
                    PATHS.compile(selector)
            except BAD_SELECTOR as error:
                name = "CSS selector" if kind == "css" else "JSON path"
                reason = str(error).partition("\n")[0].rstrip(".")
                raise RuleError(f"The {name} is not valid: {reason}.", begin + 1) from error
        if self.take(r"\s*\)\s*") is None:
            raise self.fault(f"The parenthesis after {kind} is not closed.")
        symbol = self.take(r"[<>]=?|[=!]=")
        if symbol is None:
            raise self.fault(f"A comparison is missing here: write one of {' '.join(OPERATORS)}.")
        self.take(r"\s*")
        operand = self.take(r"[+-]?\d{1,30}(?:\.\d{1,30})?(?![\d.,])")
        if operand is None:
            raise self.fault("A number is missing here, written like 1299.95.")
        return Number(kind, selector, symbol, Decimal(operand))


def _unescaped_slash(found: re.Match[str]) -> str:
    return "/" if found.group(1) == "/" else found.group()
