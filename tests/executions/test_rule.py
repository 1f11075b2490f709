"""The grammar of conditions."""

import pickle
import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.pages.rule import (
    FORMS,
    OPERATORS,
    QUOTES,
    Changes,
    Contains,
    Matches,
    Number,
    RuleError,
    parse,
)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("changes", Changes()),
        ("change", Changes()),
        ("  CHANGES\n", Changes()),
        ('contains "In stock"', Contains("In stock")),
        ('Contains"In stock" ', Contains("In stock")),
        ('does not contain "Sold out"', Contains("Sold out", negated=True)),
        ('does  not\ncontain "Sold out"', Contains("Sold out", negated=True)),
        ("""doesn't contain "Sold out" """, Contains("Sold out", negated=True)),
        ('doesn\N{RIGHT SINGLE QUOTATION MARK}t contain "a"', Contains("a", negated=True)),
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
        ("matches /in stock/", Matches("in stock")),
        ("matches /in stock/i", Matches("in stock", ignore_case=True)),
        ("MATCHES/IN/I", Matches("IN", ignore_case=True)),
        (r"matches /24\/7/", Matches("24/7")),
        (r"matches /\d+ left\\/", Matches(r"\d+ left\\")),
        (r"matches /\pL{3}|[^a\/]/", Matches(r"\pL{3}|[^a/]")),
        ('css(".price") < 100', Number("css", ".price", "<", Decimal(100))),
        ("css ( '#p > b' )<=99.95", Number("css", "#p > b", "<=", Decimal("99.95"))),
        ('CSS("p, b") > -5', Number("css", "p, b", ">", Decimal(-5))),
        ('json("$.stock") >= +5', Number("json", "$.stock", ">=", Decimal(5))),
        (r'json("$[\"a b\"]") == 0', Number("json", '$["a b"]', "==", Decimal(0))),
        (
            """json('$..offers[?@.price < 9].price') != 0.0000001""",
            Number("json", "$..offers[?@.price < 9].price", "!=", Decimal("0.0000001")),
        ),
    ],
)
def test_a_condition_is_understood(text, rule):
    assert parse(text) == rule


FAULTS = [
    ("", f"The condition is empty. Write {FORMS}. (character 1)"),
    ("  ", f"The condition is empty. Write {FORMS}. (character 3)"),
    (" in stock", f'Unknown condition "in". Write {FORMS}. (character 2)'),
    ('"In stock"', rf'Unknown condition "\"In". Write {FORMS}. (character 1)'),
    ("contained", f'Unknown condition "contained". Write {FORMS}. (character 1)'),
    ("css .price", f'Unknown condition "css". Write {FORMS}. (character 1)'),
    ("changes!", "Nothing may follow the condition changes. (character 8)"),
    (
        'contains "a" or contains "b"',
        'Nothing may follow the condition contains "a". (character 14)',
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
rules = st.one_of(
    st.just(Changes()),
    st.builds(Contains, readable_texts, st.booleans()),
    st.builds(
        Matches,
        st.lists(
            st.sampled_from(["a", "/", "ß", " ", '"', r"\\", r"\d", r"\.", "[/]", "(b|c)", "x*"]),
            min_size=1,
        ).map("".join),
        st.booleans(),
    ),
    st.builds(
        Number,
        st.just("css"),
        st.sampled_from([".price", "#p > b", '[data-a="b"]', r"#\31 a"]),
        st.sampled_from(list(OPERATORS)),
        decimals,
    ),
    st.builds(
        Number,
        st.just("json"),
        st.sampled_from(["$.a", '$["a b"]', r"$['it\'s']", "$..a[?@.b < 9]"]),
        st.sampled_from(list(OPERATORS)),
        decimals,
    ),
)


@given(rules)
def test_a_rule_is_written_as_it_is_read(rule):
    assert parse(str(rule)) == rule


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

    assert isinstance(rule, Number)
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
    ],
    ids=["expression", "path", "selector"],
)
def test_what_takes_longest_to_check_is_checked_within_a_second(text):
    begun = time.process_time()

    parse(text)

    assert time.process_time() - begun < 1
