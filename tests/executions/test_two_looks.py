"""What two looks at a page agree on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.pages.two_looks import confirmed


def lines(text: str) -> str:
    return "\n".join(text.split(" / "))


@pytest.mark.parametrize(
    ("before", "first", "second", "expected"),
    [
        ("a / b", "a / c", "a / c", "a / c"),
        ("a / b", "a / c", "a / b", "a / b"),
        ("ad 1 / b", "ad 2 / b", "ad 3 / b", "ad 1 / b"),
        ("ad 1 / price 5", "ad 2 / price 6", "ad 3 / price 6", "ad 1 / price 6"),
        ("head / ad 1 / foot", "head / foot", "head / ad 3 / foot", "head / ad 1 / foot"),
        ("head / foot", "head / ad 2 / foot", "head / ad 3 / foot", "head / foot"),
        ("head / foot", "head / new / ad 2 / foot", "head / new / foot", "head / new / foot"),
        ("head / foot", "head / new / foot", "head / ad / new / foot", "head / new / foot"),
        ("head / old / foot", "head / foot / ad 2", "head / foot / ad 3", "head / foot"),
        ("a / b / c", "c / b / a", "c / b / a", "c / b / a"),
        ("a / b / c", "b / c / a", "c / a / b", "a / b / c"),
        ("", "a / x", "a / y", "a"),
        ("old 1 / old 2 / a", "new 1 / old 2 / a", "new 1 / new 2 / a", "new 1 / new 2 / a"),
        ("old 1 / a / old 2", "new 1 / a / old 2", "new 1 / a / new 2", "new 1 / a / new 2"),
        (
            "Y happened today, rendered in 0.1 s",
            "X happened today, rendered in 0.2 s",
            "X happened today, rendered in 0.3 s",
            "X happened today, rendered in 0.3 s",
        ),
    ],
    ids=[
        "both show the change",
        "only the first shows it",
        "what rotates",
        "a change beside what rotates",
        "what is missing now and then",
        "what comes and goes in no place of its own",
        "a new line, with something fleeting at the first look",
        "a new line, with something fleeting at the second look",
        "a line gone, with something that rotates elsewhere",
        "another order",
        "a random order",
        "nothing before",
        "the rest of a change that both show, beside it",
        "the rest of a change that both show, elsewhere",
        "a line with a token in it",
    ],
)
def test_only_what_both_looks_show_is_a_change(before, first, second, expected):
    assert confirmed(lines(before), lines(first), lines(second)) == lines(expected)


texts = st.lists(st.sampled_from("abcde"), max_size=8).map("\n".join)


@given(texts, texts)
def test_what_both_looks_show_alike_is_the_page(before, now):
    assert confirmed(before, now, now) == now


@given(texts, texts)
def test_a_page_that_is_back_as_it_was_has_not_changed(before, first):
    assert confirmed(before, first, before) == before


@given(texts, texts)
def test_a_page_that_was_still_as_before_at_the_first_look_has_not_changed(before, second):
    assert confirmed(before, before, second) == before


def test_a_page_of_many_repeated_lines_takes_little_time():
    before = "\n".join(["same"] * 200_000)

    assert confirmed(before, before + "\nx", before + "\ny") == before
