"""Price and stock from what pages say for machines."""

from dataclasses import replace
from decimal import Decimal

import pytest

from executions.pages.offers import Offers, offers_of
from executions.pages.offers import PriceSource as Source
from executions.pages.parse_page import parse_page
from tests.support.visits import visits


def offers_in(body, title="Bread | Shop"):
    page = f"<html><head><title>{title}</title></head><body>{body}"
    return offers_of(parse_page(page.encode(), "text/html; charset=utf-8"))


def script(text):
    return f'<script type="application/ld+json">{text}</script>'


def product(offers, name="Bread", more=""):
    return f'{{"@type": "Product", "name": "{name}", "offers": {offers}{more}}}'


OFFER = '{"price": "5.99", "priceCurrency": "EUR", "availability": "https://schema.org/InStock"}'
KNOWN = Offers(price=Decimal("5.99"), currency="EUR", in_stock=True, availability="InStock")
NO_PRICE = "The page says nothing about the price of its product for machines."
NO_STOCK = "The page says nothing about the stock of its product for machines."
NOTHING = "The page says nothing about a price or stock for machines."
SEVERAL = "The page is about several products, and none of them is evidently the main one."


@pytest.mark.parametrize(
    "body",
    [
        script(product(OFFER)),
        script(f"[{product(OFFER)}]"),
        script(f'{{"@graph": [{{"@type": "WebSite"}}, {product(OFFER)}]}}'),
        script(product(OFFER).replace('"Product"', '["Thing", "http://schema.org/Product"]')),
        script("//<![CDATA[\n" + product(OFFER) + "\n//]]>"),
        script("/* <![CDATA[ */" + product(OFFER) + "/* ]]> */"),
        script("<!--" + product(OFFER) + "-->"),
        script(product(OFFER.replace("}", ",}"))),
        script(product(OFFER).replace('"', "&quot;")),
        script(product(OFFER, name="Bread\n")),
        script(product(OFFER) + ";"),
        script('{"@type": "BreadcrumbList"}\n' + product(OFFER)),
        script("{broken") + script(product(OFFER)),
        script(product(OFFER)) * 2,
        script(product(OFFER.replace("5.99", "5,99"))),
        """<div itemscope itemtype="https://schema.org/Product"><b itemprop="name">Bread</b>
        <p itemprop="offers" itemscope itemtype="https://schema.org/Offer">
        <span itemprop="price" content="5.99">5,99</span> <i itemprop="priceCurrency">EUR</i>
        <link itemprop="availability" href="https://schema.org/InStock"></p></div>
        <p itemscope itemtype="https://schema.org/Offer"><b itemprop="price">1</b></p>""",
        """<div vocab="https://schema.org/" typeof="Product"><b property="name">Bread</b>
        <p property="offers" typeof="Offer"><span property="price">5.99</span>
        <span property="schema:priceCurrency" content="EUR"></span>
        <link property="availability" href="https://schema.org/InStock"></p></div>""",
        """<meta property="og:title" content="Bread">
        <meta property="product:price:amount" content="5.99">
        <meta property="product:price:currency" content="EUR">
        <meta property="og:availability" content="InStock">""",
    ],
    ids=[
        *("object", "list", "graph", "several types", "CDATA", "CDATA in comments", "comment"),
        *("trailing comma", "escaped", "line break", "semicolon", "two values", "beside a fault"),
        *("twice", "decimal comma", "microdata", "RDFa", "Open Graph"),
    ],
)
def test_price_and_stock_are_read_however_they_are_written(body):
    assert replace(offers_in(body), source=None) == KNOWN


RDFA = """<div vocab="https://schema.org/" typeof="Product"><p property="offers" typeof="Offer">
<span property="price">5</span></div>"""
MICRODATA = """<div itemscope itemtype="https://schema.org/Product"><p itemprop="offers" itemscope>
<meta itemprop="price" content="{}"></p></div>"""
OPEN_GRAPH = '<meta property="product:price:amount" content="5">'


@pytest.mark.parametrize(
    ("body", "source"),
    [
        (OPEN_GRAPH + MICRODATA.format(6) + script(product(OFFER)), Source.JSON_LD),
        (OPEN_GRAPH + MICRODATA.format(6), Source.MICRODATA),
        (RDFA, Source.MICRODATA),
        (OPEN_GRAPH, Source.OPEN_GRAPH),
        ("<p>5 €", None),
        (script(product('{"availability": "InStock"}')), None),
    ],
    ids=["JSON-LD first", "microdata", "RDFa", "Open Graph", "text alone", "no price"],
)
def test_where_the_price_was_found_is_known(body, source):
    assert offers_in(body).source == source


