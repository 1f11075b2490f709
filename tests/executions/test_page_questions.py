"""Which questions the page monitor takes, before they are kept."""

import pytest

from executions.monitors import BadQuestion, check
from executions.monitors.addresses import addresses_in


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        ("https://shop.example/", "changes"),
        ("Is it out? (https://shop.example/a_(b))", 'contains "In stock"'),
        ("https://shop.example/", ""),
        ("https://shop.example/ news?", "https://shop.example/ news?"),
        (" ".join(f"https://shop.example/{n}" for n in range(5)), "changes"),
        ("shop.example/bread", "price < 99,50"),
    ],
)
def test_a_question_that_can_be_asked_is_taken(query, condition):
    check(search_query=query, condition_description=condition, networks=())


@pytest.mark.parametrize(
    ("query", "condition", "faults"),
    [
        (
            " ".join(f"https://shop.example/{n}" for n in range(6)),
            "changes",
            {"search_query": "Name at most 5 pages, not 6."},
        ),
        (
            "http://127.0.0.1/",
            "changes",
            {
                "search_query": "127.0.0.1 is not a public address. "
                "Allow its network with TORALE_WEBHOOK_ALLOW_PRIVATE."
            },
        ),
        (
            "https://user:password@shop.example/",
            "changes",
            {
                "search_query": "The URL contains a user name or password; "
                "send them in a header instead."
            },
        ),
        (
            "http://127.0.0.1/",
            "contains",
            {
                "search_query": "127.0.0.1 is not a public address. "
                "Allow its network with TORALE_WEBHOOK_ALLOW_PRIVATE.",
                "condition_description": (
                    'The text after contains needs quotes: contains "In stock". (character 9)'
                ),
            },
        ),
        (
            "source:https://shop.example/",
            "changes",
            {
                "search_query": 'Leave out "source:" before the URL: Torale reads the page\'s '
                "text; to look at one part of it, write a condition such as "
                'contains "In stock" in css("main").'
            },
        ),
        (
            "https://shop.example/{{ today }}",
            "changes",
            {
                "search_query": '"{{ today }}" begins a template, and Torale has none. Write the '
                "URL as it is; to leave out a date or a number that changes, write a condition "
                r"such as changes ignoring /\d+ views/."
            },
        ),
        (
            "{% now 'Y' %}",
            "changes",
            {
                "search_query": "\"{% now 'Y' %}\" begins a template, and Torale has none. Write "
                "the URL as it is; to leave out a date or a number that changes, write a condition "
                r"such as changes ignoring /\d+ views/."
            },
        ),
    ],
    ids=[
        "six pages",
        "inside",
        "password",
        "nothing right",
        "prefix",
        "braces",
        "template",
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(query, condition, faults):
    with pytest.raises(BadQuestion) as refusal:
        check(search_query=query, condition_description=condition, networks=())

    assert refusal.value.faults == faults


@pytest.mark.parametrize(
    ("query", "addresses"),
    [
        ("Is it out?", []),
        ("https://a.example", ["https://a.example"]),
        ("See https://a.example/b?c=d&e=f#g.", ["https://a.example/b?c=d&e=f#g"]),
        ("HTTP://a.example and https://b.example!", ["HTTP://a.example", "https://b.example"]),
        ("https://a.example, https://a.example", ["https://a.example"]),
        ("(https://a.example/b)", ["https://a.example/b"]),
        ("(https://a.example/b_(c)).", ["https://a.example/b_(c)"]),
        ('"https://a.example/b"', ["https://a.example/b"]),
        ("„https://a.example/b“", ["https://a.example/b"]),
        ("[b](https://a.example/b)", ["https://a.example/b"]),
        ("**https://a.example/b**", ["https://a.example/b"]),
        ("<https://a.example/b>", ["https://a.example/b"]),
        ("ftp://a.example", []),
        ("shop.example/bread", ["https://shop.example/bread"]),
        ("Is it on shop.example?", ["https://shop.example"]),
        (
            "(shop.example/a_(b)), www.a.museum",
            ["https://shop.example/a_(b)", "https://www.a.museum"],
        ),
        ("a.museum/b", ["https://a.museum/b"]),
        ("shop.example:8443/b", ["https://shop.example:8443/b"]),
        ("m\u00fcnchen.de", ["https://m\u00fcnchen.de"]),
        ("https://a.example/?u=b.example/c", ["https://a.example/?u=b.example/c"]),
        ("Is version 2.0 out, e.g. for U.S. users/guests?", []),
        ("Ask me@shop.example/x or mailto:me@shop.example", []),
        ("README.md, node.js, main.py and src/main.py", []),
        ("Is it out.It should be and/or released.Now", []),
        ("1.299,95 or 2.0/3.0", []),
    ],
)
def test_the_pages_are_found_in_the_query(query, addresses):
    assert addresses_in(query) == addresses
