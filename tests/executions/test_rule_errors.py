"""What is said of conditions that are no rules."""

import pytest

from executions.pages.parsing import MAX_DEPTH, MAX_RULES, parse
from executions.pages.rule_error import FORMS, RuleError

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
    (
        "price < 100 today",
        (
            '"today" is no currency that Torale knows. Write the number alone, or with a code such '
            "as EUR or a sign such as €. (character 13)"
        ),
    ),
    (
        "price < xy 100",
        (
            '"xy" is no currency that Torale knows. Write the number alone, or with a code such as '
            "EUR or a sign such as €. (character 9)"
        ),
    ),
    (
        "price between 5 € and 7 $",
        "The amounts are in EUR and in $; write one currency. (character 23)",
    ),
    ("price < 5 € and", f"A condition is missing here. Write {FORMS}. (character 16)"),
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
