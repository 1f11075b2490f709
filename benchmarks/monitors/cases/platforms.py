"""Pages as the systems behind many sites write them, with the wishes that people have of them."""

import json
from typing import Any

from benchmarks.monitors.case import Case, case, fails, html, quiet, silent, told
from benchmarks.monitors.pages import document, json_ld


def shopify(price: str, *, available: bool, was: str = "") -> str:
    """Return a product page of the theme Dawn: all labels are there, and classes hide some."""
    sale = (
        f'<div class="price__sale"><span class="visually-hidden">Regular price</span><s class="price-item price-item--regular">{was}</s><span class="visually-hidden">Sale price</span><span class="price-item price-item--sale">{price}</span></div>'
        if was
        else f'<div class="price__regular"><span class="visually-hidden">Regular price</span><span class="price-item price-item--regular">{price}</span></div>'
    )
    button = (
        '<button type="submit" name="add" class="product-form__submit"><span>Add to cart</span></button>'
        if available
        else '<button type="submit" name="add" class="product-form__submit" disabled="disabled"><span>Sold out</span></button>'
    )
    variant = {"id": 4711, "available": available, "price": 3900}
    return document(
        f'<product-info><div class="product__title"><h1>Enamel mug</h1></div><div id="price-template--1" role="status"><div class="price">{sale}<small class="unit-price hidden" hidden>Unit price <span>£4.00 / per l</span></small></div></div>'
        f'<form method="post" action="/cart/add"><input type="hidden" name="id" value="4711">{button}</form><script type="application/json">{json.dumps(variant)}</script></product-info>'
        '<section class="related-products"><h2>You may also like</h2><div class="card">Tray <span class="price">From £9.00</span> <span class="badge">Sold out</span></div></section>',
        title="Enamel mug",
    )


def magento(price: str, old: str = "", stock: str = "In stock", key: str = "k1") -> str:
    was = (
        f'<span class="old-price"><span class="price-container"><span class="price-label">Regular Price</span><span data-price-amount="89" data-price-type="oldPrice" class="price-wrapper"><span class="price">{old}</span></span></span></span>'
        if old
        else ""
    )
    return document(
        f'<div class="product-info-main"><h1 class="page-title"><span class="base" data-ui-id="page-title-wrapper">Rope, 20 m</span></h1><div class="product-info-price"><div class="price-box price-final_price" data-role="priceBox"><span class="special-price"><span class="price-label">Special Price</span> <span id="product-price-12" class="price-wrapper"><span class="price">{price}</span></span></span>{was}</div></div>'
        f'<div class="stock available" title="Availability"><span>{stock}</span></div><input name="form_key" type="hidden" value="{key}"></div>',
        title="Rope, 20 m",
        token=key,
    )


def woo(price: str, stock: str, related: str = "Buoy") -> str:
    return document(
        f'<div id="product-12" class="product type-product"><div class="summary"><h1 class="product_title entry-title">Anker</h1><p class="price"><span class="woocommerce-Price-amount amount"><bdi>{price}&nbsp;<span class="woocommerce-Price-currencySymbol">&euro;</span></bdi></span></p><div class="legal-price-info"><p class="wc-gzd-additional-info">inkl. 19 % MwSt. zzgl. Versandkosten</p></div><p class="stock">{stock}</p></div>'
        f'<section class="related products"><h2>Ähnliche Produkte</h2><ul><li>{related} <span class="price">9,00&nbsp;€</span></li></ul></section></div>',
        title="Anker",
        lang="de",
    )


def next_js(props: dict[str, Any], rendered: str) -> str:
    data = json.dumps(
        {"props": {"pageProps": props}, "buildId": props.get("build", "b1"), "page": "/item/[id]"}
    )
    return f'<!DOCTYPE html><html lang="en"><head><meta charSet="utf-8"/><title>Quay</title></head><body><div id="__next">{rendered}</div><script id="__NEXT_DATA__" type="application/json">{data}</script><script src="/_next/static/chunks/main-{props.get("build", "b1")}.js" defer=""></script></body></html>'


