"""Answers that are no page are errors in words; pages that only speak of such things are pages."""

from datetime import timedelta

import pytest

from executions.failures import FailureKind
from executions.pages.examine import NotThePage
from tests.support.factories import NOW
from tests.support.looked_at import ADDRESS, PRODUCT, Watched, html

#: What a server may answer instead of its page, and a word that the error must say.
NO_PAGES = {
    "Cloudflare, checking": (
        html(
            "<h1>shop.example</h1><p>Verifying you are human. This may take a few seconds.</p>"
            "<p>shop.example needs to review the security of your connection before proceeding.</p>"
            "<script>window._cf_chl_opt={cvId:'3'};</script>",
            "Just a moment...",
        ),
        "captcha",
    ),
    "Cloudflare, blocking": (
        html(
            "<h1>Sorry, you have been blocked</h1><h2>You are unable to access shop.example</h2>"
            "<p>Why have I been blocked?</p><p>This website is using a security service to protect "
            "itself from online attacks. The action you just performed triggered the security "
            "solution.</p><p>Cloudflare Ray ID: 8f3a</p>",
            "Attention Required! | Cloudflare",
        ),
        "captcha",
    ),
    "a gate with a list of years": (
        html(
            "<p>Please enter your date of birth.</p><select name=year>"
            + "".join(f"<option>{year}" for year in range(1900, 2027))
            + "</select><p>Are you over 18?</p><button>Enter</button>",
            "Verify your age",
        ),
        "age",
    ),
    "a limit of visits in German": (
        html(
            "<h1>Zu viele Zugriffe</h1><p>Sie haben die Seite zu oft aufgerufen. Bitte versuchen "
            "Sie es in einigen Minuten erneut.</p>",
            "Zu viele Zugriffe",
        ),
        "too many requests",
    ),
    "Akamai": (
        html(
            "<h1>Access Denied</h1>You don't have permission to access "
            '"http://shop.example/products/4711" on this server.<p>Reference #18.2f5</p>',
            "Access Denied",
        ),
        "denied",
    ),
    "DataDome": (
        html(
            "<p>Please enable JS and disable any ad blocker</p><script>var dd={'rt':'c'}</script>"
            '<script src="https://ct.captcha-delivery.com/c.js"></script>',
            "shop.example",
        ),
        "captcha",
    ),
    "PerimeterX": (
        html(
            '<div id="px-captcha"></div><p>Press &amp; Hold to confirm you are a human (and not a '
            "bot).</p>",
            "Access to this page has been denied",
        ),
        "captcha",
    ),
    "Imperva": (
        html("Request unsuccessful. Incapsula incident ID: 443000-12345", ""),
        "captcha",
    ),
    "Amazon": (
        html(
            "<h4>Enter the characters you see below</h4><p>Sorry, we just need to make sure you're "
            "not a robot.</p>",
            "Robot Check",
        ),
        "captcha",
    ),
    "Google": (
        html(
            "<p>Our systems have detected unusual traffic from your computer network.</p>"
            '<div class="g-recaptcha"></div>',
            "https://www.google.com/search",
        ),
        "captcha",
    ),
    "Anubis": (
        html(
            '<script id="anubis_version" type="application/json">"1"</script><p>Loading...</p>',
            "Making sure you're not a bot!",
        ),
        "captcha",
    ),
    "hCaptcha alone": (html('<div class="h-captcha" data-sitekey="x"></div>', "shop"), "captcha"),
    "a bot check in German": (
        html("<p>Bitte bestätigen Sie, dass Sie kein Roboter sind.</p>", "Einen Moment"),
        "captcha",
    ),
    "a bot check in Chinese": (html("<p>请完成安全验证后继续访问</p>", "安全验证"), "captcha"),
    "a rate limit": (html("<h1>Too Many Requests</h1>Please try again later."), "rate limit"),
    "a rate limit in French": (html("<p>Trop de requêtes. Merci de patienter.</p>"), "rate limit"),
    "a waiting room": (
        html("<h1>You are now in line</h1><p>Your estimated wait time is 12 minutes.</p>", "Queue"),
        "waiting room",
    ),
    "a waiting room in Spanish": (html("<p>Estás en la cola. Espera.</p>"), "waiting room"),
    "a country": (
        html("<p>Sorry, this content is not available in your country.</p>", "The Shop"),
        "country",
    ),
    "a country, in Portuguese": (
        html("<p>Este conteúdo não está disponível no seu país.</p>"),
        "country",
    ),
    "an age": (html("<h2>Are you over 18?</h2><button>Yes</button>", "Welcome"), "age"),
    "an age in Polish": (html("<h2>Czy masz ukończone 18 lat?</h2>"), "age"),
    "consent": (html("<h1>Before you continue to Google</h1>"), "consent"),
    "consent in German": (html("<h1>Bevor Sie fortfahren</h1><p>Cookies.</p>"), "consent"),
    "maintenance": (
        html("<h1>We'll be back soon!</h1><p>We are performing maintenance.</p>", "Maintenance"),
        "maintenance",
    ),
    "maintenance in Japanese": (html("<p>ただいまメンテナンス中です。</p>"), "maintenance"),
    "maintenance in Russian": (
        html("<p>На сайте ведутся технические работы.</p>", "Технические работы"),  # noqa: RUF001
        "maintenance",
    ),
    "a database": (html("<h1>Error establishing a database connection</h1>"), "error"),
    "a gateway": (
        html("<center><h1>502 Bad Gateway</h1></center><hr>nginx", "502 Bad Gateway"),
        "error",
    ),
    "a proxy": (
        "upstream connect error or disconnect/reset before headers. reset reason: x",
        "error",
    ),
    "an exception": (
        'Traceback (most recent call last):\n  File "app.py", line 1\nValueError',
        "error",
    ),
    "an error in Italian": (html("<p>Si è verificato un errore. Riprova più tardi.</p>"), "error"),
    "forbidden": (html("<h1>403 Forbidden</h1><hr>nginx", "403 Forbidden"), "denied"),
    "not found": (
        html("<h1>Oops!</h1><p>We couldn't find that page.</p>", "Page not found | The Shop"),
        "404",
    ),
    "not found, in Dutch": (html("<h1>Pagina niet gevonden</h1>", "404"), "404"),
    "a log-in form": (
        html('<form><input name="user"><input type="password"></form>', "Log in | The Shop"),
        "log-in",
    ),
    "a shell": (
        html('<div id="root"></div><script src="/main.js"></script>', "The Shop"),
        "JavaScript",
    ),
    "a shell that asks": (
        html(
            "<noscript>You need to enable JavaScript to run this app.</noscript>"
            '<div id="app"></div>',
            "The Shop",
        ),
        "JavaScript",
    ),
    "a shell that asks in Polish": (
        html("<noscript>Proszę włączyć JavaScript.</noscript><div></div>", "Sklep"),
        "JavaScript",
    ),
    "nothing": ("", "empty"),
}


