"""The grammar of conditions."""

import pickle
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.pages.parsing import MAX_RULES, parse
from executions.pages.rule import (
    OPERATORS,
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
    Scope,
    Scoped,
    Selector,
    Value,
)
from executions.pages.rule_error import QUOTES, RuleError
from tests.support.cpu_time import cpu_time_below


def css(text, quantifier=""):
    return Value(Selector("css", text), quantifier)


def json(text):
    return Value(Selector("json", text))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("changes", Changes()),
        ("change", Changes()),
        ("  CHANGES\n", Changes()),
        ('contains "In stock"', Contains("In stock")),
        ('Contains"In stock" ', Contains("In stock")),
        ('does not contain "Sold out"', Not(Contains("Sold out"))),
        ('does  not\ncontain "Sold out"', Not(Contains("Sold out"))),
        ("""doesn't contain "Sold out" """, Not(Contains("Sold out"))),
        ('doesn\N{RIGHT SINGLE QUOTATION MARK}t contain "a"', Not(Contains("a"))),
        ("contains 'single'", Contains("single")),
        ("contains “English”", Contains("English")),
        ("contains „German“", Contains("German")),
        ("contains «French»", Contains("French")),
        ("contains '\"'", Contains('"')),
        (r'contains "a \"quoted\" word"', Contains('a "quoted" word')),
        (r"contains 'it\'s'", Contains("it's")),
        (r'contains "back\\slash"', Contains("back\\slash")),
        ('contains "two\nlines"', Contains("two\nlines")),
        (f'contains "{"a" * 500}"', Contains("a" * 500)),
        ("matches /in stock/", Matches(Pattern("in stock"))),
        ("matches /in stock/i", Matches(Pattern("in stock", ignore_case=True))),
        ("MATCHES/IN/I", Matches(Pattern("IN", ignore_case=True))),
        (r"matches /24\/7/", Matches(Pattern("24/7"))),
        (r"matches /\d+ left\\/", Matches(Pattern(r"\d+ left\\"))),
        (r"matches /\pL{3}|[^a\/]/", Matches(Pattern(r"\pL{3}|[^a/]"))),
        ('css(".price") < 100', Compared(css(".price"), "<", Decimal(100))),
        ("css ( '#p > b' )<=99.95", Compared(css("#p > b"), "<=", Decimal("99.95"))),
        ('CSS("p, b") > -5', Compared(css("p, b"), ">", Decimal(-5))),
        ('json("$.stock") >= +5', Compared(json("$.stock"), ">=", Decimal(5))),
        (r'json("$[\"a b\"]") == 0', Compared(json('$["a b"]'), "==", Decimal(0))),
        (
            """json('$..offers[?@.price < 9].price') != 0.0000001""",
            Compared(json("$..offers[?@.price < 9].price"), "!=", Decimal("0.0000001")),
        ),
        ('contains "a" and not contains "b"', AllOf((Contains("a"), Not(Contains("b"))))),
        (
            'contains "a" or changes and contains "b"',
            AnyOf((Contains("a"), AllOf((Changes(), Contains("b"))))),
        ),
        (
            '(contains "a" or changes) AND contains "b"',
            AllOf((AnyOf((Contains("a"), Changes())), Contains("b"))),
        ),
        ('contains "a" or "b" or \'c\'', AnyOf((Contains("a"), Contains("b"), Contains("c")))),
        ('contains "a" and "b"', AllOf((Contains("a"), Contains("b")))),
        ('does not contain "a" or "b"', AllOf((Not(Contains("a")), Not(Contains("b"))))),
        ('not does not contain "a"', Contains("a")),
        ('not (contains "a" or changes)', Not(AnyOf((Contains("a"), Changes())))),
        ("does not match /a/", Not(Matches(Pattern("a")))),
        ('the page contains "a"', Contains("a")),
        ("changes exactly", Changes(exactly=True)),
        ("New  Lines", NewLines()),
        ("new items", NewItems()),
        ("in stock", InStock()),
        ("back in stock", InStock()),
        ("out of stock", OutOfStock()),
        ("sold out", OutOfStock()),
        ('exists css("b")', Exists(Selector("css", "b"))),
        ('xpath("//b") exists', Exists(Selector("xpath", "//b"))),
        ('not exists css("b")', Not(Exists(Selector("css", "b")))),
        ('css("b") is gone', Not(Exists(Selector("css", "b")))),
        ("price < 99,50", Compared(Value(), "<", Decimal("99.50"))),
        ("price < 1.299,50", Compared(Value(), "<", Decimal("1299.50"))),
        ("the price is below 100", Compared(Value(), "<", Decimal(100))),
        ("price is at most 100", Compared(Value(), "<=", Decimal(100))),
        ("price \u2265 0,125", Compared(Value(), ">=", Decimal("0.125"))),
        ('css("b") == "Open"', Compared(css("b"), "==", "Open")),
        ('css("b") is not „Open“', Compared(css("b"), "!=", "Open")),
        ('json("$.a") == true', Compared(json("$.a"), "==", True)),
        ('json("$.a") != null', Compared(json("$.a"), "!=", None)),
        ('any(css("b")) < 10', Compared(css("b", "any"), "<", Decimal(10))),
        ('ALL ( css("b") ) < 10', Compared(css("b", "all"), "<", Decimal(10))),
        ("price between 9,5 and 20", Between(Value(), Decimal("9.5"), Decimal(20))),
        (
            'css("b") is between 1 and 2 and in stock',
            AllOf((Between(css("b"), Decimal(1), Decimal(2)), InStock())),
        ),
        ("price < 100 €", Compared(Value(), "<", Decimal(100), "EUR")),
        ("price < $100", Compared(Value(), "<", Decimal(100), "$")),
        ("price is below 100 eur", Compared(Value(), "<", Decimal(100), "EUR")),
        ("price < USD 100", Compared(Value(), "<", Decimal(100), "USD")),
        ("price < US$100", Compared(Value(), "<", Decimal(100), "USD")),
        ("price < 100 $US", Compared(Value(), "<", Decimal(100), "USD")),
        ("price < €100", Compared(Value(), "<", Decimal(100), "EUR")),
        ('css("b") >= 1.299,50 kr.', Compared(css("b"), ">=", Decimal("1299.50"), "kr")),
        ("price is ￥500", Compared(Value(), "==", Decimal(500), "¥")),
        ("price between 50 and 80 €", Between(Value(), Decimal(50), Decimal(80), "EUR")),
        ("price between €50 and €80", Between(Value(), Decimal(50), Decimal(80), "EUR")),
        ("price between 50 zł and 80", Between(Value(), Decimal(50), Decimal(80), "PLN")),
        ("falls by 10 €", Moves(Value(), rises=False, by=Decimal(10), currency="EUR")),
        (
            'price < 5 Ft in css("b") and changes',
            AllOf(
                (
                    Scoped(
                        Scope(within=(Selector("css", "b"),)),
                        Compared(Value(), "<", Decimal(5), "HUF"),
                    ),
                    Changes(),
                )
            ),
        ),
        ("price falls", Moves(Value(), rises=False)),
        ("falls by 10 %", Moves(Value(), rises=False, by=Decimal(10), is_percentage=True)),
        ('css("b") rises by 5', Moves(css("b"), rises=True, by=Decimal(5))),
        ("lowest so far", LowestSoFar(Value())),
        ('css("b") is the lowest so far', LowestSoFar(css("b"))),
        (
            'in css("#a") contains "b"',
            Scoped(Scope(within=(Selector("css", "#a"),)), Contains("b")),
        ),
        (
            'contains "b" in css("#a")',
            Scoped(Scope(within=(Selector("css", "#a"),)), Contains("b")),
        ),
        (
            'in css("a") changes in css("b") without xpath("//i") ignoring /\\d+ views/i',
            Scoped(
                Scope(
                    within=(Selector("css", "a"), Selector("css", "b")),
                    without=(Selector("xpath", "//i"),),
                    ignoring=(Pattern(r"\d+ views", ignore_case=True),),
                ),
                Changes(),
            ),
        ),
        ("new items in feed", Scoped(Scope(within=(Selector("feed"),)), NewItems())),
        (
            'in json("$.a") (changes or contains "b")',
            Scoped(Scope(within=(Selector("json", "$.a"),)), AnyOf((Changes(), Contains("b")))),
        ),
        (
            'contains "a" and changes without css("i")',
            AllOf(
                (
                    Contains("a"),
                    Scoped(Scope(without=(Selector("css", "i"),)), Changes()),
                )
            ),
        ),
    ],
)
def test_a_condition_is_understood(text, rule):
    assert parse(text) == rule


