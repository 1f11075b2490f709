"""docs/conditions.md says what conditions mean; its examples are run."""

import re
from pathlib import Path

import pytest

from executions.pages.finding import find
from executions.pages.parse_page import parse_page
from executions.pages.parsing import GRAMMAR, parse
from tests.support.watched_pages import texts_of

DOCS = Path("docs/conditions.md").read_text(encoding="utf-8")
#: The conditions in the table, each with the wish that it fulfils.
TABLE = {
    condition.replace("\\|", "|"): wish
    for wish, condition in re.findall(
        r"^\| (.+?) \| `(.+)` \|$", DOCS.partition("## When you")[0], re.MULTILINE
    )
}
RSS = "<rss version='2.0'><channel><title>News</title>{}</channel></rss>"
JSON = "application/json"
FEED = "application/rss+xml"
OFFER = (
    '<script type="application/ld+json">{{"@context": "https://schema.org", "@type": "Product", '
    '"name": "Bread", "offers": {{"@type": "Offer", "price": "{}", "priceCurrency": "EUR", '
    '"availability": "https://schema.org/{}"}}}}</script><p>Bread'
)


def offer(price, stock="InStock"):
    return OFFER.format(price, stock)


def items(*titles):
    return RSS.format(
        "".join(
            f"<item><title>{title}</title><link>https://a.example/{title}</link></item>"
            for title in titles
        )
    )


#: For each condition, what a page says at two visits: at the second one, it is told.
VISITS = {
    "changes": ("Bread", "Butter"),
    "changes exactly": ("It is 12:05:11", "It is 12:05:12"),
    'in css("main") changes': ("<main>Bread</main>", "<main>Butter</main>"),
    'changes without css(".adverts")': ("Bread<i class=adverts>a</i>", "Jam<i class=adverts>b</i>"),
    r"changes ignoring /\d+ offers/i": ("5 offers: bread", "6 offers: butter"),
    "new lines": ("Bread", "Bread<p>Butter"),
    'contains "In stock"': ("Sold out", "In stock"),
    'contains "In stock" or "Available"': ("Sold out", "Available"),
    'does not contain "Sold out"': ("Sold out", "In stock"),
    'contains "Berlin" in css("#dates")': ("Berlin<p id=dates>Rome", "Berlin<p id=dates>Berlin"),
    r"matches /release \d+\.\d+/i": ("Release soon", "Release 2.0"),
    r"does not match /no (seats|tickets)/i": ("No seats left", "Seats left"),
    "price < 100": (offer(120), offer(99)),
    "price < 100 €": (offer(120), offer(99)),
    "price between 50 and 80": (offer(120), offer(80)),
    "price falls": (offer(120), offer(119)),
    "price falls by 10 %": (offer(120), offer(100)),
    "price lowest so far": (offer(120), offer(110)),
    "in stock": (offer(5, "OutOfStock"), offer(5)),
    "in stock and price < 99,50": (offer(100), offer(99)),
    "out of stock": (offer(5), offer(5, "OutOfStock")),
    'css(".seats") >= 2': ("<p class=seats>1 seat", "<p class=seats>2 seats"),
    'css(".level") rises by 5': ("<p class=level>10 m", "<p class=level>15 m"),
    'any(css(".price")) < 10': (
        "<p class=price>11<p class=price>12",
        "<p class=price>11<p class=price>9",
    ),
    'all(css(".price")) < 10': (
        "<p class=price>11<p class=price>9",
        "<p class=price>8<p class=price>9",
    ),
    'css(".status") == "Open"': ("<p class=status>closed", "<p class=status>open"),
    'css(".status") != "Closed"': ("<p class=status>closed", "<p class=status>open"),
    'exists css("form.order")': ("Soon", "<form class=order>Now</form>"),
    'css(".banner") is gone': ("<p class=banner>Closed<p>Bread", "<p>Bread"),
    "new items": (items("a"), items("b", "a"), FEED),
    'new items in css("ul.jobs li")': (
        "<ul class=jobs><li>Baker</ul>",
        "<ul class=jobs><li>Baker<li>Cook</ul>",
    ),
    'in feed contains "Torale"': (items("News"), items("Torale", "News"), FEED),
    'json("$.status") == "open"': ('{"status": "shut"}', '{"status": "open"}', JSON),
    'json("$.open") == true': ('{"open": false}', '{"open": true}', JSON),
    'json("$.data.price") >= 10.5': ('{"data": {"price": 9}}', '{"data": {"price": 11}}', JSON),
    'new items in json("$.jobs[*]")': ('{"jobs": ["a"]}', '{"jobs": ["a", "b"]}', JSON),
    'contains "Berlin" and not contains "Sold out"': ("Berlin: sold out", "Berlin: 5 left"),
    'in stock or price < 50 or contains "Sale"': ("Bread", "Bread on sale"),
    '(contains "A" or contains "B") and in stock': (offer(5, "OutOfStock"), offer(5)),
}


def test_each_wish_in_the_table_is_tried():
    assert list(TABLE) == list(VISITS)


@pytest.mark.parametrize("condition", VISITS)
def test_the_condition_for_a_wish_fulfils_it(condition):
    before, after, *content_type = VISITS[condition]
    rule = parse(condition)
    first, second = (
        parse_page(body.encode(), *(content_type or ["text/html"]), url="https://a.example/")
        for body in (before, after)
    )

    remembered = find(rule, first, None)
    found = find(rule, second, remembered.memory, texts_of(remembered))

    assert remembered.is_news is False, remembered.evidence
    assert found.is_news is True, found.evidence


@pytest.mark.parametrize(
    "example",
    [
        example
        for example in re.findall(
            r"`([^`\n]+)`", DOCS.partition("## When you")[2].partition("## Looking")[0]
        )
        if re.match(r"(in|not|price|changes|css)\b.*[\d)\"]$", example)
        and "…" not in example
        and not re.fullmatch(r"css\(\S+( \S+)?\)", example)
    ],
)
def test_other_examples_are_conditions(example):
    parse(example)


def test_the_grammar_in_the_docs_is_the_one_that_is_parsed():
    (shown,) = re.findall(r"```lark\n(.*?)```", DOCS, re.DOTALL)

    assert shown == GRAMMAR.read_text(encoding="utf-8")
