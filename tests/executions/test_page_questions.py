"""Which questions the page monitor takes, before they are kept."""

import pytest

from executions.monitors import BadQuestion, check, page


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        ("https://shop.example/", "changes"),
        ("Is it out? (https://shop.example/a_(b))", 'contains "In stock"'),
        ("https://shop.example/", ""),
        ("https://shop.example/ news?", "https://shop.example/ news?"),
        (" ".join(f"https://shop.example/{n}" for n in range(5)), "changes"),
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
    ],
    ids=["six pages", "inside", "password", "nothing right"],
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
    ],
)
def test_the_pages_are_found_in_the_query(query, addresses):
    assert page.addresses_in(query) == addresses
