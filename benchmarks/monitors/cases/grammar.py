"""Scopes, exceptions, connectives, presence, lists and movements, as docs/conditions.md has them."""

from benchmarks.monitors.case import case, fails, html, json_of, quiet, silent, told
from benchmarks.monitors.pages import article, document, lines, shop


def two(news: str, prices: str = "Soup 4 €", more: str = "") -> str:
    """Return a page with two parts, `#news` and `#prices`."""
    return document(
        f'<section id="news"><h2>News</h2><p>{news}</p></section><section id="prices"><h2>Prices</h2><p>{prices}</p></section>{more}'
    )


def jobs(*titles: str, count: bool = True) -> str:
    items = "".join(
        f'<li class="job"><a href="/jobs/{title.lower()}">{title}</a> <time>2 days ago</time></li>'
        for title in titles
    )
    return document(
        f'<h1>Jobs</h1>{f"<p>{len(titles)} jobs</p>" if count else ""}<ul id="jobs">{items}</ul>',
        title="Jobs",
    )


def priced(price: str) -> str:
    return shop(price, "In stock")


CASES = [
    # Scopes.
    case(
        "in-css-contains",
        'in css("#news") contains "strike"',
        quiet(two("Fair", "No strike price")),
        told(two("Strike on Friday"), "strike"),
        quiet(two("Strike on Monday")),
    ),
    case(
        "in-css-does-not-contain",
        'in css("#prices") does not contain "Soup"',
        quiet(two("Fair")),
        quiet(two("No news")),
        told(two("Soup is out", "Stew 5 €")),
    ),
    case(
        "in-css-changes",
        'in css("#prices") changes',
        quiet(two("Fair")),
        quiet(two("Strike")),
        told(two("Strike", "Soup 5 €"), "soup 5", unsaid=("strike",)),
    ),
    case(
        "in-css-matches",
        r'in css("#news") matches /\bday \d+/',
        quiet(two("Fair", "day 1")),
        told(two("day 2")),
    ),
    case(
        "in-css-all-elements",
        'in css(".item") contains "Gate C"',
        quiet(lines("Gate A", "Gate B")),
        told(lines("Gate A", "Gate C")),
    ),
    case(
        "in-xpath-changes",
        """in xpath("//section[@id='prices']") changes""",
        quiet(two("Fair")),
        quiet(two("Strike")),
        told(two("Strike", "Soup 5 €"), "soup 5"),
    ),
    case(
        "in-xpath-text",
        """in xpath("//h2[.='Prices']/following-sibling::p") contains "Stew" """,
        quiet(two("Stew")),
        told(two("Fair", "Stew 6 €")),
    ),
    case(
        "in-json-contains",
        'in json("$.news") contains "strike"',
        quiet(json_of({"news": ["fair"], "archive": ["strike"]})),
        told(json_of({"news": ["strike"], "archive": []})),
    ),
    case(
        "scope-is-missing-for-a-while",
        'in css("#prices") changes',
        quiet(two("Fair")),
        silent(
            document(
                "<section id=news><p>Fair</p><p>Our price list is being revised by the kitchen.</p></section>"
            )
        ),
        quiet(two("Fair")),
        told(two("Fair", "Soup 5 €")),
    ),
    case(
        "scope-is-missing-for-a-negated-rule",
        'in css("#prices") does not contain "Soup"',
        quiet(two("Fair")),
        silent(
            document(
                "<section id=news><p>Fair</p><p>Our price list is being revised by the kitchen.</p></section>"
            )
        ),
        quiet(two("Fair")),
        told(two("Fair", "Stew 5 €")),
    ),
    case(
        "without-css",
        'changes without css("#news")',
        quiet(two("Fair")),
        quiet(two("Strike")),
        quiet(two("Flood")),
        told(two("Flood", "Soup 5 €"), "soup 5"),
    ),
    case(
        "without-css-contains",
        'contains "strike" without css("#prices")',
        quiet(two("Fair", "Strike price 4 €")),
        told(two("Strike on Friday")),
    ),
    case(
        "without-two",
        'changes without css("#news") without css(".ticker")',
        quiet(two("Fair", more="<p class=ticker>DAX 1</p>")),
        quiet(two("Strike", more="<p class=ticker>DAX 2</p>")),
        told(two("Strike", "Soup 5 €")),
    ),
    case(
        "ignoring",
        r"changes ignoring /menu of the day: .*/i",
        quiet(two("Fair", "Menu of the day: soup")),
        quiet(two("Fair", "Menu of the day: stew")),
        told(two("Strike", "Menu of the day: stew"), "strike"),
    ),
    case(
        "ignoring-numbers",
        r"changes ignoring /\d+/",
        quiet(lines("Queue: 14 people")),
        quiet(lines("Queue: 9 people")),
        told(lines("Queue: closed")),
    ),
    case(
        "in-with-ignoring",
        r'in css("#news") changes ignoring /Fair.*/',
        quiet(two("Fair 1")),
        quiet(two("Fair 2")),
        quiet(two("Fair 2", "Stew")),
        told(two("Strike", "Stew")),
    ),
    case(
        "exactly-tells-of-clocks",
        "changes exactly",
        quiet(lines("09:45:12", "Choir")),
        told(lines("10:00:13", "Choir"), "10:00:13"),
    ),
    case(
        "exactly-tells-of-counters",
        "changes exactly",
        quiet(lines("1,204 views")),
        quiet(lines("1,204 views")),
        told(lines("1,219 views"), "1,219"),
    ),
    case(
        "plain-changes-ignores-them",
        "changes",
        quiet(lines("09:45:12", "1,204 views", "Choir")),
        quiet(lines("10:00:13", "1,219 views", "Choir")),
        told(lines("10:15:13", "1,230 views", "Quire")),
    ),
    # Connectives.
    case(
        "and",
        'contains "Berlin" and contains "on sale"',
        quiet(lines("Berlin: sold out", "Rome: sold out")),
        quiet(lines("Rome: on sale")),
        told(lines("Berlin: on sale")),
        quiet(lines("Berlin: on sale", "Rome")),
        quiet(lines("Berlin")),
        told(lines("Berlin on sale")),
    ),
    case(
        "and-not",
        'contains "Lamp" and not contains "sold out"',
        quiet(lines("Lamp: sold out")),
        told(lines("Lamp: 4 left")),
        quiet(lines("Lamp: 3 left")),
        quiet(lines("Chair")),
    ),
    case(
        "or",
        'contains "cancelled" or contains "delayed"',
        quiet(lines("Ferry 1: on time")),
        told(lines("Ferry 1: delayed")),
        quiet(lines("Ferry 1: cancelled")),
        quiet(lines("Ferry 1: on time")),
        told(lines("Ferry 1: cancelled")),
    ),
    case("not", 'not contains "closed"', quiet(lines("Pool: closed")), told(lines("Pool: open"))),
    case(
        "parentheses",
        '(contains "Berlin" or contains "Rome") and css(".price") < 50',
        quiet(shop("£ 60", "Berlin")),
        quiet(shop("£ 40", "Paris")),
        told(shop("£ 40", "Rome")),
        quiet(shop("£ 30", "Berlin")),
    ),
    case(
        "and-binds-more-than-or",
        'contains "a1" or contains "b1" and contains "c1"',
        quiet(lines("b1")),
        told(lines("a1")),
        quiet(lines("b1 c1")),
    ),
    case(
        "upper-case-connectives",
        'contains "Berlin" AND NOT contains "sold out"',
        quiet(lines("Berlin: sold out")),
        told(lines("Berlin: free")),
    ),
    case(
        "quotes-with-and-in-them",
        'contains "bread and butter"',
        quiet(lines("bread", "butter")),
        told(lines("bread and butter")),
    ),
    case(
        "not-behind-an-error",
        'not contains "closed" and not contains "full"',
        quiet(lines("Pool: closed")),
        fails(html("<h1>503 Service Unavailable</h1>"), "503", "unavailable"),
        quiet(lines("Pool: full")),
        told(lines("Pool: open")),
    ),
    case(
        "flapping-and",
        'css(".price") < 50 and not contains "sold out"',
        quiet(shop("£ 40", "Sold out")),
        quiet(shop("£ 40", ""), second_look=shop("£ 40", "Sold out")),
        told(shop("£ 40", "In stock")),
    ),
    case(
        "does-not-match",
        r"does not match /gate [A-C]\d/i",
        quiet(lines("Gate B7")),
        told(lines("Gate D2")),
    ),
    # Presence.
    case(
        "exists",
        'exists css(".add-to-cart")',
        quiet(shop("49 €")),
        told(shop("49 €", more='<button class="add-to-cart">Buy</button>')),
        quiet(shop("45 €", more='<button class="add-to-cart">Buy</button>')),
    ),
    case(
        "exists-a-picture",
        'exists css("img.plan")',
        quiet(two("Fair")),
        told(two("Fair", more='<img class="plan" src="p.png" alt="">')),
    ),
    case(
        "is-gone",
        'css(".alert") is gone',
        quiet(two("Fair", more='<p class="alert">Works</p>')),
        told(two("Fair")),
        quiet(two("Strike")),
    ),
    case(
        "is-gone-from-an-error-page",
        'css(".alert") is gone',
        quiet(two("Fair", more='<p class="alert">Works</p>')),
        fails(html("<h1>502 Bad Gateway</h1>"), "502", "bad gateway"),
        quiet(two("Fair", more='<p class="alert">Works</p>')),
        told(two("Fair")),
    ),
    case(
        "is-gone-at-the-first-visit",
        'css(".alert") is gone',
        told(two("Fair")),
        quiet(two("Fair")),
        quiet(two("Fair", more='<p class="alert">Works</p>')),
        told(two("Fair")),
    ),
    case(
        "not-exists",
        'not exists css(".alert")',
        quiet(two("Fair", more='<p class="alert">Works</p>')),
        told(two("Fair")),
    ),
    # Lists.
    case(
        "new-items-in-a-list",
        'in css("#jobs") new items',
        quiet(jobs("Cook", "Baker")),
        told(jobs("Driver", "Cook", "Baker"), "driver", "/jobs/driver", unsaid=("baker",)),
        quiet(jobs("Driver", "Cook")),
    ),
    case(
        "new-items-by-their-selector",
        'in css(".job") new items',
        quiet(jobs("Cook", "Baker")),
        quiet(jobs("Baker", "Cook")),
        told(jobs("Cook", "Baker", "Pilot"), "pilot"),
    ),
    case(
        "new-items-two-at-once",
        'in css("#jobs") new items',
        quiet(jobs("Cook")),
        told(jobs("Driver", "Cook", "Pilot"), "driver", "pilot", unsaid=("cook",)),
    ),
    case(
        "new-items-not-when-one-goes",
        'in css("#jobs") new items',
        quiet(jobs("Cook", "Baker", "Pilot")),
        quiet(jobs("Cook", "Pilot")),
        quiet(jobs("Cook", "Pilot")),
        told(jobs("Nurse", "Pilot"), "nurse"),
    ),
    case(
        "new-lines",
        "new lines",
        quiet(lines("Mon: Anna", "Tue: Ben")),
        told(lines("Mon: Anna", "Tue: Ben", "Wed: Cleo"), "wed: cleo", unsaid=("ben",)),
        quiet(lines("Tue: Ben", "Wed: Cleo")),
        quiet(lines("Wed: Cleo", "Tue: Ben")),
    ),
    case(
        "new-lines-in-a-scope",
        'in css("#news") new lines',
        quiet(two("Fair")),
        quiet(two("Fair", "Stew 5 €")),
        told(two("Fair<br>Strike", "Stew 5 €"), "strike", unsaid=("stew",)),
    ),
    case(
        "new-lines-not-clocks",
        "new lines",
        quiet(lines("Last updated: 2 March 2026, 09:45", "Anna")),
        quiet(lines("Last updated: 2 March 2026, 10:00", "Anna")),
        told(lines("Last updated: 2 March 2026, 10:15", "Anna", "Ben"), "ben"),
    ),
    # Movements.
    case(
        "falls-by-percent",
        'css(".price") falls by 10 %',
        quiet(priced("£100")),
        quiet(priced("£95")),
        told(priced("£89"), "89"),
        quiet(priced("£89")),
    ),
    case(
        "falls-by-percent-without-space",
        'css(".price") falls by 10%',
        quiet(priced("£100")),
        told(priced("£90")),
        quiet(priced("£90")),
    ),
    case(
        "falls-by-an-amount",
        'css(".price") falls by 5',
        quiet(priced("£100")),
        quiet(priced("£96")),
        quiet(priced("£110")),
        told(priced("£94")),
    ),
    case(
        "falls-slowly",
        'css(".price") falls by 10 %',
        quiet(priced("£100")),
        quiet(priced("£97")),
        quiet(priced("£94")),
        told(priced("£90"), "90"),
    ),
    case(
        "falls-not-when-sold-out",
        'css(".price") falls by 10 %',
        quiet(priced("£100")),
        silent(priced("Sold out")),
        silent(priced("")),
        quiet(priced("£100")),
        told(priced("£80")),
    ),
    case(
        "falls-not-by-a-glitch",
        'css(".price") falls by 10 %',
        quiet(priced("£100")),
        quiet(priced("£10"), second_look=priced("£100")),
        quiet(priced("£100")),
        told(priced("£80")),
    ),
    case(
        "rises-by-an-amount",
        'css(".n") rises by 5',
        *[
            visit(document(f'<p>Pegel</p><p class="n">{cm} cm</p>'))
            for visit, cm in [(quiet, 400), (quiet, 404), (told, 406), (quiet, 406)]
        ],
    ),
    case(
        "rises-by-percent",
        'json("$.usd") rises by 2,5 %',
        quiet(json_of({"usd": 100})),
        quiet(json_of({"usd": 102})),
        told(json_of({"usd": 103})),
    ),
    case(
        "lowest-so-far",
        'css(".price") lowest so far',
        quiet(priced("£100")),
        quiet(priced("£110")),
        told(priced("£95"), "95"),
        quiet(priced("£99")),
        quiet(priced("£95")),
        told(priced("£90")),
    ),
    case(
        "lowest-not-an-error",
        'css(".price") lowest so far',
        quiet(priced("£100")),
        silent(priced("Sold out")),
        quiet(priced("£1"), second_look=priced("£100")),
        quiet(priced("£99.99"), second_look=priced("£100.00")),
        told(priced("£99")),
    ),
    # Numbers of the rule.
    case("decimal-comma", 'css(".price") < 99,50', quiet(priced("£99.50")), told(priced("£99.49"))),
    case(
        "decimal-comma-large",
        'css(".price") < 1.299,50',
        quiet(shop("1.299,50 €", lang="de")),
        told(shop("1.299,49 €", lang="de")),
        quiet(shop("2,00 €", lang="de")),
    ),
    case(
        "between",
        'css(".price") between 10 and 20',
        quiet(priced("£21")),
        told(priced("£20")),
        quiet(priced("£10")),
        quiet(priced("£9.99")),
        told(priced("£15")),
    ),
    case(
        "between-and-and",
        'css(".price") between 10 and 20 and contains "In stock"',
        quiet(shop("£15", "Sold out")),
        told(shop("£15", "In stock")),
    ),
    case(
        "any",
        'any(css(".item")) < 10',
        quiet(lines("Hall £30", "Barn £12")),
        told(lines("Hall £30", "Barn £9"), "9"),
        quiet(lines("Hall £8", "Barn £9")),
    ),
    case(
        "all",
        'all(css(".item")) < 10',
        quiet(lines("Hall £8", "Barn £12")),
        told(lines("Hall £8", "Barn £9")),
        quiet(lines("Hall £8")),
    ),
    case(
        "all-of-nothing-is-not-met",
        'all(css(".item")) < 10',
        quiet(lines("Hall £12")),
        silent(document("<h1>Halls</h1><p>No halls are let in the month of March, sorry.</p>")),
        told(lines("Hall £9")),
    ),
    case(
        "first-of-several",
        'css(".item") < 10',
        quiet(lines("Hall £12", "Barn £2")),
        told(lines("Hall £9", "Barn £20")),
    ),
    case(
        "news-article-quotes-the-rule",
        'contains "price < 100"',
        quiet(article("Rules", "Write a rule.")),
        told(article("Rules", "Write price &lt; 100.")),
    ),
]
