"""Read a condition by its grammar, condition.lark; pure."""

import re
from dataclasses import replace
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import lxml.html
import re2
from cssselect import SelectorError
from jsonpath import JSONPathError
from lark import Lark, Token, Tree, UnexpectedInput, UnexpectedToken
from lark.tree import Meta
from lxml import etree

from executions.pages import expression
from executions.pages.currency import currencies_of, name_of
from executions.pages.json_path import PATHS
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
    Pattern,
    Rule,
    Scope,
    Scoped,
    Selector,
    Value,
    quoted,
    simple_rules,
)
from executions.pages.rule_error import RuleError, fault_at
from executions.pages.xpath import check_xpath

GRAMMAR = Path(__file__).with_name("condition.lark")
#: Ways to write an operator, in lower case and with single spaces.
SPELLINGS = {
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "is": "==",
    "is not": "!=",
    "below": "<",
    "under": "<",
    "less than": "<",
    "above": ">",
    "over": ">",
    "more than": ">",
    "at most": "<=",
    "at least": ">=",
}
#: The rules that are words alone, by the grammar's names.
WORDS: dict[str, Rule] = {
    "new_lines": NewLines(),
    "new_items": NewItems(),
    "in_stock": InStock(),
    "out_of_stock": OutOfStock(),
}
CONSTANTS = {"true": True, "false": False, "null": None}

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
SELECTOR_NAMES = {"css": "CSS selector", "xpath": "XPath", "json": "JSON path"}

#: Nobody needs to look for a longer text, and RE2's memory grows with the expression.
MAX_SOUGHT_LENGTH = 500
#: How many rules may stand around another: what walks through a rule calls itself for each.
MAX_DEPTH = 20
#: How many rules may be joined. Each of them reads the page once more.
MAX_RULES = 50
#: A comma before three digits may be a decimal comma or group thousands.
AMBIGUOUS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
#: The rules about a text, of which `ignoring` can take something away.
OF_TEXT = Changes | NewLines | NewItems | Contains | Matches


@lru_cache(maxsize=1000)
def parse(text: str, *, compiles: bool = True) -> Rule:
    """Return the rule that `text` states.

    Args:
        text: a condition. Reading it takes time linear in its length, about a millisecond for a
            line, so that rules are kept for the next visit.
        compiles: whether to check its expressions, selectors and paths as well. None is known for
            which this takes more than 0.2 s.

    Raises:
        RuleError: the message points at the fault and says what to write.
    """
    tokens: list[Token] = []
    parser: Any = _parser().parse_interactive(text)  # some of its methods have no types
    try:
        tokens.extend(parser.iter_parse())
        tree = parser.feed_eof()
    except UnexpectedInput as error:
        at_end = isinstance(error, UnexpectedToken) and error.token.type == "$END"
        position: Any = error.pos_in_stream  # declared as None
        at = len(text) if at_end else position
        accepted = parser.accepts()
        if "$END" in accepted:
            rule = _Reader(compiles=False).read(parser.feed_eof())
            raise RuleError(f"Nothing may follow the condition {rule}.", at + 1) from error
        raise fault_at(at, text=text, tokens=tokens, accepted=accepted) from error
    return _Reader(compiles=compiles).read(tree)


@cache
def _parser() -> Lark:
    """Return the parser of conditions; building it takes a tenth of a second."""
    return Lark(GRAMMAR.read_text(encoding="utf-8"), parser="lalr", propagate_positions=True)