readable_texts = st.text(min_size=1, max_size=500).filter(str.strip)
decimals = st.decimals(-(10**20), 10**20, places=10) | st.integers(-(10**20), 10**20).map(Decimal)
patterns = st.builds(
    Pattern,
    st.lists(
        st.sampled_from(["a", "/", "ß", " ", '"', r"\\", r"\d", r"\.", "[/]", "(b|c)", "x*"]),
        min_size=1,
    ).map("".join),
    st.booleans(),
)
selectors = st.sampled_from(
    [
        *(Selector("css", text) for text in (".price", "#p > b", '[data-a="b"]', r"#\31 a")),
        *(Selector("xpath", text) for text in ("//b", "//a[@b='c']/text()", 'count(//b["]"])')),
        *(Selector("json", text) for text in ("$.a", '$["a b"]', r"$['it\'s']", "$..a[?@.b < 9]")),
    ]
)
parts = selectors | st.just(Selector("feed"))
currencies = st.sampled_from(["", "EUR", "USD", "$", "kr", "¥"])
single_values = st.builds(Value, st.none() | selectors)
values = single_values | st.builds(Value, selectors, st.sampled_from(["any", "all"]))
rules_of_text = st.one_of(
    st.builds(Changes, st.booleans()),
    st.just(NewLines()),
    st.just(NewItems()),
    st.builds(Contains, readable_texts),
    st.builds(Contains, readable_texts).map(Not),
    st.builds(Matches, patterns),
    st.builds(Matches, patterns).map(Not),
)
simple_rules = st.one_of(
    rules_of_text,
    st.builds(Exists, parts),
    st.builds(Exists, parts).map(Not),
    st.sampled_from([InStock(), OutOfStock()]),
    st.builds(Compared, values, st.sampled_from(list(OPERATORS)), decimals, currencies),
    st.builds(
        Compared,
        st.builds(Value, selectors, st.sampled_from(["", "any", "all"])),
        st.sampled_from(["==", "!="]),
        readable_texts,
    ),
    st.builds(
        Compared,
        st.just(json("$.a")),
        st.sampled_from(["==", "!="]),
        st.sampled_from([True, False, None]),
    ),
    st.tuples(values, decimals, decimals, currencies).map(
        lambda drawn: Between(drawn[0], min(drawn[1:3]), max(drawn[1:3]), drawn[3])
    ),
    st.builds(Moves, single_values, st.booleans()),
    st.builds(
        Moves, single_values, st.booleans(), decimals.filter(lambda by: by > 0), st.booleans()
    ),
    st.builds(
        Moves,
        single_values,
        st.booleans(),
        decimals.filter(lambda by: by > 0),
        st.just(False),
        currencies,
    ),
    st.builds(LowestSoFar, single_values),
)
scopes = st.builds(
    Scope,
    st.lists(parts, max_size=2).map(tuple),
    st.lists(selectors, max_size=2).map(tuple),
).filter(lambda scope: scope != Scope())
ignoring_scopes = st.builds(
    Scope,
    st.lists(parts, max_size=1).map(tuple),
    st.lists(selectors, max_size=1).map(tuple),
    st.lists(patterns, min_size=1, max_size=2).map(tuple),
)
rules = st.recursive(
    simple_rules | st.builds(Scoped, ignoring_scopes, rules_of_text),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(tuple).map(AllOf),
        st.lists(inner, min_size=2, max_size=3).map(tuple).map(AnyOf),
        inner.filter(lambda rule: not isinstance(rule, Not)).map(Not),
        st.builds(Scoped, scopes, inner.filter(lambda rule: not isinstance(rule, Scoped))),
    ),
    max_leaves=6,
)


