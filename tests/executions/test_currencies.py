"""Amounts in a currency, in conditions and on pages."""

import pytest

from executions.pages.currency import currencies_of
from executions.pages.numbers import amount_in
from executions.pages.parsing import parse
from tests.support.visits import html, news, visits

OFFER = (
    '<script type="application/ld+json">{{"@type": "Product", "name": "Bread", "offers": '
    '{{"price": "{}", "priceCurrency": "{}"}}}}</script>'
)


def offer(price, currency):
    return html(OFFER.format(price, currency))


@pytest.mark.parametrize(
    "condition",
    ["price < 100 €", "price < 100 EUR", "price < EUR 100", "price < €100", "price < 100 euros"],
)
def test_a_price_below_100_euros_is_no_longer_refused_with_nothing_may_follow(condition):
    assert str(parse(condition)) == "price < 100 EUR"
    assert news(condition, offer(120, "EUR"), offer(99, "EUR")) == [False, True]


def test_99_dollars_are_not_below_100_euros():
    pages = [offer(99, "USD"), offer(99, "EUR"), offer(99, "USD"), offer(98, "EUR")]

    found = visits("price < 100 €", *pages)

    assert [each.is_news for each in found] == [False, True, False, False]
    assert found[0].evidence == 'The price is 99 ("99 USD"), which is not in EUR.'
    assert news("not price < 100 €", *pages) == [False, False, False, False]


@pytest.mark.parametrize(
    ("condition", "shown", "is_met"),
    [
        ("< 100 €", "99 €", True),
        ("< 100 €", "EUR 99", True),
        ("< 100 €", "$99", False),
        ("< 100 €", "US$ 99", False),
        # What names no currency may be in it: often, the sign stands beside the element.
        ("< 100 €", "99", True),
        ("< $100", "C$99", True),
        ("< 100 USD", "C$99", False),
        ("< 100 USD", "$99", True),
        ("< 100 USD", "$99 CAD", False),
        ("< 100 USD", "99 $US", True),
        ("< 100 USD", "RRP£99", False),
        ("< 100 SEK", "99 kr", True),
        ("< 100 DKK", "99 kr.", True),
        ("< 100 EUR", "99 kr", False),
        ("< 100 JPY", "￥99", True),
        ("< 100 ₮", "99 ₮", True),
        ("< 100 ₮", "99 €", False),
        ("between 50 and 100 €", "99 €", True),
        ("between 50 and 100 €", "$99", False),
    ],
)
def test_an_amount_counts_if_it_may_be_in_the_currency(condition, shown, is_met):
    assert news(f'css("b") {condition}', html(f"<b>{shown}</b>")) == [is_met]


@pytest.mark.parametrize(
    ("condition", "is_met"), [('any(css("b")) < 100 €', True), ('all(css("b")) < 100 €', False)]
)
def test_of_several_amounts_those_in_the_currency_count(condition, is_met):
    assert news(condition, html("<b>$50</b><b>99 €</b>")) == [is_met]


def test_a_price_that_falls_by_10_euros_is_compared_with_prices_in_euros():
    pages = [offer(100, "EUR"), offer(80, "USD"), offer(91, "EUR"), offer(90, "EUR")]

    assert news("price falls by 10 €", *pages) == [False, False, False, True]


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        *(("9 €", "€"), ("US$ 9", "US$"), ("9 kr.", "kr"), ("$9 CAD", "CAD"), ("CHF 9.00", "CHF")),
        *(("9", ""), ("9 pieces, 5 €", "€"), ("PS5", ""), ("free", "")),
    ],
)
def test_the_currency_beside_a_number_is_read(text, currency):
    assert amount_in(text).currency == currency


@pytest.mark.parametrize(
    ("word", "codes"),
    [
        ("eur", {"EUR"}),
        ("Kč", {"CZK"}),
        ("FT", {"HUF"}),
        ("kes", {"KES"}),
        ("RMB", {"CNY"}),
        ("kr.", {"SEK", "NOK", "DKK", "ISK"}),
        ("￥", {"JPY", "CNY"}),
        ("all", set()),
        ("km", set()),
        ("", set()),
    ],
)
def test_a_word_means_one_currency_or_several_or_none(word, codes):
    assert currencies_of(word) == codes
