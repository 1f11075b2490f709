"""The rules that conditions state; pure.

`str()` of a rule is a condition that states it.
"""

import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from executions.pages import expression

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True, slots=True)
class Selector:
    """A part of a page."""

    #: `css` (Selectors Level 3), `xpath` (XPath 1.0), `json` (RFC 9535), or `feed`: the items of a
    #: feed.
    kind: str
    #: The selector or path; empty for `feed`.
    text: str = ""

    def __str__(self) -> str:
        return self.kind if self.kind == "feed" else f"{self.kind}({quoted(self.text)})"


@dataclass(frozen=True, slots=True)
class Value:
    """A number or a text on the page."""

    #: Where it is; None for the price in the page's structured data.
    selector: Selector | None = None
    #: Which of the elements found count: `any` or `all`; an empty text stands for the first.
    quantifier: str = ""

    def __str__(self) -> str:
        if self.selector is None:
            return "price"
        return f"{self.quantifier}({self.selector})" if self.quantifier else str(self.selector)


@dataclass(frozen=True, slots=True)
class Pattern:
    """An RE2 expression."""

    #: The expression.
    text: str
    #: Whether case is ignored.
    ignore_case: bool = False

    def __str__(self) -> str:
        escaped = re.sub(r"(?<!\\)((?:\\\\)*)/", r"\1\\/", self.text)
        return f"/{escaped}/{'i' if self.ignore_case else ''}"

    def compiled(self) -> Any:
        """Return the compiled expression; its time is linear in the page's length.

        Raises:
            re2.error: the expression is malformed or too large.
        """
        return expression.compiled(self.text, ignore_case=self.ignore_case)


@dataclass(frozen=True, slots=True)
class Changes:
    """The page's text is not the same as at the last visit."""

    #: Whether what changes at every visit counts as well, such as a clock.
    exactly: bool = False

    def __str__(self) -> str:
        return "changes exactly" if self.exactly else "changes"


@dataclass(frozen=True, slots=True)
class NewLines:
    """The page has lines that it did not have at the last visit."""

    def __str__(self) -> str:
        return "new lines"


@dataclass(frozen=True, slots=True)
class NewItems:
    """The feed, or the list that the scope names, has items that were never seen in it."""

    def __str__(self) -> str:
        return "new items"


@dataclass(frozen=True, slots=True)
class Contains:
    """The page's text contains `text`; case and the amount of white space do not matter."""

    #: What to look for.
    text: str

    def __str__(self) -> str:
        return f"contains {quoted(self.text)}"


@dataclass(frozen=True, slots=True)
class Matches:
    """Some part of the page's text matches an expression."""

    #: The expression.
    pattern: Pattern

    def __str__(self) -> str:
        return f"matches {self.pattern}"


@dataclass(frozen=True, slots=True)
class Exists:
    """The page has a part."""

    #: The part.
    selector: Selector

    def __str__(self) -> str:
        return f"exists {self.selector}"


@dataclass(frozen=True, slots=True)
class InStock:
    """The page's structured data says that what it offers can be ordered."""

    def __str__(self) -> str:
        return "in stock"


@dataclass(frozen=True, slots=True)
class OutOfStock:
    """The page's structured data says that what it offers cannot be ordered."""

    def __str__(self) -> str:
        return "out of stock"


@dataclass(frozen=True, slots=True)
class Compared:
    """A value on the page meets a comparison."""

    #: What is compared.
    value: Value
    #: One of OPERATORS.
    operator: str
    #: What it is compared with. Only a JSON value is compared with true, false and null (None).
    operand: Decimal | str | bool | None
    #: The currency that an amount on the page must be in, as `currency.name_of` writes it; empty if
    #: that does not matter.
    currency: str = ""

    def __str__(self) -> str:
        match self.operand:
            case Decimal():
                operand = _amount(self.operand, self.currency)
            case str():
                operand = quoted(self.operand)
            case _:
                operand = {True: "true", False: "false", None: "null"}[self.operand]
        return f"{self.value} {self.operator} {operand}"

    def holds_for(self, value: Any) -> bool:
        """Return whether `value`, which is of the operand's type, meets the comparison."""
        return bool(OPERATORS[self.operator](value, self.operand))


@dataclass(frozen=True, slots=True)
class Between:
    """A number on the page is in a range, which includes its ends."""

    #: Where the number is.
    value: Value
    #: The lower end.
    low: Decimal
    #: The upper end.
    high: Decimal
    #: The currency of both, or an empty text.
    currency: str = ""

    def __str__(self) -> str:
        return f"{self.value} between {self.low:f} and {_amount(self.high, self.currency)}"

    def holds_for(self, value: Decimal) -> bool:
        """Return whether `value` is in the range."""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Moves:
    """A number on the page has fallen or risen since the last notification, or the first visit."""

    #: Where the number is.
    value: Value
    #: Whether it has risen.
    rises: bool
    #: By how much at least; None for any amount.
    by: Decimal | None = None
    #: Whether `by` is a percentage.
    is_percentage: bool = False
    #: The currency of `by`, or an empty text.
    currency: str = ""

    def __str__(self) -> str:
        unit = "%" if self.is_percentage else self.currency
        by = "" if self.by is None else f" by {_amount(self.by, unit)}"
        return f"{self.value} {'rises' if self.rises else 'falls'}{by}"


