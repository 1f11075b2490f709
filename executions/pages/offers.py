"""The price and the stock of a page's product, as the page says for machines or shows; pure."""

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from executions.pages.currency import name_of
from executions.pages.machine_data import (
    Node,
    attributes,
    json_ld,
    objects,
    open_graph,
    types_of,
    word,
)
from executions.pages.normal_form import folded
from executions.pages.numbers import number_in, prices_of
from executions.pages.page import Page, PageKind

#: What availability means (https://schema.org/ItemAvailability, and the words of Open Graph and of
#: Google's feeds), in lower case without anything but letters.
_IN_STOCK = {
    **dict.fromkeys(("instock", "limitedavailability", "onlineonly", "instoreonly"), True),
    **dict.fromkeys(("available", "availablefororder", "lowstock"), True),
    **dict.fromkeys(("outofstock", "soldout", "discontinued", "unavailable", "oos"), False),
    **dict.fromkeys(("preorder", "presale", "backorder", "madetoorder", "reserved"), False),
    **dict.fromkeys(("pending", "notavailable", "temporarilyunavailable"), False),
}
#: What stands between a vocabulary and its word.
_SEPARATOR = re.compile("[/#:]")
_PRODUCTS = frozenset({"product", "individualproduct", "productmodel", "productgroup", "vehicle"})
#: The ends of the types of events, which are sold as tickets: MusicEvent, SportsEvent, Festival.
_EVENTS = ("event", "festival")
#: What tells the offers of variants apart.
_NAMES = ("sku", "gtin13", "gtin", "mpn", "url", "name")
#: The ends of types of prices that are not asked now (https://schema.org/PriceTypeEnumeration).
_NOT_NOW = ("ListPrice", "SRP", "StrikethroughPrice", "MSRP", "RegularPrice")
_NOTHING = "The page says nothing about a price or stock for machines."
_SEVERAL = "The page is about several products, and none of them is evidently the main one."
_CONTRADICTION = "The page names different {} for its product."
_SHOWN = "The part shows several prices ({}): name the element of one of them."
#: How many of several prices are named.
_NAMED = 3


class PriceSource(StrEnum):
    """Where a price was found."""

    JSON_LD = "json_ld"
    #: Microdata or RDFa Lite: attributes of the elements that show the price.
    MICRODATA = "microdata"
    OPEN_GRAPH = "open_graph"
    #: The text that a person sees.
    TEXT = "text"


