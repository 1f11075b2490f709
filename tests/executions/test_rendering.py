"""The headline and the HTML of notifications."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from executions.monitors.notification import tell
from executions.pages.verdict import Entry, Listing
from executions.rendering import HEADLINE_CHARACTERS, headline_of, html_of

COMBINING_ACUTE = "\N{COMBINING ACUTE ACCENT}"

PAGE = "https://shop.example/"


@pytest.mark.parametrize(
    ("summary", "headline"),
    [
        ('The page contains "In stock": "Bread. In stock! Buy".', "In stock"),
        ('The page in css("main") contains "a b": "x a b y".', "The page in css"),
        ('The page does not contain "Sold out".', 'The page does not contain "Sold out"'),
        (
            "The price is 89.00 EUR, which is below 100.",
            "The price is 89.00 EUR, which is below 100",
        ),
        ("The page has changed. It is now shorter.", "The page has changed"),
        ("*_[x](y)_* <b>", "*_[x](y)_* <b>"),
    ],
)
def test_a_headline_says_what_was_found(summary, headline):
    assert headline_of(tell("The shop", PAGE, summary)).startswith(headline)


@pytest.mark.parametrize(
    ("listings", "headline"),
    [
        ([("New", ["Fresh"])], "New: Fresh"),
        ([("Gone", ["Old"]), ("New", ["Fresh", "More", "Most"])], "New: Fresh and 2 more"),
        ([("Gone", ["Old"])], "Gone: Old"),
        ([("New", ["- 1. ## x"])], "New: - 1. ## x"),
    ],
)
def test_a_headline_names_what_is_new(listings, headline):
    shown = [
        Listing(title=title, entries=tuple(Entry(text=text, url=PAGE) for text in texts))
        for title, texts in listings
    ]

    assert headline_of(tell("The shop", PAGE, "The page has changed.", shown)) == headline


@pytest.mark.parametrize(
    ("notification", "headline"),
    [
        ("Yes.", "Yes"),
        ("**In stock** again", "In stock again"),
        ("**In stock**", "In stock"),
        ("<https://shop.example/>", "https://shop.example/"),
        ("# Heading\n\n`code` here", "Heading"),
        ("Prices:\n\n- 1 EUR\n- 2 EUR", "Prices: 1 EUR and 1 more"),
        ("Only this:", "Only this:"),
        ("", ""),
        ("**", "**"),
        ("---", ""),
        ("a\r\nBcc: victim@example.com", "a Bcc: victim@example.com"),
        ("a\u202eb\x07\u2028c", "ab c"),
    ],
)
def test_other_notifications_have_headlines_too(notification, headline):
    assert headline_of(notification) == headline


def test_a_headline_counts_what_a_list_leaves_out():
    entries = tuple(Entry(text=text, url=PAGE) for text in ("a", "b"))
    listing = Listing(title="New", entries=entries, more=40)

    assert headline_of(tell("The shop", PAGE, "It is.", [listing])) == "New: a and 41 more"


def test_a_long_headline_is_cut():
    headline = headline_of("word " * 100)

    assert len(headline) <= HEADLINE_CHARACTERS
    assert headline.endswith("…")


@pytest.mark.parametrize("start", ["", "**New**\n\n- "], ids=["a sentence", "a list"])
def test_a_page_cannot_make_a_headline_long_by_combining_marks(start):
    headline = headline_of(f"{start}a{COMBINING_ACUTE * 5000}")

    assert len(headline) <= HEADLINE_CHARACTERS
    assert headline.endswith("…")


@example("0" * HEADLINE_CHARACTERS + COMBINING_ACUTE)
@given(st.text())
def test_every_text_has_a_headline_of_one_line(text):
    headline = headline_of(text)

    assert len(headline.splitlines()) <= 1
    assert len(headline) <= HEADLINE_CHARACTERS
    headline.encode()


def test_html_neither_runs_nor_loads_anything():
    html = html_of("![x](https://evil.example/a.png) <script>x</script> [a](javascript:alert(1))")

    assert "<img" not in html
    assert "<script" not in html
    assert 'href="javascript' not in html