@pytest.mark.parametrize(("body", "word"), NO_PAGES.values(), ids=NO_PAGES)
def test_what_is_no_page_is_an_error_at_the_first_visit(body, word):
    with pytest.raises(NotThePage) as error:
        Watched().visit(body)

    assert word in error.value.no_page.about(ADDRESS)


@pytest.mark.parametrize(("body", "word"), NO_PAGES.values(), ids=NO_PAGES)
def test_what_is_no_page_is_an_error_after_the_page(body, word):
    watched = Watched('does not contain "Sold out"')
    watched.visit(PRODUCT)

    with pytest.raises(NotThePage) as error:
        watched.visit(body)

    assert word in error.value.no_page.about(ADDRESS)


#: Pages that speak of such things, or have something of them.
PAGES = {
    "an article about captchas": html(
        "<h1>Why captchas are getting harder</h1><p>For years people have been asked to verify you "
        "are human, as the button says. Researchers at a university in Zürich now show that "
        "machines solve these puzzles faster than people do.</p><p>“Checking your browser” screens "
        "are next, they say: the study measured 1,400 of them on the most visited sites.</p>",
        "Why captchas are getting harder - The Daily",
    ),
    "documentation of 403": html(
        "<h1>403 Forbidden</h1><p>The HTTP 403 Forbidden client error response status code "
        "indicates that the server understood the request but refused to process it. This status "
        "is similar to 401, except that for 403 responses, authenticating makes no difference.</p>",
        "403 Forbidden - HTTP | Web docs",
    ),
    "documentation of 503": html(
        "<h1>503 Service Unavailable</h1><p>The HTTP 503 server error response status code "
        "indicates that the server is not ready to handle the request. Common causes are that a "
        "server is down for maintenance or overloaded.</p>",
        "503 Service Unavailable - HTTP | Web docs",
    ),
    "a shop with a cookie banner": html(
        "<div>We use cookies. <button>Accept all</button></div><h1>Kettle</h1><p>$ 79.95</p>",
        "Kettle",
    ),
    "a form with a captcha": html(
        "<h1>Kettle</h1><p>$ 79.95, in stock</p><form>Ask us<div class='g-recaptcha'></div></form>"
        "<script src='https://www.google.com/recaptcha/api.js'></script>",
        "Kettle",
    ),
    "a page behind Cloudflare": html(
        "<h1>Kettle</h1><p>$ 79.95</p>"
        "<script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'>"
        "</script>",
        "Kettle",
    ),
    "a short page": "OK",
    "a status page": html(
        "<h1>Acme status</h1><p>API: operational</p><p>Payments: under maintenance</p>"
        "<p>Search: operational</p>",
        "Acme status",
    ),
    "a page with an empty root": html(
        f'<div id="root"></div><script></script><p>{"A page that was written. " * 20}</p>', "Page"
    ),
    "a page with a log-in form in its head": html(
        "<form><input type=password><button>Log in</button></form><h1>Kettle</h1><p>$ 79.95</p>",
        "Kettle | The Shop",
    ),
    "a forecast": html("<h1>Error bars</h1><p>Something for everyone: 12 degrees.</p>", "Weather"),
}