#: Where the data for machines may be, the best first.
_SOURCES = (
    (PriceSource.JSON_LD, json_ld),
    (PriceSource.MICRODATA, attributes),
    (PriceSource.OPEN_GRAPH, open_graph),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """The price and the stock of the page's product, as far as they are evident."""

    #: The price, the lowest of its variants; None if it is unknown.
    price: Decimal | None = None
    #: The currency of the price as a code of ISO 4217, or a sign that may mean several; empty if it
    #: is unknown.
    currency: str = ""
    #: Where the price was found; None if it is unknown.
    source: PriceSource | None = None
    #: Whether the product or one of its variants can be had now; None if it is unknown.
    in_stock: bool | None = None
    #: What the page says of availability in its own word ("InStock"), empty if nothing.
    availability: str = ""
    #: Why the price is unknown, as a sentence; empty if it is known.
    why_no_price: str = ""
    #: Why the stock is unknown, as a sentence; empty if it is known.
    why_no_stock: str = ""


class _Offer(NamedTuple):
    """One offer, in the page's own words; what is missing is empty."""

    price: str
    currency: str
    availability: str


class _Product(NamedTuple):
    name: str
    offers: list[_Offer]
    #: Whether the page says that it is about this product.
    is_main: bool
    #: What the products have in common that are variants of each other, or empty.
    group: str
    #: Whether its offers may differ: they are those of its sizes, or of several sellers.
    has_variants: bool
    #: Whether its offers stand in one list, so that one that can be had is enough.
    is_list: bool = True


def offers_of(page: Page) -> Offers:
    """Return what the page's JSON-LD, microdata, RDFa Lite or Open Graph says of its product.

    Of several products, it is the one that the page or its title names as its main one. What is
    contradictory or missing is unknown; nothing is guessed.
    """
    if page.kind != PageKind.HTML or page.document is None:
        return Offers(why_no_price=_NOTHING, why_no_stock=_NOTHING)
    for source, read in _SOURCES:
        products = [product for product in _products(read(page.document)) if product.offers]
        if products:
            product = _main(products, page.title)
            if product is None:
                return Offers(why_no_price=_SEVERAL, why_no_stock=_SEVERAL)
            return _offers(product, source)
    return Offers(why_no_price=_NOTHING, why_no_stock=_NOTHING)


def offers_of_part(part: Page) -> Offers:
    """Return the offers of a part of a page that a rule is limited to.

    A person who names a part means the price that it shows; most pages have their data for machines
    in the head, outside of every part. If a part shows no price or several, its own data counts.

    Args:
        part: the part, as a page of its own.
    """
    said = offers_of(part)
    if part.kind != PageKind.HTML or part.document is None:
        return said
    prices = list(
        dict.fromkeys(
            (price, name_of(sign))
            for price, sign in prices_of(part.document, language=part.language)
        )
    )
    if len(prices) == 1:
        [(price, currency)] = prices
        return replace(
            said,
            price=price,
            currency=currency,
            source=PriceSource.TEXT,
            why_no_price="",
        )
    if prices and said.price is None:
        named = ", ".join(f"{price:f} {currency}" for price, currency in prices[:_NAMED])
        return replace(said, why_no_price=_SHOWN.format(named))
    return said


def _products(nodes: list[Node]) -> list[_Product]:
    main = {word(entity.get("@id")) for node in nodes for entity in objects(node.get("mainEntity"))}
    entities = {id(entity) for node in nodes for entity in objects(node.get("mainEntity"))}
    products = []
    for node in nodes:
        if not any(name in _PRODUCTS or name.endswith(_EVENTS) for name in types_of(node)):
            continue
        variants = objects(node.get("hasVariant"))
        offers = objects(node.get("offers"))
        for variant in variants:
            offers = offers + objects(variant.get("offers"))
        is_main = id(node) in entities or word(node.get("@id")) in main - {""}
        products.append(
            _Product(
                name=word(node.get("name")),
                offers=_read(offers),
                is_main=is_main or "mainEntityOfPage" in node,
                group=word(node.get("isVariantOf")) or word(node.get("inProductGroupWithID")),
                has_variants=bool(variants) or _are_variants(offers),
            )
        )
    return products


def _are_variants(offers: list[Node]) -> bool:
    """Return whether offers are those of a product's variants or of several sellers."""
    if any("aggregateoffer" in types_of(offer) for offer in offers):
        return True
    names = [_first([offer], *_NAMES) for offer in offers]
    return len(offers) > 1 and all(names) and len(set(names)) == len(names)


def _read(offers: list[Node]) -> list[_Offer]:
    found = []
    for offer in offers:
        parts = objects(offer.get("offers"))
        details = [item for item in objects(offer.get("priceSpecification")) if _is_asked_now(item)]
        price = _first([offer, *details], "lowPrice", "price")
        currency = _first([offer, *details, *parts], "priceCurrency")
        found.append(_Offer(price, currency, word(offer.get("availability"))))
        # An aggregate has the lowest price, and its parts have the availability.
        for part in parts:
            part_price = "" if price else word(part.get("price"))
            found.append(_Offer(part_price, currency, word(part.get("availability"))))
    return [offer for offer in found if offer.price or offer.availability]


def _is_asked_now(specification: Node) -> bool:
    """Return whether a price is neither a former one nor one for a unit."""
    is_former = word(specification.get("priceType")).endswith(_NOT_NOW)
    return not is_former and "referenceQuantity" not in specification


def _first(nodes: list[Node], *names: str) -> str:
    """Return the first word that one of the objects has under one of the names."""
    words = (word(node.get(name)) for node in nodes for name in names)
    return next(filter(None, words), "")


def _main(products: list[_Product], title: str) -> _Product | None:
    """Return the product that the page is about, or None if that is not evident."""
    together = products[0]._replace(offers=[o for product in products for o in product.offers])
    if len({folded(product.name) for product in products}) == 1:
        # The page may describe the same product twice, and not in the same way.
        return together._replace(is_list=len(products) == 1)
    if products[0].group and len({product.group for product in products}) == 1:
        return together._replace(has_variants=True)
    for candidates in (
        [product for product in products if product.is_main],
        [product for product in products if product.name and _begins(title, product.name)],
    ):
        if len(candidates) == 1:
            return candidates[0]
    return None


def _begins(title: str, name: str) -> bool:
    """Return whether a title is a name, perhaps with that of the shop after it."""
    title, name = folded(title), folded(name)
    return title.startswith(name) and not title[len(name) : len(name) + 1].isalnum()


def _offers(product: _Product, source: PriceSource) -> Offers:
    prices = {
        (price, offer.currency.strip().upper())
        for offer in product.offers
        if (price := _price(offer.price)) is not None
    }
    words = [offer.availability for offer in product.offers if offer.availability]
    stocks = {_IN_STOCK.get(_letters(word)) for word in words}
    currencies = {currency for _, currency in prices}
    # Each of several variants has a price. What is offered twice at different prices is a
    # contradiction.
    is_plain = product.has_variants or len(prices) == 1
    price, currency = min(prices) if is_plain and len(currencies) == 1 else (None, "")
    is_any_enough = product.has_variants or product.is_list or len(stocks) == 1
    is_sold = True in stocks if is_any_enough else None
    in_stock = None if not stocks or (None in stocks and not is_sold) else is_sold
    return Offers(
        price=price,
        currency=currency,
        source=None if price is None else source,
        in_stock=in_stock,
        availability=_shown(words, in_stock=in_stock),
        why_no_price="" if price is not None else _why("price", "prices", bool(prices)),
        why_no_stock=(
            "" if in_stock is not None else _why("stock", "availabilities", len(stocks) > 1)
        ),
    )


def _why(what: str, several: str, is_contradictory: bool) -> str:  # noqa: FBT001
    if is_contradictory:
        return _CONTRADICTION.format(several)
    return f"The page says nothing about the {what} of its product for machines."


def _price(value: str) -> Decimal | None:
    """Return a price; 0 is what many shops write when they name none."""
    number = number_in(value, language="en")
    return number if number is not None and number > 0 else None


def _letters(availability: str) -> str:
    """Return the letters of an availability: for `https://schema.org/InStock`, `instock`."""
    name = _SEPARATOR.split(availability.rstrip("/ "))[-1]
    return "".join(character for character in name.lower() if character.isalpha())


def _shown(words: list[str], *, in_stock: bool | None) -> str:
    """Return the page's own word for what was decided."""
    fitting = [
        word for word in words if in_stock is None or _IN_STOCK.get(_letters(word)) is in_stock
    ]
    return _SEPARATOR.split(fitting[0].rstrip("/ "))[-1] if fitting else ""