def statuspage(state: str, incident: str = "", at: str = "09:45") -> str:
    unresolved = (
        f'<div class="unresolved-incidents"><div class="incident-title">{incident}</div></div>'
        if incident
        else ""
    )
    return document(
        f'{unresolved}<div class="page-status status-none"><span class="status font-large">{state}</span><span class="last-updated-stamp">Refreshed <time>{at}</time></span></div>'
        '<div class="component-container"><span class="name">API</span><span class="component-status">Operational</span><div class="legend-item">100.0 % uptime</div></div><div class="status-day"><div class="date">Mar 2, 2026</div><p class="color-secondary">No incidents reported today.</p></div>',
        title="Quay Status",
    )


def hacker_news(*rows: tuple[str, int, int, str]) -> str:
    """Return a list of links with points, comments and ages, which change all the time."""
    items = "".join(
        f'<tr class="athing"><td class="title"><span class="rank">{rank}.</span></td><td class="title"><span class="titleline"><a href="https://{title.split()[0].lower()}.example/">{title}</a></span></td></tr><tr><td class="subtext"><span class="score">{points} points</span> by ada <span class="age">{age} ago</span> | <a href="item">{comments}&nbsp;comments</a></td></tr>'
        for rank, (title, points, comments, age) in enumerate(rows, start=1)
    )
    return document(f"<table>{items}</table>", title="Links")


def github(tag: str, stars: str, ago: str) -> str:
    return document(
        f'<div class="pagehead-actions"><a href="/stargazers"><span id="repo-stars-counter-star" aria-label="{stars} users starred this repository" class="Counter">{stars}</span></a></div>'
        f'<section aria-labelledby="hd-1"><h2 class="sr-only" id="hd-1">{tag}</h2><a href="/releases/tag/{tag}" class="Link--primary">{tag}</a> <span class="Label">Latest</span><relative-time datetime="2026-03-01T08:00:00Z" class="no-wrap">{ago}</relative-time><div class="markdown-body"><p>Mends the import.</p></div><span>Assets <span class="Counter">4</span></span> <button>👍 {len(ago)} people reacted</button></section>',
        title="Releases · quay/quay",
    )


def wiki(text: str, views: int, at: str) -> str:
    return document(
        f'<h1 id="firstHeading">Quay (structure)</h1><div id="mw-content-text"><div class="mw-parser-output"><p>{text}</p></div><!-- NewPP limit report Parsed by mw{views} Cached time: 2026030209{views} --></div>'
        f'<div id="footer"><ul><li id="footer-info-lastmod"> This page was last edited on 1 March 2026, at {at}.</li><li>This page has been accessed {views} times.</li></ul></div>',
        title="Quay (structure)",
    )


def discourse(*topics: tuple[str, int, int]) -> str:
    rows = "".join(
        f'<tr class="topic-list-item"><td><a href="/t/{title.lower().replace(" ", "-")}" class="title">{title}</a></td><td class="num posts">{replies}</td><td class="num views">{views}</td><td class="activity">{replies}m</td></tr>'
        for title, replies, views in topics
    )
    return document(
        f'<table class="topic-list"><thead><tr><th>Topic</th><th>Replies</th><th>Views</th><th>Activity</th></tr></thead><tbody>{rows}</tbody></table>',
        title="Latest topics",
    )


def appointments(text: str, at: str) -> str:
    return document(
        f'<div class="calendar-month-table"><h2>Terminbuchung</h2><p>{text}</p></div><form><input type="hidden" name="sid" value="{at}"></form><p class="hint">Letzte Aktualisierung: {at} Uhr. Aus Sicherheitsgründen läuft Ihre Sitzung in 29:5{at[-1]} Minuten ab.</p>',
        title="Terminbuchung – Service Berlin",
        lang="de",
        token=at,
    )


