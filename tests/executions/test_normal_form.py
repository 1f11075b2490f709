# ruff: noqa: RUF001 - letters that look alike are meant
"""Comparing and searching texts as a reader does."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executions.pages.difference import difference
from executions.pages.normal_form import folded, span_of

#: Characters that the normal form joins, splits, leaves out or changes.
TRICKY = (
    "aİıIßẞςΣﬁ’‘“„«–−—ｶﾞ한글각½①ℌÅ´`Ⅷ \n\t"
    "\u0301\u0308\u0323\u00a0\u00ad\u200b\u200d\u200f\u3099\u1161\u11a8"
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("In Stock", "IN STOCK"),
        ("in  \n stock", "in stock"),
        ("in\N{NO-BREAK SPACE}stock", "in stock"),
        ("Straße", "STRASSE"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("TİCARET", "ticaret"),
        ("I", "ı"),
        ("cafe\u0301", "café"),
        ("ﬁne", "fine"),
        ("１２９", "129"),
        ("Ｓale", "sale"),
        ("ｶﾞｽ", "ガス"),
        ("Donau\N{SOFT HYPHEN}dampf", "Donaudampf"),
        ("in\N{ZERO WIDTH SPACE}stock", "instock"),
        ("\N{RIGHT-TO-LEFT MARK}5", "5"),
        ("don’t", "don't"),
        ("don´t", "don't"),
        ("‘a’", "'a'"),
        ("„a“", '"a"'),
        ("«a»", '"a"'),
        ("2020–2024", "2020-2024"),
        ("−5", "-5"),
        ("a\N{NON-BREAKING HYPHEN}b", "a-b"),
        (" a ", "a"),
    ],
)
def test_what_a_reader_takes_for_the_same_is_the_same(one, other):
    assert folded(one) == folded(other)


@pytest.mark.parametrize(("one", "other"), [("a", "ä"), ("instock", "in stock"), ("1.5", "1,5")])
def test_what_a_reader_tells_apart_is_not_the_same(one, other):
    assert folded(one) != folded(other)


@given(st.text(TRICKY) | st.text())
def test_the_normal_form_of_a_normal_form_is_itself(text):
    assert folded(folded(text)) == folded(text)


@pytest.mark.parametrize(
    ("wanted", "text", "found"),
    [
        ("in stock", "Now  In\n Stock!", "In\n Stock"),
        ("don't", "We don’t", "don’t"),
        ("strasse", "a Straße b", "Straße"),
        ("café", "x cafe\u0301 y", "cafe\u0301"),
        ("sale", "a Sa\N{SOFT HYPHEN}le", "Sa\N{SOFT HYPHEN}le"),
        ("ガス", "a ｶﾞｽ b", "ｶﾞｽ"),
        ("b", "\N{ZERO WIDTH SPACE} \N{ZERO WIDTH SPACE} a  b", "b"),
        ("b", "a", None),
        ("x y", "ä" * 5000 + "\n\nX   Y" + "ö" * 5000, "X   Y"),
    ],
)
def test_a_text_is_found_in_the_pages_own_spelling(wanted, text, found):
    span = span_of(wanted, text)

    assert (None if span is None else text[slice(*span)]) == found


@given(st.text(TRICKY, max_size=60), st.data())
def test_whatever_is_found_folds_to_what_was_sought(text, data):
    form = folded(text)
    begin = data.draw(st.integers(0, len(form)))
    sought = form[begin : data.draw(st.integers(begin, len(form)))].strip()
    if not sought:
        return

    span = span_of(sought, text)

    assert span is not None
    assert sought in folded(text[slice(*span)])


@settings(max_examples=10)
@given(st.text(TRICKY + "b", min_size=2000, max_size=2200))
def test_a_place_is_found_in_a_text_of_several_chunks(text):
    text = text + " Ziel " + text

    span = span_of("ziel", text)

    assert span is not None
    assert folded(text[slice(*span)]).startswith("ziel")


def test_lines_are_compared_in_their_normal_form_and_shown_in_their_own():
    come = difference("", "  Don’t\tpanic \n\n\N{ZERO WIDTH SPACE}\nÄ").come

    assert [(line.form, line.own) for line in come] == [
        ("don't panic", "Don’t\tpanic"),
        ("ä", "Ä"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a\u0301" * 60_000,
        "a" + "\u0301" * 150_000,
        "a" + "\u0301\u0323" * 60_000,
        "a" + "\uff9e\u0301" * 60_000,
        "\N{SOFT HYPHEN}" * 100_000,
        "ﷺ" * 15_000,
        " \N{NO-BREAK SPACE}" * 150_000,
        "ß\n" * 100_000,
    ],
    ids=[
        "accents",
        "one accent after another",
        "accents out of order",
        "voicing marks",
        "hyphens",
        "ligatures",
        "spaces",
        "lines",
    ],
)
def test_a_text_made_to_take_time_is_searched_soon(half_a_second_of_cpu, text):
    assert span_of("z", text) is None
    assert span_of("ende", f"{text} Ende") is not None


def test_hangul_is_composed():
    assert folded(unicodedata.normalize("NFD", "한글")) == "한글"
