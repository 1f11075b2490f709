"""Conditions that are suggested for a page."""

import pytest

from console.suggestions import Suggestion, suggestions_for
from executions.pages.parsing import parse


def conditions(*pages, condition="changes") -> list[str]:
    return [each.condition for each in suggestions_for([*pages], condition=condition)]


def test_a_price_suggests_to_wait_for_a_lower_one():
    page = {"price": {"amount": "79.95", "currency": "EUR"}}

    assert suggestions_for([page], condition="changes") == [
        Suggestion("price < 79.95", "The price is 79.95 EUR.")
    ]


def test_a_price_without_a_currency_is_no_broken_sentence():
    [suggestion] = suggestions_for(
        [{"price": {"amount": "79.95", "currency": ""}}], condition="changes"
    )

    assert suggestion.reason == "The price is 79.95."


def test_a_feed_suggests_to_wait_for_new_items():
    assert conditions({"items": [{"title": "News"}]}) == ["new items"]


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("Sorry, SOLD OUT today", 'does not contain "SOLD OUT"'),
        ("This is out of stock.", 'does not contain "out of stock"'),
        ("Currently unavailable.", 'does not contain "Currently unavailable"'),
        ("Leider ausverkauft", 'does not contain "ausverkauft"'),
        ("Zurzeit nicht verfügbar", 'does not contain "nicht verfügbar"'),
        ("In stock now", 'contains "In stock"'),
        ("Add to basket", 'contains "Add to basket"'),
        ("Auf Lager", 'contains "Auf Lager"'),
    ],
)
def test_what_a_shop_says_is_suggested_as_it_is_written(text, condition):
    assert conditions({"text": text}) == [condition]


def test_what_is_missing_comes_before_what_other_articles_say():
    assert conditions({"text": "In stock: cups. Kettles: sold out."}) == [
        'does not contain "sold out"'
    ]


@pytest.mark.parametrize("text", ["restocking soon", "sold outside of Bristol", "", None])
def test_nothing_is_suggested_for_words_that_only_look_like_it(text):
    assert conditions({"text": text}) == []


def test_a_page_that_could_not_be_read_suggests_nothing():
    assert conditions({"url": "https://shop.example/", "error": "The server answered 500."}) == []


def test_what_was_tried_is_not_suggested_and_nothing_is_suggested_twice():
    page = {"price": {"amount": "5", "currency": "EUR"}, "text": "sold out"}

    assert conditions(page, page, condition=" price < 5 ") == ['does not contain "sold out"']


def test_what_is_suggested_is_a_condition():
    page = {
        "price": {"amount": "1299.00", "currency": "EUR"},
        "items": [{"title": "News"}],
        "text": "Add to cart",
    }

    for condition in conditions(page):
        parse(condition)