class _Reader:
    """Turns the tree of a condition into a rule."""

    def __init__(self, *, compiles: bool) -> None:
        self._compiles = compiles
        self._rules = 0

    def read(self, tree: Tree[Any]) -> Rule:
        """Return the rule of a whole condition."""
        return self._rule(tree.children[0], depth=0)

    def _rule(self, tree: Any, *, depth: int) -> Rule:
        if depth > MAX_DEPTH:
            raise _fault(
                f"The condition has more than {MAX_DEPTH} rules around another.", tree.meta
            )
        match tree.data, tree.children:
            case "any_of", rules:
                return AnyOf(tuple(self._rule(each, depth=depth + 1) for each in rules))
            case "all_of", rules:
                return AllOf(tuple(self._rule(each, depth=depth + 1) for each in rules))
            case "negation", [inner]:
                return _negated(self._rule(inner, depth=depth + 1))
            case ("in_part", [part, inner]) | ("rule_in_part", [inner, part]):
                scope = Scope(within=(self._selector(part),))
            case ("without_part", [part, inner]) | ("rule_without_part", [inner, part]):
                scope = Scope(without=(self._element_selector(part),))
            case ("ignoring", [regex, inner]) | ("rule_ignoring", [inner, regex]):
                scope = Scope(ignoring=(self._pattern(regex),))
            case _:
                return self._simple_rule(tree)
        rule = self._rule(inner, depth=depth + 1)
        if scope.ignoring:
            _check_is_of_text(rule, regex)
        if isinstance(rule, Scoped):
            return Scoped(rule.scope.inside(scope), rule.rule)
        return Scoped(scope, rule)

    def _simple_rule(self, tree: Tree[Any]) -> Rule:
        self._rules += 1
        if self._rules > MAX_RULES:
            raise _fault(f"At most {MAX_RULES} rules can be joined.", tree.meta)
        name = str(tree.data)
        if name in WORDS:
            return WORDS[name]
        rule: Rule = getattr(self, f"_{name}")(*tree.children)
        return rule

    def _changes(self, exactly: Token | None) -> Rule:
        return Changes(exactly=exactly is not None)

    def _contains(self, texts: Any) -> Rule:
        rules = tuple(Contains(_text(token, "contains")) for token in texts.children)
        if len(rules) == 1:
            return rules[0]
        return AnyOf(rules) if texts.data == "any_text" else AllOf(rules)

    def _does_not_contain(self, texts: Any) -> Rule:
        if texts.data == "all_texts":
            raise _fault(
                'Write does not contain "…" and does not contain "…" if both texts must be absent.',
                texts.children[1],
            )
        rules = tuple(Not(Contains(_text(token, "does not contain"))) for token in texts.children)
        return rules[0] if len(rules) == 1 else AllOf(rules)

    def _matches(self, regex: Token) -> Rule:
        return Matches(self._pattern(regex))

    def _does_not_match(self, regex: Token) -> Rule:
        return Not(Matches(self._pattern(regex)))

    def _exists(self, part: Tree[Any]) -> Rule:
        return Exists(self._selector(part))

    def _is_gone(self, part: Tree[Any]) -> Rule:
        return Not(Exists(self._selector(part)))

    def _compared(self, tree: Tree[Any], symbol: Token, compared: Any) -> Rule:
        value = self._value(tree)
        written = " ".join(symbol.lower().split())
        written = written if written == "is not" else written.removeprefix("is ")
        operator = SPELLINGS.get(written, written)
        if isinstance(compared, Tree):
            number, currency = _amount(compared)
            return Compared(value, operator, number, currency)
        return Compared(value, operator, self._operand(value, symbol, compared))

    def _operand(self, value: Value, symbol: Token, token: Token) -> str | bool | None:
        """Return the text or constant that a value is compared with."""
        if token.type == "CONSTANT":
            if value.selector is None or value.selector.kind != "json":
                raise _fault(
                    f'Only json("…") is compared with true, false and null; write "{token}" to '
                    "compare a text.",
                    token,
                )
            return CONSTANTS[token.lower()]
        if value.selector is None:
            raise _fault("A number is missing here, written like 1299.95.", token)
        return _text(token, symbol)

    def _between(self, value: Tree[Any], lower: Tree[Any], upper: Tree[Any]) -> Rule:
        (low, currency), (high, other_currency) = _amount(lower), _amount(upper)
        if low > high:
            raise _fault(
                f"No number is between {low:f} and {high:f}; write the smaller one first.",
                lower.meta,
            )
        if currency and other_currency and currency != other_currency:
            raise _fault(
                f"The amounts are in {currency} and in {other_currency}; write one currency.",
                upper.meta,
            )
        return Between(self._value(value), low, high, currency or other_currency)

    def _moves(
        self, value: Tree[Any] | None, direction: Token, by: Tree[Any] | None = None
    ) -> Rule:
        moves = Moves(self._single_value(value), rises=direction.lower() == "rises")
        if by is None:
            return moves
        number, currency = _amount(by)
        if number <= 0:
            raise _fault("The amount must be more than 0.", by.meta)
        return replace(moves, by=number, is_percentage=by.data == "percentage", currency=currency)

    def _lowest_so_far(self, value: Tree[Any] | None) -> Rule:
        return LowestSoFar(self._single_value(value))

    def _value(self, tree: Tree[Any] | None) -> Value:
        match tree.children if tree else []:
            case [Token() as quantifier, part]:
                return Value(self._element_selector(part), quantifier.lower())
            case [Tree() as part]:
                return Value(self._element_selector(part))
        return Value()

    def _single_value(self, tree: Tree[Any] | None) -> Value:
        value = self._value(tree)
        if tree and value.quantifier:
            raise _fault(
                f"Write {value.selector} instead of {value}: what falls or rises is one number.",
                tree.meta,
            )
        return value

    def _element_selector(self, tree: Tree[Any]) -> Selector:
        """Return a selector that is not `feed`."""
        selector = self._selector(tree)
        if selector.kind == "feed":
            raise _fault('Write css("…"), xpath("…") or json("…") here instead of feed.', tree.meta)
        return selector

    def _selector(self, tree: Any) -> Selector:
        match tree.children:
            case [kind, token]:
                selector = Selector(kind.lower(), _text(token, f"{kind.lower()}("))
                if self._compiles:
                    _check_selector(selector, token)
                return selector
        return Selector("feed")

    def _pattern(self, token: Token) -> Pattern:
        body, _, flag = token[1:].rpartition("/")
        text = re.sub(r"\\(.)", _unescaped_slash, body, flags=re.DOTALL)
        if not text or len(text) > MAX_SOUGHT_LENGTH:
            raise _fault(f"The expression must have 1 to {MAX_SOUGHT_LENGTH} characters.", token)
        pattern = Pattern(text, ignore_case=bool(flag))
        if self._compiles:
            try:
                pattern.compiled()
            except re2.error as error:
                reason = expression.complaint(error)
                raise _fault(f"The expression is not valid: {reason}.", token) from error
        return pattern


