"""`price < 100` and `in stock` without a selector: from what shops tell machines, or else unknown."""

from typing import Any

from benchmarks.monitors.case import Case, case, fails, html, quiet, silent, told
from benchmarks.monitors.pages import document, json_ld, offer, shop

SCHEMA = "https://schema.org/"


def stock(name: str, out: str, back: str) -> Case:
    """Return a case in which the head of a page says that a product is out of stock, then in stock."""
    pages = [shop("39 €", head=head) for head in (out, back)]
    return case(
        name,
        "in stock",
        quiet(pages[0]),
        told(pages[1]),
        quiet(pages[1]),
        quiet(pages[0]),
        told(pages[1]),
    )


def cheaper(name: str, dear: str, cheap: str) -> Case:
    """Return a case in which the price in the head falls below 100."""
    pages = [
        document("<h1>Walnut desk lamp</h1><p>A lamp of oiled walnut.</p>", head=head)
        for head in (dear, cheap)
    ]
    return case(
        name,
        "price < 100",
        quiet(pages[0]),
        told(pages[1]),
        quiet(pages[1]),
        quiet(pages[0]),
        told(pages[1]),
    )


def product(offers: Any, **more: Any) -> str:
    return json_ld(
        {"@context": SCHEMA, "@type": "Product", "name": "Lamp", "offers": offers} | more
    )


def one_offer(availability: str | None, price: Any = "39.00") -> dict[str, Any]:
    made = {"@type": "Offer", "price": price, "priceCurrency": "EUR"}
    return made if availability is None else made | {"availability": availability}


def microdata(price: str, availability: str) -> str:
    return document(
        f'<div itemscope itemtype="http://schema.org/Product"><h1 itemprop="name">Lamp</h1><div itemprop="offers" itemscope itemtype="http://schema.org/Offer">'
        f'<meta itemprop="priceCurrency" content="EUR"><span itemprop="price" content="{price}">{price} €</span><link itemprop="availability" href="http://schema.org/{availability}"></div></div>'
    )


def graph(price: str, availability: str) -> str:
    return (
        f'<meta property="og:type" content="product"><meta property="og:title" content="Lamp"><meta property="product:price:amount" content="{price}">'
        f'<meta property="product:price:currency" content="EUR"><meta property="product:availability" content="{availability}">'
    )


def yoast(availability: str, price: str = "39.00") -> str:
    """Return the graph that WordPress's plugins write: the product among page, site and crumbs."""
    return json_ld(
        {
            "@context": SCHEMA,
            "@graph": [
                {"@type": "WebSite", "name": "Harbour Goods"},
                {"@type": "BreadcrumbList", "itemListElement": []},
                {
                    "@type": ["Product"],
                    "name": "Lamp",
                    "offers": [
                        {
                            "@type": "Offer",
                            "priceSpecification": [
                                {
                                    "@type": "UnitPriceSpecification",
                                    "price": price,
                                    "priceCurrency": "EUR",
                                }
                            ],
                            "availability": SCHEMA + availability,
                        }
                    ],
                },
            ],
        }
    )


def variants(*states: tuple[str, str]) -> str:
    return json_ld(
        {
            "@context": SCHEMA,
            "@type": "ProductGroup",
            "name": "Boots",
            "hasVariant": [
                {
                    "@type": "Product",
                    "name": f"Boots {n}",
                    "offers": {
                        "@type": "Offer",
                        "price": price,
                        "priceCurrency": "EUR",
                        "availability": SCHEMA + state,
                    },
                }
                for n, (price, state) in enumerate(states)
            ],
        }
    )


def aggregate(low: Any, high: Any, state: str = "InStock") -> dict[str, Any]:
    return {
        "@type": "AggregateOffer",
        "lowPrice": low,
        "highPrice": high,
        "priceCurrency": "EUR",
        "offerCount": 3,
        "availability": SCHEMA + state,
    }


