"""Pages that only look like walls, errors or shells: they are read, and what happens on them is told."""

from benchmarks.monitors.case import PATH, Case, Page, case, html, quiet, redirect, silent, told
from benchmarks.monitors.pages import article, document, json_ld, lines, shop


def control(name: str, before: Page, after: Page, *words: str, rule: str = "changes") -> Case:
    """Return a case in which both pages are good: the first is quiet, the second is told."""
    return case(name, rule, quiet(before), quiet(before), told(after, *words), quiet(after))


def about(name: str, title: str, *paragraphs: str, lang: str = "en") -> Case:
    """Return a case of an article about walls or errors, which gets a correction."""
    corrected = (
        "Nachtrag: Der Hersteller hat geantwortet."
        if lang == "de"
        else "Correction: the maker has replied."
    )
    return control(
        name,
        article(title, *paragraphs, lang=lang),
        article(title, *paragraphs, corrected, lang=lang),
        corrected,
    )


def beside(name: str, extra: str, *, head: str = "") -> Case:
    """Return a case of a normal shop with `extra` on its page."""
    return control(
        name,
        shop("£ 39", "Sold out", head=head, more=extra),
        shop("£ 39", "In stock", head=head, more=extra),
        rule='does not contain "Sold out"',
    )


LONG = "The makers have tested it over several months with readers who use screen readers, keyboards and small screens, and publish what they have learnt in a report of forty pages."
LOGIN = '<form class="login" action="/login" method="post"><input name="user" placeholder="Email"><input type="password" name="password"><button>Log in</button><a href="/forgot">Forgot password?</a></form>'