@pytest.mark.parametrize("body", PAGES.values(), ids=PAGES)
def test_a_page_that_speaks_of_such_things_is_a_page(body):
    watched = Watched()

    first, second = watched.visit(body), watched.visit(body)

    assert first.evidence.startswith("First visit")
    assert second.evidence == "The page has not changed."


@pytest.mark.parametrize("body", PAGES.values(), ids=PAGES)
def test_a_page_stays_a_page_when_a_sentence_is_added(body):
    watched = Watched()
    watched.visit(body)

    finding = watched.visit(body.replace("</p>", "</p><p>New: kettles.</p>", 1))

    assert finding.is_news is ("</p>" in body)


def test_a_page_that_is_mostly_as_before_is_the_page_whatever_it_says():
    watched = Watched()
    watched.visit(PRODUCT)

    finding = watched.visit(
        PRODUCT.replace("<nav>", "<p>Something went wrong while your cart was loaded.</p><nav>")
    )

    assert finding.is_news


def test_a_missing_page_within_the_head_and_foot_of_its_site_is_no_page():
    site = html(
        f"<nav>{'<a>Kitchen and table</a> ' * 30}</nav>{{}}<footer>12 High Street</footer>", "{}"
    )
    watched = Watched()
    watched.visit(site.format("Copper kettle", "<h1>Copper kettle</h1><p>$ 79.95</p>"))

    with pytest.raises(NotThePage, match="404"):
        watched.visit(site.format("Page not found", "<h1>Page not found</h1>"))