CASES = [
    # Availability in its spellings.
    stock("json-ld", offer("39.00", "OutOfStock"), offer("39.00", "InStock")),
    stock(
        "json-ld-http",
        product(one_offer("http://schema.org/OutOfStock")),
        product(one_offer("http://schema.org/InStock")),
    ),
    stock("json-ld-bare-word", product(one_offer("OutOfStock")), product(one_offer("InStock"))),
    stock("json-ld-lower-case", product(one_offer("outofstock")), product(one_offer("instock"))),
    stock(
        "json-ld-with-spaces", product(one_offer("out of stock")), product(one_offer("in stock"))
    ),
    stock(
        "json-ld-prefixed",
        product(one_offer("schema:OutOfStock")),
        product(one_offer("schema:InStock")),
    ),
    stock(
        "sold-out",
        product(one_offer(SCHEMA + "SoldOut")),
        product(one_offer(SCHEMA + "LimitedAvailability")),
    ),
    stock(
        "discontinued-and-back",
        product(one_offer(SCHEMA + "Discontinued")),
        product(one_offer(SCHEMA + "OnlineOnly")),
    ),
    stock(
        "trailing-slash-and-case",
        product(one_offer("https://schema.org/OUTOFSTOCK/")),
        product(one_offer("https://schema.org/INSTOCK/")),
    ),
    stock("graph-of-wordpress", yoast("OutOfStock"), yoast("InStock")),
    stock(
        "list-of-offers",
        product([one_offer(SCHEMA + "OutOfStock"), one_offer(SCHEMA + "OutOfStock")]),
        product([one_offer(SCHEMA + "OutOfStock"), one_offer(SCHEMA + "InStock")]),
    ),
    stock(
        "variants",
        variants(("39", "OutOfStock"), ("39", "OutOfStock")),
        variants(("39", "OutOfStock"), ("39", "InStock")),
    ),
    stock("aggregate", product(aggregate(30, 50, "OutOfStock")), product(aggregate(30, 50))),
    stock("open-graph", graph("39.00", "out of stock"), graph("39.00", "in stock")),
    stock("open-graph-oos", graph("39.00", "oos"), graph("39.00", "instock")),
    stock(
        "other-json-ld-before",
        json_ld({"@context": SCHEMA, "@type": "Organization", "name": "Shop"})
        + offer("39", "OutOfStock"),
        json_ld({"@context": SCHEMA, "@type": "Organization", "name": "Shop"})
        + offer("39", "InStock"),
    ),
    stock(
        "broken-json-ld-before",
        '<script type="application/ld+json">{"@type": "Thing", }</script>'
        + offer("39", "OutOfStock"),
        '<script type="application/ld+json">{"@type": "Thing", }</script>' + offer("39", "InStock"),
    ),
    case(
        "microdata-stock",
        "in stock",
        quiet(microdata("39.00", "OutOfStock")),
        told(microdata("39.00", "InStock")),
        quiet(microdata("38.00", "InStock")),
    ),
    case(
        "preorder-is-not-in-stock",
        "in stock",
        quiet(shop("39 €", head=offer("39", "OutOfStock"))),
        quiet(shop("39 €", head=offer("39", "PreOrder"))),
        quiet(shop("39 €", head=offer("39", "BackOrder"))),
        told(shop("39 €", head=offer("39", "InStock"))),
    ),
    case(
        "related-products-do-not-count",
        "in stock",
        quiet(
            shop(
                "39 €",
                "Sold out",
                head=offer("39", "OutOfStock"),
                more='<div itemscope itemtype="http://schema.org/ItemList"></div>'
                + json_ld(
                    {
                        "@context": SCHEMA,
                        "@type": "ItemList",
                        "itemListElement": [
                            {
                                "@type": "ListItem",
                                "position": 1,
                                "item": {
                                    "@type": "Product",
                                    "name": "Other lamp",
                                    "offers": one_offer(SCHEMA + "InStock", "9"),
                                },
                            }
                        ],
                    }
                ),
            )
        ),
        told(shop("39 €", "In stock", head=offer("39", "InStock"))),
    ),
    case(
        "unknown-stock-is-not-told",
        "in stock",
        quiet(shop("39 €", head=offer("39", "OutOfStock"))),
        silent(shop("39 €", head=product(one_offer(None)))),
        silent(document("<h1>Lamp</h1><p>About lamps.</p>")),
        told(shop("39 €", head=offer("39", "InStock"))),
    ),
    case(
        "unknown-is-not-told-at-the-first-visit",
        "in stock",
        silent(document("<h1>Lamps</h1><p>In stock photography, lamps are rare.</p>")),
        silent(document("<h1>Lamps</h1><p>In stock photography, lamps are rare.</p>")),
    ),
    case(
        "out-of-stock-page-says-in-stock-elsewhere",
        "in stock",
        quiet(
            shop(
                "39 €",
                "Sold out",
                head=offer("39", "OutOfStock"),
                more="<p>Other colours: in stock</p>",
            )
        ),
        told(shop("39 €", "In stock", head=offer("39", "InStock"))),
    ),
    case(
        "not-in-stock",
        "not in stock",
        quiet(shop("39 €", head=offer("39", "InStock"))),
        silent(document("<h1>Lamp</h1><p>About our lamps and how they are made.</p>")),
        told(shop("39 €", head=offer("39", "OutOfStock"))),
    ),
    case(
        "stock-behind-a-wall",
        "in stock",
        quiet(shop("39 €", head=offer("39", "OutOfStock"))),
        fails(
            html(
                "<title>Robot Check</title><h4>Enter the characters you see below</h4><p>Sorry, we just need to make sure you're not a robot.</p><form action='/errors/validateCaptcha'></form>"
            ),
            "robot",
            "captcha",
            "bot",
            "human",
        ),
        quiet(shop("39 €", head=offer("39", "OutOfStock"))),
        told(shop("39 €", head=offer("39", "InStock"))),
    ),
    # Prices.
    cheaper("price-json-ld-text", offer("119.00"), offer("99.00")),
    cheaper("price-json-ld-number", offer(119.0), offer(99)),
    cheaper("price-with-a-comma", offer("119,00"), offer("99,00")),
    cheaper("price-with-a-currency-in-it", offer("€ 1.119,00"), offer("€ 99,00")),
    cheaper("price-thousands", offer("1,119.00", currency="USD"), offer("99.00", currency="USD")),
    cheaper("price-of-wordpress", yoast("InStock", "119.00"), yoast("InStock", "99.00")),
    cheaper(
        "price-aggregate",
        product(aggregate("109.00", "150.00")),
        product(aggregate("89.00", "150.00")),
    ),
    cheaper(
        "price-specification",
        product(
            {
                "@type": "Offer",
                "availability": SCHEMA + "InStock",
                "priceSpecification": {
                    "@type": "PriceSpecification",
                    "price": 119,
                    "priceCurrency": "EUR",
                },
            }
        ),
        product(
            {
                "@type": "Offer",
                "availability": SCHEMA + "InStock",
                "priceSpecification": {
                    "@type": "PriceSpecification",
                    "price": 99,
                    "priceCurrency": "EUR",
                },
            }
        ),
    ),
    cheaper("price-open-graph", graph("119.00", "in stock"), graph("99.00", "in stock")),
    cheaper(
        "price-old-open-graph",
        '<meta property="og:price:amount" content="119.00"><meta property="og:price:currency" content="USD">',
        '<meta property="og:price:amount" content="99.00"><meta property="og:price:currency" content="USD">',
    ),
    cheaper(
        "price-in-a-list-of-json-ld",
        json_ld(
            [
                {"@context": SCHEMA, "@type": "WebPage"},
                {
                    "@context": SCHEMA,
                    "@type": "Product",
                    "name": "Lamp",
                    "offers": one_offer(SCHEMA + "InStock", "119"),
                },
            ]
        ),
        json_ld(
            [
                {"@context": SCHEMA, "@type": "WebPage"},
                {
                    "@context": SCHEMA,
                    "@type": "Product",
                    "name": "Lamp",
                    "offers": one_offer(SCHEMA + "InStock", "99"),
                },
            ]
        ),
    ),
    cheaper(
        "price-of-the-cheapest-variant",
        variants(("129", "InStock"), ("119", "InStock")),
        variants(("129", "InStock"), ("99", "InStock")),
    ),
    cheaper(
        "price-as-main-entity",
        json_ld(
            {
                "@context": SCHEMA,
                "@type": "ItemPage",
                "mainEntity": {
                    "@type": "Product",
                    "name": "Lamp",
                    "offers": one_offer(SCHEMA + "InStock", "119"),
                },
            }
        ),
        json_ld(
            {
                "@context": SCHEMA,
                "@type": "ItemPage",
                "mainEntity": {
                    "@type": "Product",
                    "name": "Lamp",
                    "offers": one_offer(SCHEMA + "InStock", "99"),
                },
            }
        ),
    ),
    case(
        "price-microdata",
        "price < 100",
        quiet(microdata("119.00", "InStock")),
        told(microdata("99.00", "InStock"), "99"),
    ),
    case(
        "price-agrees-with-the-page",
        "price < 100",
        quiet(shop("119,00 €", lang="de", head=offer("119.00"))),
        told(shop("99,00 €", lang="de", head=offer("99.00")), "99"),
    ),
    case(
        "price-unknown",
        "price < 100",
        quiet(shop("119 €", head=offer("119"))),
        silent(shop("Price on request", head=offer(None))),
        silent(shop("", head=offer(""))),
        told(shop("99 €", head=offer("99"))),
    ),
    case(
        "price-of-zero-as-a-placeholder",
        "price < 100",
        quiet(shop("119 €", head=offer("119"))),
        silent(shop("Sold out", head=offer("0.00", "OutOfStock"))),
        told(shop("99 €", head=offer("99"))),
    ),
    case(
        "price-in-another-currency",
        "price < 100",
        quiet(shop("119 €", head=offer("119"))),
        silent(shop("$ 95", head=offer("95", currency="USD"))),
        told(shop("99 €", head=offer("99"))),
    ),
    case(
        "price-of-related-products",
        "price < 100",
        quiet(
            shop(
                "119 €",
                head=offer("119"),
                more=json_ld(
                    {
                        "@context": SCHEMA,
                        "@type": "Product",
                        "name": "Bulb",
                        "isRelatedTo": {"@type": "Product", "name": "Lamp"},
                        "offers": one_offer(SCHEMA + "InStock", "9"),
                    }
                ),
            )
        ),
        told(shop("99 €", head=offer("99"))),
    ),
    case(
        "price-and-stock",
        "price < 100 and in stock",
        quiet(shop("119 €", head=offer("119", "InStock"))),
        quiet(shop("99 €", head=offer("99", "OutOfStock"))),
        told(shop("99 €", head=offer("99", "InStock"))),
        quiet(shop("95 €", head=offer("95", "InStock"))),
    ),
    case(
        "price-between",
        "price between 50 and 100",
        quiet(shop("119 €", head=offer("119"))),
        told(shop("99 €", head=offer("99"))),
        quiet(shop("40 €", head=offer("40"))),
        told(shop("50 €", head=offer("50"))),
    ),
    case(
        "price-falls",
        "price falls by 10 %",
        quiet(shop("100 €", head=offer("100"))),
        quiet(shop("95 €", head=offer("95"))),
        told(shop("89 €", head=offer("89")), "89"),
    ),
]