def tickets(state: str, crowd: int) -> str:
    event = {
        "@context": "https://schema.org",
        "@type": "MusicEvent",
        "name": "The Tides",
        "startDate": "2026-07-04T20:00",
        "offers": {
            "@type": "Offer",
            "availability": "https://schema.org/" + ("SoldOut" if "Sold" in state else "InStock"),
            "price": "65.00",
            "priceCurrency": "GBP",
        },
    }
    return document(
        f'<h1>The Tides</h1><div class="event-row"><time datetime="2026-07-04">Sat 4 July 2026, 20:00</time> <span class="venue">Pier Hall</span> <span class="event-state">{state}</span></div><p class="social-proof">{crowd} fans are looking at this event</p>',
        title="The Tides – tickets",
        head=json_ld(event),
    )


def timetable(*rows: tuple[str, str, str]) -> str:
    body = "".join(
        f"<tr><td>{time}</td><td>{to}</td><td class='remark'>{remark}</td></tr>"
        for time, to, remark in rows
    )
    return document(
        f"<table class='departures'><caption>Departures</caption><thead><tr><th>Time<th>To<th>Remarks</tr></thead><tbody>{body}</tbody></table>",
        title="Departures",
    )


def news(headline: str, *, readers: str, ago: str, promoted: str) -> str:
    return document(
        f'<div class="ticker"><span>{ago}</span></div><article><h1>{headline}</h1><p>The town council met on Monday evening.</p></article><aside class="most-read"><h2>Most read</h2><ol><li>{promoted}</li></ol></aside><div class="ad-slot" data-google-query-id="{readers}"><p>Advertisement</p><a href="https://ad.example">{promoted} sale</a></div><div class="newsletter">Join {readers} readers of our newsletter</div>',
        title="Quay Gazette",
    )


def library(state: str) -> str:
    return document(
        f'<table class="exemplare"><tr><th>Standort</th><th>Signatur</th><th>Status</th><th>Vorbestellungen</th></tr><tr><td>Zentralbibliothek</td><td>R 4711</td><td class="status">{state}</td><td>0</td></tr></table>',
        title="Katalog",
        lang="de",
    )


def both(name: str, rule: str, *visits: tuple[Any, str], words: tuple[str, ...] = ()) -> Case:
    """Return a case of pairs of a verb and a page; each that is told has `words`."""
    return case(
        name, rule, *(verb(page, *words) if verb is told else verb(page) for verb, page in visits)
    )


SPA = '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Quay</title></head><body><div id="root"></div><script>window.__INITIAL_STATE__={}</script><script type="module" src="/assets/index-8f2c.js"></script></body></html>'