@given(rules)
def test_a_rule_is_written_as_it_is_read(rule):
    assert parse(str(rule)) == rule


WORDS = [
    "and",
    "or",
    "not",
    "(",
    ")",
    "in",
    "without",
    "ignoring",
    "changes",
    "exactly",
    "contains",
    "matches",
    "exists",
    "price",
    "falls",
    "by",
    "between",
    "new",
    "lines",
    "items",
    "stock",
    "is",
    "gone",
    "any",
    "all",
    "css(",
    "json(",
    "xpath(",
    "feed",
    '"a"',
    '"$.a"',
    "/b/i",
    "5",
    "<",
    "==",
    "%",
    "€",
    "EUR",
]


@given(readable_texts, st.sampled_from(list(QUOTES.items())))
def test_any_text_can_be_put_in_any_quotes(text, quotes):
    opening, closing = quotes
    escaped = text.replace("\\", "\\\\").replace(closing, f"\\{closing}")

    assert parse(f"contains {opening}{escaped}{closing}") == Contains(text)


@given(
    st.text(max_size=40)
    | st.text(max_size=20).map('contains "{}'.format)
    | st.text(max_size=20).map("matches /{}/".format)
    | st.text(max_size=20).map('css("{}") < 1'.format)
    | st.text(max_size=20).map('json("{}") < 1'.format)
    | st.text(max_size=20).map('exists xpath("{}")'.format)
    | st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)
)
def test_whatever_is_written_is_understood_or_pointed_at(text):
    try:
        rule = parse(text)
    except RuleError as refusal:
        assert 1 <= refusal.position <= len(text) + 1  # noqa: PT017 - both ways are right
    else:
        assert parse(str(rule)) == rule


