"""The grammar of conditions."""

import pickle
import time
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.pages.parsing import MAX_DEPTH, MAX_RULES, parse
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
    IsGone,
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
from executions.pages.rule_error import FORMS, QUOTES, RuleError


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
        ('css("b") is gone', IsGone(Selector("css", "b"))),
        ("price < 99,50", Compared(Value(), "<", Decimal("99.50"))),
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


FAULTS = [
    ("", f"The condition is empty. Write {FORMS}. (character 1)"),
    ("  ", f"The condition is empty. Write {FORMS}. (character 3)"),
    (" is new", f'Unknown condition "is". Write {FORMS}. (character 2)'),
    ('"In stock"', rf'Unknown condition "\"In". Write {FORMS}. (character 1)'),
    ("contained", f'Unknown condition "contained". Write {FORMS}. (character 1)'),
    ("css .price", f'Unknown condition "css". Write {FORMS}. (character 1)'),
    ("changes!", "Nothing may follow the condition changes. (character 8)"),
    (
        'contains "a", contains "b"',
        'Nothing may follow the condition contains "a". (character 13)',
    ),
    ("changes and", f"A condition is missing here. Write {FORMS}. (character 12)"),
    ("not", f"A condition is missing here. Write {FORMS}. (character 4)"),
    (")", f'Unknown condition ")". Write {FORMS}. (character 1)'),
    ("(changes", "The parenthesis at character 1 is not closed. (character 9)"),
    (
        "(changes or (new lines) today",
        'The parenthesis at character 1 is not closed before "today". (character 25)',
    ),
    (
        "in changes",
        (
            'A part of the page is missing here: write css("…"), xpath("…"), json("…") or feed. '
            "(character 4)"
        ),
    ),
    (
        'does not contain "a" and "b"',
        (
            'Write does not contain "…" and does not contain "…" if both texts must be absent. '
            "(character 26)"
        ),
    ),
    (
        'does not match "a"',
        (
            "The expression after does not match needs slashes: does not match /sold out/i. "
            "(character 16)"
        ),
    ),
    (
        "changes ignoring views",
        r"The expression after ignoring needs slashes: ignoring /\d+ views/. (character 18)",
    ),
    (
        "price < 5 ignoring /a/",
        (
            "Nothing can be ignored for price < 5; ignoring goes with changes, contains, matches, "
            "new lines and new items. (character 20)"
        ),
    ),
    (
        'css("b") == open',
        (
            'A number is missing here, written like 1299.95, or a text in quotes like "Open". '
            "(character 13)"
        ),
    ),
    ('price == "5"', "A number is missing here, written like 1299.95. (character 10)"),
    (
        'css("b") == true',
        (
            'Only json("…") is compared with true, false and null; write "true" to compare a text. '
            "(character 13)"
        ),
    ),
    ('css("b") == ""', "The text after == is empty. (character 13)"),
    (
        "price < 1,299",
        "1,299 can be read in two ways: write 1299 or 1.299. (character 9)",
    ),
    (
        "price between 5",
        "The second number is missing here: write between 10 and 20. (character 16)",
    ),
    (
        "price between 7 and 5",
        "No number is between 7 and 5; write the smaller one first. (character 15)",
    ),
    ("price falls by 0", "The amount must be more than 0. (character 16)"),
    (
        "any(feed) < 5",
        'Write css("…"), xpath("…") or json("…") here instead of feed. (character 5)',
    ),
    (
        'any(css("b")) falls',
        'Write css("b") instead of any(css("b")): what falls or rises is one number. (character 1)',
    ),
    ("xpath(//b) < 5", 'The text after xpath( needs quotes: xpath("//b"). (character 7)'),
    ('exists xpath("//b[")', "The XPath is not valid: Invalid expression. (character 14)"),
    (
        """exists xpath("//b[re:test(., '(a+)+b')]")""",
        "The XPath is not valid: re:test: there are no namespaces. (character 14)",
    ),
    (
        """exists xpath("document('https://a.example/')")""",
        "The XPath is not valid: Unregistered function. (character 14)",
    ),
    (
        """exists xpath("//b[document('https://a.example/')]")""",
        "The XPath is not valid: document() is no function of XPath 1.0. (character 14)",
    ),
    (
        f"{'not ' * (MAX_DEPTH + 1)}changes",
        f"The condition has more than {MAX_DEPTH} rules around another. (character 85)",
    ),
    (
        " or ".join(["changes"] * (MAX_RULES + 1)),
        f"At most {MAX_RULES} rules can be joined. (character 551)",
    ),
    (
        "contains In stock",
        'The text after contains needs quotes: contains "In stock". (character 10)',
    ),
    (
        "does not contain",
        'The text after does not contain needs quotes: does not contain "In stock". (character 17)',
    ),
    ('contains ""', "The text after contains is empty. (character 10)"),
    ("contains ' '", "The text after contains is empty. (character 10)"),
    (
        'contains "In stock',
        'The quote that opens here is not closed by ". (character 10)',
    ),
    (
        'contains "In stock\\"',
        'The quote that opens here is not closed by ". (character 10)',
    ),
    ("contains „a", "The quote that opens here is not closed by “. (character 10)"),
    (
        f'contains "{"a" * 501}"',
        "The text may have at most 500 characters. (character 10)",
    ),
    (
        "matches in stock",
        "The expression after matches needs slashes: matches /in stock/i. (character 9)",
    ),
    (
        "matches /in stock",
        "The expression after matches needs slashes: matches /in stock/i. (character 9)",
    ),
    ("matches //", "The expression must have 1 to 500 characters. (character 9)"),
    (
        f"matches /{'a' * 501}/",
        "The expression must have 1 to 500 characters. (character 9)",
    ),
    ("matches /a/g", "Nothing may follow the condition matches /a/. (character 12)"),
    ("matches /a(/", "The expression is not valid: missing ): a(. (character 9)"),
    (
        r"matches /(a)\1/",
        r"The expression is not valid: invalid escape sequence: \1. (character 9)",
    ),
    (
        "matches /a(?=b)/",
        "The expression is not valid: invalid perl operator: (?=. (character 9)",
    ),
    (
        "matches /a{1001}/",
        "The expression is not valid: invalid repetition size: {1001}. (character 9)",
    ),
    (
        "css(.price) < 100",
        'The text after css( needs quotes: css(".price"). (character 5)',
    ),
    (
        "json($.price) < 100",
        'The text after json( needs quotes: json("$.price"). (character 6)',
    ),
    (
        """json("$[?search(@.a, 'b(')]") < 1""",
        "The JSON path is not valid: invalid expression in search(…): missing ): b(. (character 6)",
    ),
    (
        """json("$[?match(@.a, '[b')]") < 1""",
        "The JSON path is not valid: invalid expression in match(…): missing ]: [b. (character 6)",
    ),
    (
        'json("$[?@.a =~ /b/]") < 1',
        "The JSON path is not valid: write match(…) or search(…) instead of =~. (character 6)",
    ),
    (
        'json("$[?@.a == 1e999]") < 1',
        "The JSON path is not valid: cannot convert float infinity to integer. (character 6)",
    ),
    (
        'css("p[") < 100',
        "The CSS selector is not valid: Expected ident or '*', got <EOF at 2>. (character 5)",
    ),
    (
        'css("p::text") < 100',
        "The CSS selector is not valid: Pseudo-elements are not supported. (character 5)",
    ),
    (
        'css("svg|a") < 100',
        "The CSS selector is not valid: Undefined namespace prefix. (character 5)",
    ),
    (
        r'css("\\first-of-type") < 100',
        (
            "The CSS selector is not valid: All strings must be XML compatible: Unicode or ASCII, "
            "no NULL bytes or control characters. (character 5)"
        ),
    ),
    (
        'json("$[1e400]") < 100',
        (
            "The JSON path is not valid: "
            "invalid literal for int() with base 10: '1e400'. (character 6)"
        ),
    ),
    (
        'json("$.a[") < 100',
        "The JSON path is not valid: unexpected end of query. (character 6)",
    ),
    ('css("p" < 100', "The parenthesis after css is not closed. (character 8)"),
    (
        'css("p") 100',
        "A comparison is missing here: write one of < <= > >= == !=. (character 10)",
    ),
    (
        'css("p") = 100',
        "A comparison is missing here: write one of < <= > >= == !=. (character 10)",
    ),
    ('css("p") <', "A number is missing here, written like 1299.95. (character 11)"),
    ('css("p") < a', "A number is missing here, written like 1299.95. (character 12)"),
    ('css("p") < 1,299.95', "A number is missing here, written like 1299.95. (character 12)"),
    ('css("p") < 1.', "A number is missing here, written like 1299.95. (character 12)"),
    ('css("p") < 1 299', 'Nothing may follow the condition css("p") < 1. (character 14)'),
]


@pytest.mark.parametrize(
    ("text", "message"), FAULTS, ids=[text[:30] or "empty" for text, _ in FAULTS]
)
def test_a_fault_is_pointed_at(text, message):
    with pytest.raises(RuleError) as refusal:
        parse(text)

    assert str(refusal.value) == message
    assert message.endswith(f"(character {refusal.value.position})")


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
    st.builds(IsGone, parts),
    st.sampled_from([InStock(), OutOfStock()]),
    st.builds(Compared, values, st.sampled_from(list(OPERATORS)), decimals),
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
    st.tuples(values, decimals, decimals).map(
        lambda drawn: Between(drawn[0], min(drawn[1:]), max(drawn[1:]))
    ),
    st.builds(Moves, single_values, st.booleans()),
    st.builds(
        Moves, single_values, st.booleans(), decimals.filter(lambda by: by > 0), st.booleans()
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
    begun = time.process_time()

    with suppress(RuleError):
        parse(text)

    assert time.process_time() - begun < 1