def _fault(message: str, at: Token | Meta) -> RuleError:
    """Return an error that points at a token or a part of the tree."""
    return RuleError(message, (at.start_pos or 0) + 1)


def _negated(rule: Rule) -> Rule:
    return rule.rule if isinstance(rule, Not) else Not(rule)


def _check_is_of_text(rule: Rule, token: Token) -> None:
    for each in simple_rules(rule):
        if not isinstance(each, OF_TEXT):
            raise _fault(
                f"Nothing can be ignored for {each}; ignoring goes with changes, contains, "
                "matches, new lines and new items.",
                token,
            )


def _check_selector(selector: Selector, token: Token) -> None:
    """Try a selector on an empty document: an undeclared namespace is found only in its use."""
    try:
        if selector.kind == "css":
            lxml.html.Element("html").cssselect(selector.text)
        elif selector.kind == "xpath":
            check_xpath(selector.text)
        else:
            PATHS.compile(selector.text)
    except BAD_SELECTOR as error:
        name = SELECTOR_NAMES[selector.kind]
        reason = str(error).partition("\n")[0].rstrip(".")
        raise _fault(f"The {name} is not valid: {reason}.", token) from error


def _text(token: Token, before: str) -> str:
    """Return the text between a token's quotes; errors name the word before it."""
    text = re.sub(r"\\(.)", r"\1", token[1:-1], flags=re.DOTALL)
    if not text.strip():
        raise _fault(f"The text after {before} is empty.", token)
    if len(text) > MAX_SOUGHT_LENGTH:
        raise _fault(f"The text may have at most {MAX_SOUGHT_LENGTH} characters.", token)
    return text


def _number(token: Token) -> Decimal:
    if AMBIGUOUS.fullmatch(token):
        raise _fault(
            f"{token} can be read in two ways: write {token.replace(',', '')} or "
            f"{token.replace(',', '.')}.",
            token,
        )
    if "," in token:
        return Decimal(token.replace(".", "").replace(",", "."))
    return Decimal(token)


def _amount(tree: Tree[Any]) -> tuple[Decimal, str]:
    """Return a number and the name of its currency, which is empty if none is written."""
    number, currency = Decimal(0), ""
    token: Any
    for token in tree.children:
        if token.type == "NUMBER":
            number = _number(token)
        elif currencies_of(token):
            currency = name_of(token)
        else:
            raise _fault(
                f"{quoted(token)} is no currency that Torale knows. Write the number alone, or "
                "with a code such as EUR or a sign such as €.",
                token,
            )
    return number, currency


def _unescaped_slash(found: re.Match[str]) -> str:
    return "/" if found.group(1) == "/" else found.group()