@pytest.mark.parametrize(
    ("symbol", "met"),
    [
        ("<", [True, False, False]),
        ("<=", [True, True, False]),
        (">", [False, False, True]),
        (">=", [False, True, True]),
        ("==", [False, True, False]),
        ("!=", [True, False, True]),
    ],
)
def test_a_number_is_compared(symbol, met):
    rule = parse(f'css("p") {symbol} 9.95')

    assert isinstance(rule, Compared)
    assert [rule.holds_for(Decimal(value)) for value in ("9.9", "9.950", "10")] == met


def test_a_fault_can_be_told_to_another_process():
    fault = RuleError("Nothing may follow.", 5)

    copy = pickle.loads(pickle.dumps(fault))

    assert (str(copy), copy.position) == ("Nothing may follow. (character 5)", 5)


@pytest.mark.parametrize("text", ['css("p[") < 1', 'json("$[") < 1', "matches /(/"])
def test_a_stored_condition_is_understood_without_compiling_it(text):
    assert str(parse(text, compiles=False)) == text


@pytest.mark.parametrize(
    "text",
    [
        r"matches /(\pL|\pN){200}/i",
        f'json("${"[?@" * 100}{"]" * 100}") < 1',
        f'css("{" ".join("a" * 240)}") < 1',
        f'exists xpath("{"a[" * 150}1{"]" * 150}")',
        f'exists xpath("{"(" * 240}1{")" * 240}")',
        " or ".join(["matches /(\\pL|\\pN){200}/i"] * MAX_RULES),
        f"{'(' * 996}new{')' * 1000}",
        f"{'(' * 996}changes{')' * 996}",
        f"{'not ' * 497}changes",
        "contains " + '"' * 1991,
        f"matches /{'a' * 1990}",
        "(contains " + '"a" or ' * 250,
        "in feed " * 250,
    ],
    ids=lambda text: text[:20],
)
def test_what_takes_longest_to_check_is_checked_within_a_second(text):
    with cpu_time_below(1), suppress(RuleError):
        parse(text)
