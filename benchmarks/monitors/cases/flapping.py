"""Pages that say one thing and another at the next look tell nothing; what holds is told."""

from benchmarks.monitors.case import case, html, json_of, quiet, silent, told
from benchmarks.monitors.pages import article, document, lines, shop

OLD = article("Opening", "The hall opens at noon.", "Tickets at the door.")
NEW = article("Opening", "The hall opens at ten.", "Tickets online.")
HALF = article("Opening", "The hall opens at ten.", "Tickets at the door.")
NO_PRICE = document(
    '<h1>Walnut desk lamp</h1><p class="stock">In stock</p><p>Made of oiled walnut, with a brass switch.</p>'
)

CASES = [
    case(
        "half-deployed-comes-and-goes",
        "changes",
        quiet(OLD),
        quiet(HALF, second_look=OLD),
        quiet(OLD),
        told(NEW, "at ten", "tickets online"),
    ),
    case(
        "half-deployed-is-told-as-it-ends",
        "changes",
        quiet(OLD),
        told(HALF, "tickets online", second_look=NEW),
        quiet(NEW),
    ),
    case(
        "two-servers-behind-one-name",
        "changes",
        quiet(OLD),
        *[quiet(NEW, second_look=OLD), quiet(OLD)] * 3,
        told(NEW),
    ),
    case(
        "change-that-stays", "changes", quiet(OLD), told(NEW, "at ten", second_look=NEW), quiet(NEW)
    ),
    case(
        "price-glitch",
        'css(".price") < 100',
        quiet(shop("£ 139")),
        quiet(shop("£ 13.90"), second_look=shop("£ 139")),
        quiet(shop("£ 139")),
        told(shop("£ 89")),
    ),
    case(
        "price-that-stays",
        'css(".price") < 100',
        quiet(shop("£ 139")),
        told(shop("£ 89"), "89", second_look=shop("£ 89")),
        quiet(shop("£ 88")),
    ),
    case(
        "price-still-lower-at-the-second-look",
        'css(".price") < 100',
        quiet(shop("£ 139")),
        told(shop("£ 99"), "79", second_look=shop("£ 79")),
    ),
    case(
        "price-flaps-at-the-first-visit",
        'css(".price") < 100',
        quiet(shop("£ 13.90"), second_look=shop("£ 139")),
        quiet(shop("£ 139")),
        told(shop("£ 89")),
    ),
    case(
        "sold-out-flaps",
        'does not contain "Sold out"',
        quiet(shop("£ 39", "Sold out")),
        *[quiet(shop("£ 39", ""), second_look=shop("£ 39", "Sold out"))] * 3,
        told(shop("£ 39", "In stock")),
    ),
    case(
        "negated-flaps-at-the-first-visit",
        'does not contain "Sold out"',
        quiet(shop("£ 39", ""), second_look=shop("£ 39", "Sold out")),
        quiet(shop("£ 39", "Sold out")),
        told(shop("£ 39", "In stock")),
    ),
    case(
        "error-at-the-second-look",
        "changes",
        quiet(OLD),
        silent(
            NEW, second_look=html("<title>502 Bad Gateway</title><h1>502 Bad Gateway</h1>", 502)
        ),
        told(NEW, "at ten"),
    ),
    case(
        "old-cache-of-a-cdn",
        "changes",
        quiet(NEW),
        quiet(OLD, second_look=NEW),
        quiet(NEW),
        quiet(OLD, second_look=NEW),
        quiet(NEW),
    ),
    case(
        "banner-of-an-experiment",
        "changes",
        quiet(document("<p>Choir on Friday.</p>")),
        quiet(
            document("<p>Join our newsletter and win a harp!</p><p>Choir on Friday.</p>"),
            second_look=document("<p>Choir on Friday.</p>"),
        ),
        quiet(document("<p>Choir on Friday.</p>")),
        told(document("<p>Choir on Monday.</p>"), "monday"),
    ),
    case(
        "json-flaps",
        'json("$.seats") > 0',
        quiet(json_of({"seats": 0})),
        quiet(json_of({"seats": 1}), second_look=json_of({"seats": 0})),
        quiet(json_of({"seats": 0})),
        told(json_of({"seats": 2}), second_look=json_of({"seats": 1})),
    ),
    case(
        "list-half-loaded",
        "changes",
        quiet(lines(*[f"Job {n}: cook" for n in range(40)])),
        quiet(
            lines(*[f"Job {n}: cook" for n in range(20)]),
            second_look=lines(*[f"Job {n}: cook" for n in range(40)]),
        ),
        quiet(lines(*[f"Job {n}: cook" for n in range(40)])),
        told(lines(*[f"Job {n}: cook" for n in range(41)]), "job 40", unsaid=("job 39",)),
    ),
    case(
        "items-half-loaded",
        'in css(".list") new items',
        quiet(lines("Cook", "Baker", "Driver")),
        quiet(lines("Cook")),
        quiet(lines("Cook", "Baker", "Driver")),
        told(lines("Pilot", "Cook", "Baker", "Driver"), "pilot", unsaid=("baker",)),
    ),
    case(
        "element-comes-and-goes",
        'css(".price") is gone',
        quiet(shop("£ 39")),
        quiet(NO_PRICE, second_look=shop("£ 39")),
        quiet(shop("£ 39")),
        told(NO_PRICE),
    ),
    case(
        "structured-price-flaps",
        "price < 100",
        quiet(
            shop(
                "£ 139",
                head='<meta property="product:price:amount" content="139"><meta property="product:price:currency" content="GBP">',
            )
        ),
        quiet(
            shop(
                "£ 1",
                head='<meta property="product:price:amount" content="1"><meta property="product:price:currency" content="GBP">',
            ),
            second_look=shop(
                "£ 139",
                head='<meta property="product:price:amount" content="139"><meta property="product:price:currency" content="GBP">',
            ),
        ),
        told(
            shop(
                "£ 89",
                head='<meta property="product:price:amount" content="89"><meta property="product:price:currency" content="GBP">',
            )
        ),
    ),
]