@dataclass(frozen=True, slots=True)
class LowestSoFar:
    """A number on the page is lower than at every earlier visit."""

    #: Where the number is.
    value: Value

    def __str__(self) -> str:
        return f"{self.value} lowest so far"


@dataclass(frozen=True, slots=True)
class Not:
    """A rule does not hold."""

    #: The rule.
    rule: "Rule"

    def __str__(self) -> str:
        match self.rule:
            case Contains(text):
                return f"does not contain {quoted(text)}"
            case Matches(pattern):
                return f"does not match {pattern}"
            case Exists(selector):
                return f"{selector} is gone"
            case _:
                return f"not {_operand(self.rule)}"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Several rules hold."""

    #: The rules; two or more.
    rules: "tuple[Rule, ...]"

    def __str__(self) -> str:
        return " and ".join(map(_operand, self.rules))


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of several rules holds."""

    #: The rules; two or more.
    rules: "tuple[Rule, ...]"

    def __str__(self) -> str:
        return " or ".join(map(_operand, self.rules))


@dataclass(frozen=True, slots=True)
class Scope:
    """What of a page counts."""

    #: Only what is in all these parts, from the outermost to the innermost.
    within: tuple[Selector, ...] = ()
    #: Nothing that is in one of these parts.
    without: tuple[Selector, ...] = ()
    #: No text that matches one of these expressions.
    ignoring: tuple[Pattern, ...] = ()

    def inside(self, outer: "Scope") -> "Scope":
        """Return the scope that `self` is within `outer`."""
        return Scope(
            within=outer.within + self.within,
            without=self.without + outer.without,
            ignoring=self.ignoring + outer.ignoring,
        )


@dataclass(frozen=True, slots=True)
class Scoped:
    """A rule holds for what a scope leaves of the page."""

    #: The scope.
    scope: Scope
    #: The rule; not `Scoped` itself.
    rule: "Rule"

    def __str__(self) -> str:
        is_simple = not isinstance(self.rule, AllOf | AnyOf | Not) or _is_word(self.rule)
        return " ".join(
            [
                *(f"in {selector}" for selector in self.scope.within),
                str(self.rule) if is_simple else f"({self.rule})",
                *(f"without {selector}" for selector in self.scope.without),
                *(f"ignoring {pattern}" for pattern in self.scope.ignoring),
            ]
        )


Rule = (
    Changes
    | NewLines
    | NewItems
    | Contains
    | Matches
    | Exists
    | InStock
    | OutOfStock
    | Compared
    | Between
    | Moves
    | LowestSoFar
    | Not
    | AllOf
    | AnyOf
    | Scoped
)


def quoted(text: str) -> str:
    """Return `text` as the grammar writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def simple_rules(rule: Rule) -> Iterator[Rule]:
    """Yield the rules that `rule` is combined of."""
    match rule:
        case AllOf(rules) | AnyOf(rules):
            for each in rules:
                yield from simple_rules(each)
        case Not(inner) | Scoped(_, inner):
            yield from simple_rules(inner)
        case _:
            yield rule


def selectors_in(rule: Rule) -> list[Selector]:
    """Return the selectors that `rule` uses besides the feed, without duplicates."""
    match rule:
        case AllOf(rules) | AnyOf(rules):
            found = [selector for each in rules for selector in selectors_in(each)]
        case Not(inner):
            found = selectors_in(inner)
        case Scoped(scope, inner):
            found = [*scope.within, *scope.without, *selectors_in(inner)]
        case Exists(selector):
            found = [selector]
        case Compared(value=value) | Between(value=value) | Moves(value=value) | LowestSoFar(value):
            found = [value.selector] if value.selector else []
        case _:
            found = []
    return [each for each in dict.fromkeys(found) if each.kind != "feed"]


def _amount(number: Decimal, unit: str) -> str:
    return f"{number:f} {unit}".rstrip()


def _is_word(rule: Rule) -> bool:
    """Return whether a negation has a word of its own, such as "does not contain"."""
    return isinstance(rule, Not) and isinstance(rule.rule, Contains | Matches | Exists)


def _operand(rule: Rule) -> str:
    return f"({rule})" if isinstance(rule, AllOf | AnyOf) else str(rule)