CASES = [
    both(
        "shopify-back-in-stock",
        'in css(".product-form__submit") does not contain "Sold out"',
        (quiet, shopify("£39.00", available=False)),
        (told, shopify("£39.00", available=True)),
        (quiet, shopify("£35.00", available=True, was="£39.00")),
    ),
    both(
        "shopify-add-to-cart",
        'contains "Add to cart"',
        (quiet, shopify("£39.00", available=False)),
        (told, shopify("£39.00", available=True)),
        words=("add to cart",),
    ),
    both(
        "shopify-sale-price",
        'css(".price") < 38',
        (quiet, shopify("£39.00", available=True)),
        (told, shopify("£35.00", available=True, was="£39.00")),
        (quiet, shopify("£34.00", available=True, was="£39.00")),
        words=("35",),
    ),
    both(
        "shopify-unit-price-is-hidden",
        'contains "per l"',
        (quiet, shopify("£39.00", available=True)),
        (quiet, shopify("£39.00", available=True)),
    ),
    both(
        "shopify-changes",
        "changes",
        (quiet, shopify("£39.00", available=True)),
        (quiet, shopify("£39.00", available=True)),
        (told, shopify("£39.00", available=False)),
        words=("sold out",),
    ),
    both(
        "magento-special-price",
        'css(".price-box") < 60',
        (quiet, magento("£69.00", "£89.00")),
        (told, magento("£59.00", "£89.00")),
        words=("59",),
    ),
    both(
        "magento-form-key-is-noise",
        "changes",
        (quiet, magento("£69.00", key="k1")),
        (quiet, magento("£69.00", key="k2")),
        (told, magento("£69.00", stock="Out of stock", key="k3")),
        words=("out of stock",),
    ),
    both(
        "woocommerce-price",
        'css("p.price") < 500',
        (quiet, woo("1.099,00", "Vorrätig")),
        (told, woo("489,00", "Vorrätig")),
        words=("489",),
    ),
    both(
        "woocommerce-stock-words",
        'in css("p.stock") contains "Vorrätig"',
        (quiet, woo("89,00", "Nicht lieferbar")),
        (told, woo("89,00", "Nur noch 2 vorrätig")),
        (quiet, woo("89,00", "Vorrätig", "Boje")),
    ),
    both(
        "woocommerce-falls",
        'css("p.price") falls by 10 %',
        (quiet, woo("1.000,00", "Vorrätig")),
        (quiet, woo("950,00", "Vorrätig")),
        (told, woo("899,00", "Vorrätig")),
        words=("899",),
    ),
    both(
        "next-js-rendered",
        'css(".p") < 50',
        (
            quiet,
            next_js({"price": 5500}, '<h1>Compass</h1><p class="p">$<!-- -->55<!-- -->.00</p>'),
        ),
        (told, next_js({"price": 4500}, '<h1>Compass</h1><p class="p">$<!-- -->45<!-- -->.00</p>')),
    ),
    both(
        "next-js-build-is-noise",
        "changes",
        (quiet, next_js({"build": "b1"}, "<h1>Compass</h1><p>Back in May.</p>")),
        (quiet, next_js({"build": "b2"}, "<h1>Compass</h1><p>Back in May.</p>")),
        (told, next_js({"build": "b3"}, "<h1>Compass</h1><p>Back in June.</p>")),
        words=("back in june",),
    ),
    case(
        "next-js-loses-its-rendering",
        'does not contain "Sold out"',
        quiet(next_js({}, "<h1>Compass</h1><p>Sold out</p>")),
        fails(next_js({}, ""), "javascript", "empty", "no text", "hardly any text"),
        quiet(next_js({}, "<h1>Compass</h1><p>Sold out</p>")),
        told(next_js({}, "<h1>Compass</h1><p>Add to cart</p>")),
    ),
    case(
        "single-page-application",
        "changes",
        fails(SPA, "javascript", "empty", "no text", "hardly any text"),
        fails(SPA, "javascript", "empty", "no text", "hardly any text"),
    ),
    both(
        "statuspage-refreshes",
        "changes",
        (quiet, statuspage("All Systems Operational")),
        (quiet, statuspage("All Systems Operational", at="10:00")),
        (told, statuspage("Partially Degraded Service", "Elevated error rates", "10:15")),
        words=("elevated error rates",),
    ),
    both(
        "statuspage-not-operational",
        'does not contain "All Systems Operational"',
        (quiet, statuspage("All Systems Operational")),
        (quiet, statuspage("All&nbsp;Systems Operational", at="10:00")),
        (told, statuspage("Major Service Outage", "API down")),
    ),
    both(
        "statuspage-incident-appears",
        'exists css(".unresolved-incidents")',
        (quiet, statuspage("All Systems Operational")),
        (told, statuspage("Degraded", "API slow")),
        (quiet, statuspage("Degraded", "API slow, fix is coming")),
    ),
    both(
        "links-new-items",
        'in css(".titleline") new items',
        (quiet, hacker_news(("Boats at rest", 40, 3, "2 hours"), ("Knots", 12, 0, "1 hour"))),
        (quiet, hacker_news(("Knots", 61, 9, "2 hours"), ("Boats at rest", 55, 8, "3 hours"))),
        (told, hacker_news(("Tides explained", 4, 0, "3 minutes"), ("Knots", 70, 11, "2 hours"))),
        words=("tides explained",),
    ),
    both(
        "github-release",
        'in css("section") changes',
        (quiet, github("v1.4.0", "1.2k", "yesterday")),
        (quiet, github("v1.4.0", "1.3k", "2 days ago")),
        (told, github("v1.5.0", "1.3k", "3 minutes ago")),
        words=("v1.5.0",),
    ),
    both(
        "github-stars-are-noise",
        "changes",
        (quiet, github("v1.4.0", "1,204", "last week")),
        (quiet, github("v1.4.0", "1,219", "2 weeks ago")),
        (told, github("v1.5.0", "1,220", "now")),
        words=("v1.5.0",),
    ),
    both(
        "github-new-version-by-expression",
        r"matches /v[2-9]\.\d+\.\d+/",
        (quiet, github("v1.4.0", "1.2k", "now")),
        (told, github("v2.0.0", "1.2k", "now")),
        words=("v2.0.0",),
    ),
    both(
        "wiki-edit",
        "changes",
        (quiet, wiki("A quay is a wall by the water.", 1204, "08:30")),
        (quiet, wiki("A quay is a wall by the water.", 1299, "08:30")),
        (told, wiki("A quay is a wharf by the water.", 1301, "09:50")),
        words=("wharf",),
    ),
    both(
        "forum-counts-are-noise",
        "changes",
        (quiet, discourse(("Mooring lines", 3, 120))),
        (quiet, discourse(("Mooring lines", 3, 164))),
        (told, discourse(("Paint for hulls", 0, 2), ("Mooring lines", 3, 170))),
        words=("paint for hulls",),
    ),
    both(
        "forum-new-topic",
        'in css(".topic-list-item") new items',
        (quiet, discourse(("Mooring lines", 3, 120))),
        (told, discourse(("Paint for hulls", 0, 2), ("Mooring lines", 3, 170))),
        words=("paint for hulls", "/t/paint-for-hulls"),
    ),
    both(
        "appointments-open",
        'does not contain "keine Termine"',
        (
            quiet,
            appointments("Leider sind aktuell keine Termine für ihre Auswahl verfügbar.", "09:41"),
        ),
        (
            quiet,
            appointments(
                "Leider sind aktuell keine&nbsp;Termine für ihre Auswahl verfügbar.", "09:56"
            ),
        ),
        (told, appointments("Freie Termine: Dienstag, 10. März 2026", "10:11")),
    ),
    case(
        "appointments-in-maintenance",
        'does not contain "keine Termine"',
        quiet(appointments("Leider sind aktuell keine Termine verfügbar.", "09:41")),
        fails(
            document(
                "<h1>Wartung</h1><p>Die Terminbuchung steht wegen Wartungsarbeiten vorübergehend nicht zur Verfügung.</p>",
                title="Wartung",
                lang="de",
            ),
            "maintenance",
            "wartung",
        ),
        fails(
            document(
                "<h1>Zu viele Zugriffe</h1><p>Sie haben die Seite zu oft aufgerufen. Bitte versuchen Sie es in einigen Minuten erneut.</p>",
                title="Zu viele Zugriffe",
                lang="de",
            ),
            "too many",
            "rate",
            "zu viele",
        ),
        told(appointments("Freie Termine: Dienstag, 10. März 2026", "10:11")),
    ),
    both(
        "appointments-changes",
        "changes",
        (quiet, appointments("Leider sind aktuell keine Termine verfügbar.", "09:41")),
        (quiet, appointments("Leider sind aktuell keine Termine verfügbar.", "09:56")),
        (told, appointments("Freie Termine: Dienstag, 10. März 2026", "10:11")),
        words=("10. märz",),
    ),
    both(
        "tickets-by-state",
        'in css(".event-state") does not contain "Sold out"',
        (quiet, tickets("Sold out", 40)),
        (quiet, tickets("SOLD OUT", 51)),
        (told, tickets("Few tickets left", 300)),
    ),
    both(
        "tickets-in-stock",
        "in stock",
        (quiet, tickets("Sold out", 40)),
        (told, tickets("Few tickets left", 300)),
        (quiet, tickets("Few tickets left", 310)),
    ),
    both(
        "tickets-crowd-is-noise",
        "changes",
        (quiet, tickets("Sold out", 40)),
        (quiet, tickets("Sold out", 77)),
        (told, tickets("On sale", 400)),
        words=("on sale",),
    ),
    both(
        "timetable-cancelled",
        'in css(".departures") contains "cancelled"',
        (quiet, timetable(("12:30", "Islay", ""), ("14:10", "Arran", ""))),
        (told, timetable(("12:30", "Islay", "Cancelled"), ("14:10", "Arran", ""))),
    ),
    both(
        "timetable-in-one-row",
        'in xpath("//tr[contains(., \'Arran\')]") contains "cancelled"',
        (quiet, timetable(("12:30", "Islay", "cancelled"), ("14:10", "Arran", ""))),
        (told, timetable(("12:30", "Islay", ""), ("14:10", "Arran", "cancelled"))),
    ),
    both(
        "timetable-times-are-no-noise",
        "changes",
        (quiet, timetable(("12:30", "Islay", ""))),
        (told, timetable(("13:45", "Islay", ""))),
        words=("13:45",),
    ),
    both(
        "news-with-all-its-noise",
        "changes",
        (
            quiet,
            news(
                "Council keeps the pier", readers="1,204", ago="4 minutes ago", promoted="Ten soups"
            ),
        ),
        (
            quiet,
            news(
                "Council keeps the pier",
                readers="1,219",
                ago="19 minutes ago",
                promoted="Six stews",
            ),
        ),
        (
            told,
            news("Council sells the pier", readers="1,230", ago="1 minute ago", promoted="Pies"),
        ),
        words=("sells the pier",),
    ),
    both(
        "library-copy-returns",
        'in css("td.status") matches /^verfügbar$/',
        (quiet, library("entliehen bis 14.03.2026")),
        (quiet, library("nicht verfügbar")),
        (told, library("verfügbar")),
    ),
    both(
        "library-changes",
        "changes",
        (quiet, library("entliehen bis 14.03.2026")),
        (told, library("entliehen bis 11.04.2026")),
        words=("11.04.2026",),
    ),
    both(
        "exchange-rate",
        'css("td.rate") >= 1,10',
        *[
            (
                verb,
                document(
                    f'<table><tr><td>EUR/USD</td><td class="rate">{rate}</td></tr></table>',
                    title="Devisen",
                    lang="de",
                ),
            )
            for verb, rate in [(quiet, "1,0987"), (told, "1,1004"), (quiet, "1,1010")]
        ],
    ),
    both(
        "weather-warning",
        'in css(".warning") contains "storm"',
        *[
            (
                verb,
                document(f'<p class="now">Stormy sea, 7 °C</p><div class="warning">{text}</div>'),
            )
            for verb, text in [
                (quiet, "No warnings in force"),
                (told, "Severe STORM warning for the coast"),
            ]
        ],
    ),
    both(
        "league-table",
        'in css("tr.own") changes',
        *[
            (
                verb,
                document(
                    f'<table><tr><td>1<td>Harbour FC<td>{points + 9}</tr><tr class="own"><td>2<td>Quay United<td>{own}</tr></table>'
                ),
            )
            for verb, points, own in [(quiet, 30, 30), (quiet, 33, 30), (told, 33, 33)]
        ],
    ),
    both(
        "package-registry",
        'in css(".package-header__name") changes',
        *[
            (
                verb,
                document(
                    f'<div class="package-header"><h1 class="package-header__name">knots {version}</h1><p class="package-header__date">Released: <time>{date}</time></p></div><p>{downloads} downloads last month</p>'
                ),
            )
            for verb, version, date, downloads in [
                (quiet, "0.9.1", "Feb 1, 2026", "12,040"),
                (quiet, "0.9.1", "Feb 1, 2026", "12,112"),
                (told, "1.0.0", "Mar 2, 2026", "12,113"),
            ]
        ],
    ),
    both(
        "government-list-in-french",
        "new lines",
        (
            quiet,
            document(
                "<h1>Recueil des actes</h1><ul><li>Arrêté n° 12 du 26 février 2026</li></ul>",
                lang="fr",
            ),
        ),
        (
            told,
            document(
                "<h1>Recueil des actes</h1><ul><li>Arrêté n° 13 du 2 mars 2026</li><li>Arrêté n° 12 du 26 février 2026</li></ul>",
                lang="fr",
            ),
        ),
        words=("arrêté n° 13",),
    ),
    both(
        "drupal-published-list",
        'in css(".view-content") new items',
        *[
            (
                verb,
                document(
                    '<div class="view-content">'
                    + "".join(
                        f'<div class="views-row"><h3><a href="/node/{n}">Notice {n}</a></h3><span class="date">1 March 2026</span></div>'
                        for n in numbers
                    )
                    + "</div>"
                ),
            )
            for verb, numbers in [(quiet, (3, 2, 1)), (quiet, (3, 2, 1)), (told, (4, 3, 2))]
        ],
        words=("notice 4", "/node/4"),
    ),
    both(
        "polish-tender",
        'contains "wyniki postępowania"',
        (
            quiet,
            document("<h1>Przetarg nr 7</h1><p>Termin składania ofert: 14.03.2026</p>", lang="pl"),
        ),
        (
            told,
            document(
                "<h1>Przetarg nr 7</h1><p>WYNIKI&nbsp;POSTĘPOWANIA: oferta nr 2</p>", lang="pl"
            ),
        ),
    ),
    both(
        "korean-course",
        'in css(".state") does not contain "마감"',
        (quiet, document('<p>강좌</p><p class="state">마감</p>', lang="ko")),
        (told, document('<p>강좌</p><p class="state">신청 가능</p>', lang="ko")),
    ),
    both(
        "chinese-exam-results",
        'contains "成绩已公布"',
        (quiet, document("<p>考试成绩尚未公布</p>", lang="zh")),
        (told, document("<p>考试<b>成绩</b>已公布</p>", lang="zh")),
    ),
    both(
        "hebrew-registration",
        'does not contain "ההרשמה סגורה"',
        (quiet, document("<p>ההרשמה סגורה</p>", lang="he")),
        (quiet, document("<p>ההרשמה&nbsp;<b>סגורה</b></p>", lang="he")),
        (told, document("<p>ההרשמה נפתחה</p>", lang="he")),
    ),
    both(
        "campsite-seats",
        "css('.free') > 0",
        *[
            (
                verb,
                document(
                    f'<table><tr><th>Site</th><th>Free</th></tr><tr><td>Site 12, 6 persons</td><td class="free">{free}</td></tr></table>'
                ),
            )
            for verb, free in [(quiet, "0 / 24"), (silent, "–"), (told, "3 / 24")]
        ],
    ),
    case(
        "wordpress-cache-serves-a-comment",
        "changes",
        *[
            verb(
                html(
                    document("<p>Choir on Friday.</p>")
                    + f"<!-- Page generated by LiteSpeed Cache on 2026-03-02 09:{minute}:00 -->"
                )
            )
            for verb, minute in [(quiet, 45), (quiet, 50)]
        ],
        told(document("<p>Choir on Thursday.</p>"), "thursday"),
    ),
]