def test_a_headline_that_always_was_there_is_no_sign():
    watched = Watched()
    page = html(f"<h1>Service unavailable</h1><p>{'Trains to Leeds are late. ' * 50}</p>", "Trains")
    watched.visit(page)

    assert not watched.visit(page.replace("Leeds", "York")).warnings


JSON_ERRORS = [
    '{"error": "Invalid API key"}',
    '{"error": {"code": 500, "message": "Internal error"}}',
    '{"errors": [{"message": "Cannot query field"}], "data": null}',
    '{"status": 500, "message": "boom"}',
    '{"statusCode": 429, "message": "Too many requests"}',
    '{"success": false}',
    '{"ok": false, "error": "not_authed"}',
    '{"ok": false, "code": 17}',
    '{"status": "error", "message": "Backend is away", "data": {}}',
    '{"type": "about:blank", "title": "Not Found", "status": 404}',
]
JSON_PAGES = [
    '{"errors": [], "data": {"price": 5}}',
    '{"errors": [{"message": "part"}], "data": {"price": 5}}',
    '{"success": true, "price": 5}',
    '{"error": null, "price": 5}',
    '{"status": "error rate is low", "checks": [1]}',
    '{"status": "open"}',
    '{"code": 200, "message": "OK"}',
    '{"error_count": 5}',
    '{"ok": false}',
    "[]",
]


@pytest.mark.parametrize("body", JSON_ERRORS)
def test_an_error_in_json_is_no_page(body):
    watched = Watched('does not contain "sold"')
    watched.visit('{"price": 5, "state": "sold"}', content_type="application/json")

    with pytest.raises(NotThePage, match="an error in JSON"):
        watched.visit(body, content_type="application/json")
    with pytest.raises(NotThePage):
        Watched().visit(body, content_type="application/json")


@pytest.mark.parametrize("body", JSON_PAGES)
def test_json_that_has_data_is_a_page(body):
    watched = Watched()

    watched.visit(body, content_type="application/json")

    assert watched.visit(body, content_type="application/json").evidence


def test_a_wall_never_becomes_the_page():
    watched = Watched()
    watched.visit(PRODUCT)
    wall, _ = NO_PAGES["Cloudflare, checking"]

    with pytest.raises(NotThePage):
        watched.visit(wall, at=NOW + timedelta(days=30))


def test_a_rule_that_is_positively_met_counts_even_there():
    watched = Watched('contains "In stock"')
    watched.visit(PRODUCT)
    remembered = watched.memory or {}

    finding = watched.visit(html("<h1>Too many requests</h1><p>Kettle: in stock</p>"))

    assert finding.is_news
    assert finding.memory == {**remembered, "holds": True}
    assert finding.text is None


@pytest.mark.parametrize(
    "rule", ['contains "Too many"', "matches /too many requests/i", 'contains "a moment"']
)
def test_the_words_of_the_wall_itself_do_not_count(rule):
    watched = Watched(rule)
    watched.visit(PRODUCT)

    with pytest.raises(NotThePage):
        watched.visit(html("<h1>Too many requests</h1><p>Just a moment</p>", "Just a moment..."))


def test_a_page_after_a_wall_is_compared_with_the_page_before_it():
    watched = Watched()
    watched.visit(PRODUCT)
    with pytest.raises(NotThePage):
        watched.visit(NO_PAGES["maintenance"][0])

    assert not watched.visit(PRODUCT).is_news
    assert "In stock" in watched.visit(PRODUCT.replace("Sold out", "In stock")).evidence


def test_a_header_tells_a_wall_whatever_its_page_says():
    with pytest.raises(NotThePage, match="captcha") as error:
        Watched().visit(html("<p>Hm.</p>"), headers={"cf-mitigated": "challenge"})

    assert error.value.no_page.failure == FailureKind.RATE_LIMIT