CASES = [
    about(
        "article-on-captchas",
        "How captchas shut people out",
        "A captcha asks you to confirm that you are not a robot. For many people, it is a wall.",
        "“Please verify you are human” is a sentence that nobody likes to read.",
        LONG,
    ),
    about(
        "article-on-captchas-in-german",
        "Warum Captchas nerven",
        "„Bitte bestätigen Sie, dass Sie kein Roboter sind“: Kaum ein Satz nervt so sehr wie dieser.",
        "Eine Sicherheitsabfrage soll Programme von Menschen unterscheiden. Doch viele Menschen scheitern an ihr.",
        lang="de",
    ),
    about(
        "documentation-of-404",
        "HTTP 404 Not Found",
        "The HTTP 404 Not Found client error response status code indicates that the server cannot find the requested resource.",
        "Links that lead to a 404 page are often called broken or dead links.",
        LONG,
    ),
    about(
        "documentation-of-503",
        "503 Service Unavailable",
        "The 503 Service Unavailable status indicates that the server is not ready to handle the request. Common causes are maintenance or overload.",
        "The Retry-After header should hold the estimated time for the recovery of the service.",
        LONG,
    ),
    about(
        "documentation-of-bad-gateway",
        "How to fix a 502 Bad Gateway in nginx",
        "If you see “502 Bad Gateway”, look into the error log first: tail -f /var/log/nginx/error.log.",
        "Then raise proxy_read_timeout and restart the upstream.",
        LONG,
    ),
    about(
        "wordpress-database-advice",
        "Error establishing a database connection: seven ways to mend it",
        "“Error establishing a database connection” is the best known message of WordPress.",
        "Check the credentials in wp-config.php first, then whether the database server runs.",
        LONG,
    ),
    about(
        "article-on-access-denied",
        "Access denied: how a town lost its library",
        "The sign at the door says “Access denied”. You don't have permission to enter the reading room any more.",
        "The council wants to reopen it in autumn.",
        LONG,
    ),
    about(
        "article-on-cookies",
        "We use cookies: what that sentence means",
        "Before you continue, you are asked to accept all cookies. What happens if you reject them?",
        LONG,
    ),
    about(
        "article-on-javascript",
        "Please enable JavaScript, said the web",
        "For years, pages told their readers: you need to enable JavaScript to run this app.",
        "Today a page without scripts is rare.",
        LONG,
    ),
    about(
        "article-on-queues",
        "Tickets: you are now in line",
        "Waiting rooms such as Queue-it have become part of each large concert. “You are in the waiting room, do not refresh this page” was read by two million fans.",
        LONG,
    ),
    about(
        "article-on-cloudflare",
        "An outage of Cloudflare",
        "For two hours, visitors read “Checking your browser” or error 522. Ray IDs were shared in forums.",
        "“Just a moment…” became a joke.",
        LONG,
    ),
    about(
        "article-on-rate-limits",
        "Rate limits of our API",
        "If you send too many requests, the API answers 429 Too Many Requests. Please slow down and try again later.",
        "The limit is 60 requests a minute.",
        LONG,
    ),
    about(
        "article-on-robots",
        "Are you a robot?",
        "That is what the new exhibition asks its visitors. Robots greet you at the door and guess your age.",
        LONG,
    ),
    about(
        "article-on-geo-blocks",
        "Not available in your country",
        "This video is not available in your country: the sentence costs rights holders money, a study finds.",
        LONG,
    ),
    about(
        "article-on-domain-parking",
        "This domain is for sale",
        "Behind the words “this domain is for sale” stands an industry with a turnover of billions.",
        LONG,
    ),
    about(
        "article-on-maintenance",
        "Maintenance of the bridge",
        "The bridge is down for maintenance from May to June. We will be back soon, says the railway.",
        LONG,
    ),
    about(
        "article-on-age",
        "You must be over 18",
        "Shops ask for your birth date. “Are you over 18?” is no proof, says the court.",
        LONG,
    ),
    about(
        "article-on-errors-in-german",
        "Es ist ein Fehler aufgetreten",
        "Seite nicht gefunden, Wartungsarbeiten, Zugriff verweigert: Wer Fehlermeldungen schreibt, sollte sagen, was zu tun ist.",
        "Ein Buch sammelt die schönsten.",
        lang="de",
    ),
    control(
        "status-page-with-maintenance",
        lines(
            "API: operational", "Scheduled maintenance on 14 May: the database will be unavailable"
        ),
        lines(
            "API: major outage", "Scheduled maintenance on 14 May: the database will be unavailable"
        ),
        "major outage",
    ),
    control(
        "status-page-says-under-maintenance",
        lines("API: operational", "Website: operational", title="Status"),
        lines("API: operational", "Website: under maintenance", title="Status"),
        "under maintenance",
    ),
    control(
        "status-page-reports-503",
        lines("All good", title="Incidents"),
        lines("Investigating: users see 503 Service Unavailable", "All good", title="Incidents"),
        "503",
    ),
    control(
        "forum-thread-on-502",
        lines("502 Bad Gateway after upgrade", "Theme broken", title="Support forum"),
        lines(
            "404 on all pages after upgrade",
            "502 Bad Gateway after upgrade",
            "Theme broken",
            title="Support forum",
        ),
        "404 on all pages",
    ),
    control(
        "changelog-of-a-captcha-plugin",
        lines("1.0 Adds hCaptcha and reCAPTCHA", title="Changelog of Simple Captcha"),
        lines(
            "1.1 Adds Turnstile",
            "1.0 Adds hCaptcha and reCAPTCHA",
            title="Changelog of Simple Captcha",
        ),
        "adds turnstile",
    ),
    control(
        "shop-that-sells-robots",
        shop("£ 39", "Sold out", name="Vacuum robot R2 (not a bot!)"),
        shop("£ 35", "In stock", name="Vacuum robot R2 (not a bot!)"),
        "in stock",
    ),
    beside(
        "review-says-robot",
        '<section class="reviews"><p>★★★★★ I am not a robot, but I love this robot. Verified human!</p></section>',
    ),
    beside(
        "captcha-in-a-script",
        "",
        head='<script src="https://www.google.com/recaptcha/api.js?render=6Lc8f2c" async defer></script><script>var captchaKey = "6Lc8f2c"; var msg = "Please verify you are human";</script>',
    ),
    beside(
        "invisible-recaptcha-in-the-contact-form",
        '<form class="contact"><textarea name="q"></textarea><div class="g-recaptcha" data-sitekey="6Lc8f2c" data-size="invisible"></div><button>Ask about this lamp</button></form>',
    ),
    beside(
        "hcaptcha-in-the-newsletter-form",
        '<script src="https://js.hcaptcha.com/1/api.js" async></script><form class="newsletter"><input type="email"><div class="h-captcha"></div><button>Subscribe</button></form>',
    ),
    beside(
        "recaptcha-terms",
        "<small>This site is protected by reCAPTCHA and the Google Privacy Policy and Terms of Service apply.</small>",
    ),
    beside(
        "cloudflare-beacon",
        '<script defer src="https://static.cloudflareinsights.com/beacon.min.js"></script><script>(function(){var d="/cdn-cgi/challenge-platform/scripts/jsd/main.js";})();</script>',
    ),
    beside(
        "cloudflare-email-protection",
        '<a href="/cdn-cgi/l/email-protection" class="__cf_email__">[email&#160;protected]</a>',
    ),
    beside(
        "datadome-tag",
        '<script>window.ddjskey = "8F2C";</script><script src="https://js.datadome.co/tags.js" async></script>',
    ),
    beside(
        "perimeterx-tag",
        '<script>window._pxAppId="PX8f2c"</script><script src="/8f2c/init.js" async></script>',
    ),
    beside(
        "noscript-advice",
        "<noscript>Please enable JavaScript to use all functions of our shop.</noscript>",
    ),
    beside(
        "javascript-advice-shown",
        "<p class='js-warning'>JavaScript is disabled. Please enable JavaScript for the best experience.</p>",
    ),
    beside("log-in-form-in-the-header", LOGIN),
    beside("log-in-for-prices-of-members", "<p>Log in to see prices for members.</p>"),
    beside(
        "consent-dialog-over-content",
        '<div class="fc-consent-root" role="dialog" aria-modal="true"><h2>We value your privacy</h2><p>We and our 842 partners store and access information on a device, such as cookies.</p><button>Accept all</button><button>Reject all</button></div>',
    ),
    beside(
        "age-notice-on-a-bottle",
        "<p>Sale only to persons over 18. By ordering, you confirm that you are of legal drinking age.</p>",
    ),
    beside(
        "countries-of-delivery",
        "<p>This item cannot be shipped to your country? Not available in your region? Ask us.</p>",
    ),
    beside(
        "error-template-in-a-script",
        '<script type="text/template" id="err"><h1>Error 500</h1><p>Something went wrong.</p></script>',
    ),
    beside(
        "error-message-hidden",
        '<div class="form-error" style="display:none">An error occurred. Please try again later.</div>',
    ),
    beside(
        "announcement-of-maintenance",
        '<div class="notice">Maintenance on Sunday: our shop will be unavailable from 2 to 4 a.m.</div>',
    ),
    beside(
        "high-demand-notice",
        "<p>Due to high demand, you may have to wait in line for our telephone service.</p>",
    ),
    control("short-page-that-always-was-short", html("closed"), html("open"), "open"),
    control(
        "one-number",
        html("41", Content_Type="text/plain"),
        html("42", Content_Type="text/plain"),
        "42",
    ),
    control(
        "short-html",
        html("<title>Pool</title><p>Water: 21 °C</p>"),
        html("<title>Pool</title><p>Water: 22 °C</p>"),
        "22",
    ),
    control(
        "short-json",
        html('{"open":false}', Content_Type="application/json"),
        html('{"open":true}', Content_Type="application/json"),
        "true",
    ),
    control(
        "yes-or-no-page",
        html("<html><body><h1>NO</h1></body></html>"),
        html("<html><body><h1>YES</h1></body></html>"),
        "yes",
    ),
    control(
        "coming-soon",
        html("<h1>Coming soon</h1><p>Something new is coming.</p>"),
        html("<h1>We are open</h1><p>Order your lamp today.</p>"),
        "we are open",
    ),
    control(
        "no-results-found-yet",
        document("<h1>Search</h1><p>No results found for “walnut desk lamp”.</p>"),
        document("<h1>Search</h1><p>1 result for “walnut desk lamp”: Harbour Goods</p>"),
        "1 result",
    ),
    control(
        "list-becomes-short",
        lines(*[f"Slot {n}: free on Monday" for n in range(12)]),
        lines("Slot 3: free on Monday"),
        "slot 4",
    ),
    control(
        "all-dates-are-gone",
        lines("14 May: tickets", "15 May: tickets", "16 May: tickets", title="Dates"),
        document(
            "<h1>Dates</h1><p>There are no dates at present. Subscribe to our newsletter to hear of new ones.</p>"
        ),
        "no dates at present",
    ),
    control(
        "redirect-that-always-was",
        {
            PATH: redirect("/catalogue/item-4711-walnut", 301),
            "/catalogue/item-4711-walnut": shop("£ 39", "Sold out"),
        },
        {
            PATH: redirect("/catalogue/item-4711-walnut", 301),
            "/catalogue/item-4711-walnut": shop("£ 39", "In stock"),
        },
        "in stock",
    ),
    control(
        "redirect-to-a-language",
        {
            PATH: redirect("/en/catalogue/item-4711"),
            "/en/catalogue/item-4711": shop("£ 39", "Sold out"),
        },
        {
            PATH: redirect("/en/catalogue/item-4711"),
            "/en/catalogue/item-4711": shop("£ 39", "In stock"),
        },
        "in stock",
    ),
    case(
        "the-root-itself-is-watched",
        "changes",
        quiet({"/": lines("Gate A")}),
        quiet({"/": lines("Gate A")}),
        told({"/": lines("Gate B")}, "gate b"),
        paths=("/",),
    ),
    case(
        "root-that-leads-to-a-language",
        "changes",
        quiet({"/": redirect("/en/"), "/en/": lines("Gate A")}),
        quiet({"/": redirect("/en/"), "/en/": lines("Gate A")}),
        told({"/": redirect("/en/"), "/en/": lines("Gate B")}, "gate b"),
        paths=("/",),
    ),
    case(
        "slash-at-the-end",
        "changes",
        quiet(lines("Gate A")),
        quiet({PATH: redirect(PATH + "/", 301), PATH + "/": lines("Gate A")}),
        told({PATH: redirect(PATH + "/", 301), PATH + "/": lines("Gate B")}, "gate b"),
    ),
    case(
        "article-whose-path-says-login",
        "changes",
        *[
            verb(
                {
                    "/blog": redirect("/blog/login-tips"),
                    "/blog/login-tips": article("Log in with less pain", LONG, text),
                }
            )
            for verb, text in [
                (quiet, "Use a long password."),
                (quiet, "Use a long password."),
                (told, "Use a passkey."),
            ]
        ],
        paths=("/blog",),
    ),
    case(
        "page-that-is-not-there-yet",
        'contains "Results"',
        *[silent(html("<title>404 Not Found</title><h1>Not Found</h1>", 404))] * 2,
        told(lines("Results of the draw")),
        quiet(lines("Results of the draw")),
    ),
    case(
        "changes-of-a-page-that-is-not-there-yet",
        "changes",
        silent(html("<title>404 Not Found</title><h1>Not Found</h1>", 404)),
        quiet(lines("Results of the draw")),
        told(lines("Results of the second draw"), "second draw"),
    ),
    case(
        "language-attribute-changes-but-not-the-text",
        "changes",
        quiet(article("Konzerte", "Am Freitag spielt die Kapelle im Saal am Hafen.", lang="de")),
        quiet(
            article(
                "Konzerte", "Am Freitag spielt die Kapelle im Saal am Hafen.", lang="de"
            ).replace('lang="de"', 'lang="en"')
        ),
        told(
            article(
                "Konzerte", "Am Samstag spielt die Kapelle im Saal am Hafen.", lang="de"
            ).replace('lang="de"', 'lang="en"'),
            "am samstag",
        ),
    ),
    case(
        "currency-in-other-letters",
        'css(".price") < 40',
        quiet(shop("45,00 €", lang="de")),
        quiet(shop("EUR 45,00", lang="de")),
        told(shop("Euro 39,00", lang="de")),
    ),
    case(
        "price-in-two-currencies",
        'css(".price") < 40',
        quiet(shop("£45.00 <small>(approx. $57)</small>")),
        quiet(shop("£44.00 <small>(approx. €52)</small>")),
        told(shop("£39.00 <small>(approx. €46)</small>")),
    ),
    case(
        "page-shrinks-to-its-news",
        "changes",
        quiet(
            article(
                "Storm",
                *[
                    f"Report {n}: the storm is over the sea and the harbour is closed."
                    for n in range(30)
                ],
            )
        ),
        told(article("Storm", "The storm is over, and the harbour is open again."), "open again"),
    ),
    case(
        "page-moves-within-the-site",
        "changes",
        quiet(shop("£ 39", "Sold out")),
        quiet({PATH: redirect("/lamps/walnut", 301), "/lamps/walnut": shop("£ 39", "Sold out")}),
        told(
            {PATH: redirect("/lamps/walnut", 301), "/lamps/walnut": shop("£ 39", "In stock")},
            "in stock",
        ),
    ),
    case(
        "watched-log-in-page",
        "changes",
        *[
            verb({"/login": document(f"<h1>Members</h1>{LOGIN}<p>{text}</p>", title="Log in")})
            for verb, text in [
                (quiet, "Registration is closed."),
                (quiet, "Registration is closed."),
                (told, "Registration is open."),
            ]
        ],
        paths=("/login",),
    ),
    case(
        "two-languages-on-one-page",
        "changes",
        quiet(
            article(
                "Fähre / Ferry", "Die Fähre fährt um neun.", "The ferry leaves at nine.", lang="de"
            )
        ),
        told(
            article(
                "Fähre / Ferry", "Die Fähre fährt um zehn.", "The ferry leaves at ten.", lang="de"
            ),
            "at ten",
        ),
    ),
    case(
        "english-name-on-a-german-page",
        "changes",
        quiet(article("Konzerte", "Am Freitag spielt die Kapelle im Saal am Hafen.", lang="de")),
        told(
            article(
                "Konzerte",
                "Am Freitag spielt „The Quick Brown Foxes and the Lazy Dogs“ im Saal am Hafen.",
                lang="de",
            ),
            "lazy dogs",
        ),
    ),
    case(
        "waits-for-a-404-to-end",
        'contains "Registration"',
        *[quiet(document("<h1>Not yet</h1><p>The page for applicants is being written.</p>"))] * 2,
        told(document("<h1>Registration</h1><p>Apply now.</p>")),
    ),
    case(
        "positive-rule-on-a-wall-like-page",
        'contains "maintenance"',
        quiet(lines("API: operational")),
        told(lines("API: maintenance")),
        quiet(lines("API: maintenance")),
    ),
    case(
        "watching-for-sold-out",
        'contains "sold out"',
        quiet(shop("£ 39", "In stock")),
        told(shop("£ 39", "Sold out")),
    ),
    case(
        "product-is-discontinued",
        "changes",
        quiet(shop("£ 39", "In stock", head=json_ld({"@type": "Product"}))),
        told(
            shop("£ 39", "This product is no longer available", head=json_ld({"@type": "Product"})),
            "no longer available",
        ),
    ),
]