def part_of_page(part, head=""):
    page = parse_page(f"<head>{head}</head><div id=a>{part}</div>9 €".encode(), "text/html")
    return visits('in css("#a") price < 7', page)[0]


HEAD = script(product(OFFER))


@pytest.mark.parametrize(
    ("part", "evidence"),
    [
        ("<b>6.50 €</b>", 'The price is 6.50 ("6.50 EUR"), which is < 7.'),
        ("6 € <b>EUR 6.00</b>", 'The price is 6 ("6 EUR"), which is < 7.'),
        ("5 stars <b>6 €</b>", 'The price is 6 ("6 EUR"), which is < 7.'),
        ("was 9 € <del>8 €</del> now 6 €", 'The price is 6 ("6 EUR"), which is < 7.'),
        ("$6<sup>49</sup>, only $6.49", 'The price is 6.49 ("6.49 $"), which is < 7.'),
        (MICRODATA.format(3) + "6 €", 'The price is 6 ("6 EUR"), which is < 7.'),
        (MICRODATA.format(3) + "6 € (4 € a kg)", 'The price is 3 ("3"), which is < 7.'),
        (MICRODATA.format(3), 'The price is 3 ("3"), which is < 7.'),
        (
            "1 € 2 € 3 € 4 €",
            (
                "The price is unknown. The part shows several prices (1 EUR, 2 EUR, 3 EUR): name "
                "the element of one of them."
            ),
        ),
        ("Bread, 5 left", f"The price is unknown. {NOTHING}"),
    ],
    ids=[
        *("text", "twice", "beside other numbers", "former ones", "cents", "text before microdata"),
        *("microdata if several", "microdata alone", "several", "none"),
    ],
)
def test_the_price_of_a_part_whose_page_has_json_ld_in_its_head_is_found(part, evidence):
    assert part_of_page(part, HEAD).evidence == evidence


def test_without_a_part_the_price_is_that_of_the_whole_page():
    page = parse_page(f"<head>{HEAD}</head><i>ad</i>9 €".encode(), "text/html")

    assert visits('price < 7 without css("i")', page)[0].holds is True


@pytest.mark.parametrize(
    ("word", "in_stock"),
    [
        ("https://schema.org/InStock", True),
        ("http://schema.org/InStock/", True),
        ("InStock", True),
        ("in_stock", True),
        ("in stock", True),
        ("schema:LimitedAvailability", True),
        ("OnlineOnly", True),
        ("available for order", True),
        ("https://schema.org/OutOfStock", False),
        ("oos", False),
        ("SoldOut", False),
        ("Discontinued", False),
        ("PreOrder", False),
        ("BackOrder", False),
        ("perhaps", None),
    ],
)
def test_stock_is_read_in_each_of_its_spellings(word, in_stock):
    assert offers_in(script(product(f'{{"availability": "{word}"}}'))).in_stock is in_stock


SOLD, HAD = '"availability": "SoldOut"', '"availability": "InStock"'
PARTS = f'[{{"price": 9, {SOLD}}}, {{"price": 5, {HAD}}}]'
AGGREGATE = f'{{"@type": "AggregateOffer", "lowPrice": 5, "highPrice": 9, "offers": {PARTS}}}'
LIST_PRICE = '{"priceType": "https://schema.org/ListPrice", "price": 9}'
UNIT_PRICE = '{"price": 1, "referenceQuantity": {}}'


@pytest.mark.parametrize(
    ("offers", "price", "in_stock"),
    [
        (AGGREGATE, 5, True),
        # Variants are told apart by something, and one that can be had is enough.
        (f'[{{"price": 9, "sku": "S", {SOLD}}}, {{"price": 5, "sku": "M", {HAD}}}]', 5, True),
        (f'[{{"sku": "S", {SOLD}}}, {{"sku": "M", {SOLD}}}]', None, False),
        # The same offer with two prices is a contradiction.
        (f'[{{"price": 9, {HAD}}}, {{"price": 5}}]', None, True),
        # Of a list of offers, one that can be had is enough.
        (f'[{{"price": 9, {HAD}}}, {{"price": 9, {SOLD}}}]', 9, True),
        (f'[{{"price": 9, {SOLD}}}, {{"price": 9, {SOLD}}}]', 9, False),
        ('[{"price": 9, "sku": 1, "priceCurrency": "EUR"}, {"price": 5, "sku": 2}]', None, None),
        (f'{{"priceSpecification": [{LIST_PRICE}, {UNIT_PRICE}, {{"price": 5}}]}}', 5, None),
        (f'{{"price": 0, {HAD}}}', None, True),
        (f'{{"price": "on request", {HAD}}}', None, True),
        (f'{{"price": "NaN", {HAD}}}', None, True),
    ],
    ids=[
        *("aggregate", "variants", "no variant", "two prices", "a list", "a list sold"),
        "two currencies",
        *("list price", "zero", "words", "not a number"),
    ],
)
def test_what_offers_say_together(offers, price, in_stock):
    found = offers_in(script(product(offers)))

    assert (found.price, found.in_stock) == (None if price is None else Decimal(price), in_stock)


def test_a_product_that_is_described_twice_with_other_stocks_is_a_contradiction():
    twice = [script(product(f'{{"price": 9, {stock}}}')) for stock in (HAD, SOLD)]

    assert offers_in("".join(twice)).in_stock is None


@pytest.mark.parametrize("type_", ["Event", "MusicEvent", "https://schema.org/Festival"])
@pytest.mark.parametrize(("stock", "in_stock"), [(HAD, True), (SOLD, False)])
def test_tickets_for_an_event_are_in_stock_or_sold_out(type_, stock, in_stock):
    event = product(f'[{{"price": 65, {stock}}}]').replace("Product", type_)

    found = offers_in(script(event))

    assert (found.price, found.in_stock) == (65, in_stock)


BUTTER = product('{"price": 7}', name="Butter")
BREAD = product('{"price": 5}')
SMALL, BIG = (
    product(f'{{"price": {price}}}', name, ', "isVariantOf": {"@id": "#g"}')
    for name, price in (("Small", 6), ("Big", 8))
)


@pytest.mark.parametrize(
    ("body", "price"),
    [
        (script(BREAD) + script(BUTTER), 5),
        (script(f"[{BUTTER}, {BREAD}]"), 5),
        (script(f'{{"@type": "WebPage", "mainEntity": {BUTTER}}}') + script(BREAD), 7),
        (
            script('{"mainEntity": {"@id": "#b"}}')
            + script(BREAD)
            + script(product('{"price": 7}', "B", ', "@id": "#b"')),
            7,
        ),
        (script(product('{"price": 6}', name="Breadcrumbs")) + script(BUTTER), None),
        (script(f'{{"@type": "ProductGroup", "name": "B", "hasVariant": [{SMALL}, {BIG}]}}'), 6),
        (script(SMALL) + script(BIG), 6),
        (
            script(f'{{"@type": "ItemList", "itemListElement": [{BUTTER}]}}')
            + script(product('{"price": 5}', more=f', "isSimilarTo": {BUTTER}')),
            5,
        ),
    ],
    ids=[
        *("by the title", "in a list", "main entity", "main entity's id", "another word"),
        *("group", "variants of one", "others"),
    ],
)
def test_the_main_product_of_several_is_meant_if_it_is_evident(body, price):
    assert offers_in(body).price == (None if price is None else Decimal(price))


@pytest.mark.parametrize(
    ("body", "no_price", "no_stock"),
    [
        ("<p>5 €", NOTHING, NOTHING),
        (script(BUTTER), "", NO_STOCK),
        (script(product('{"availability": "InStock"}')), NO_PRICE, ""),
        (
            script(product('[{"price": 5}, {"price": 6}]')),
            "The page names different prices for its product.",
            NO_STOCK,
        ),
        (script(BUTTER) + script(product('{"price": 5}', name="Jam")), SEVERAL, SEVERAL),
    ],
    ids=["nothing", "no stock", "no price", "contradiction", "several"],
)
def test_why_something_is_unknown_is_said(body, no_price, no_stock):
    found = offers_in(body)

    assert (found.why_no_price, found.why_no_stock) == (no_price, no_stock)


def test_a_page_that_is_not_html_has_no_offers():
    page = parse_page(product(OFFER).encode(), "application/json")

    assert offers_of(page).price is None


@pytest.mark.parametrize(
    "body",
    [
        script("[" * 100_000),
        script(product(OFFER) + "," * 100_000 + "{"),
        script("/*" * 50_000),
        script("//" + " " * 100_000),
        script("[" + "," * 200_000 + "]"),
        script('{"@graph":' * 2_000 + "1" + "}" * 2_000),
        "<i itemprop=name itemscope>" * 2_000 + "<b itemprop=name>x</b>" * 20_000,
    ],
    ids=["brackets", "commas", "comments", "spaces", "only commas", "graphs", "properties"],
)
def test_data_made_to_take_time_is_read_at_once(half_a_second_of_cpu, body):
    offers_in(body)
