"""Pages that are no page: errors with 200, maintenance, soft 404s, log-ins, shells, cut-off bodies."""

from benchmarks.monitors.case import (
    PATH,
    Case,
    Page,
    Served,
    body,
    case,
    fails,
    html,
    quiet,
    redirect,
    silent,
    told,
)
from benchmarks.monitors.pages import article, document, lines, shop

NEGATED = 'does not contain "Sold out"'


def error(name: str, page: Page, *words: str, lang: str = "en", rule: str = "changes") -> Case:
    """Return a case in which `page` comes between two good visits to a shop."""
    out = shop("£ 39.00", "Sold out", lang=lang)
    back = shop("£ 35.00", "In stock", lang=lang)
    return case(
        name, rule, quiet(out), fails(page, *words), quiet(out), fails(page, *words), told(back)
    )


def bare(title: str, *paragraphs: str, status: int = 200) -> Served:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return html(
        f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1>{text}</body></html>",
        status,
    )


def centred(title: str, server: str, status: int = 200) -> Served:
    """Return nginx's error page."""
    return html(
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n<hr><center>{server}</center>\r\n</body>\r\n</html>\r\n",
        status,
    )


def gone(name: str, lang: str, title: str, text: str) -> Case:
    """Return a case of a soft 404 in the site's own frame."""
    page = document(f"<h1>{title}</h1><p>{text}</p>", title=title, lang=lang)
    return error(name, page, "not found", "404", title, lang=lang, rule=NEGATED)


def shell(name: str, body_html: str, *, rule: str = "changes") -> Case:
    page = f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Harbour Goods</title><link rel="stylesheet" href="/static/css/main.8f2c.css"></head><body>{body_html}<script src="/static/js/main.8f2c.js"></script></body></html>'
    return error(name, page, "javascript", rule=rule)


LOG_IN = document(
    '<h1>Log in</h1><form method="post"><label>Email <input type="email" name="email"></label><label>Password <input type="password" name="password"></label><button>Log in</button></form><p><a href="/forgot">Forgot your password?</a></p>',
    title="Log in",
)
ROOT = document(
    "<h1>Welcome to Harbour Goods</h1><p>New this week: lamps, chairs and ropes.</p>", title="Home"
)
EMPTY = ("empty", "no text", "nothing", "hardly any text", "blank")
CUT = ("cut off", "incomplete", "ended", "closed", "broke off", "truncated", "connection", "half")

CASES = [
    # Servers and CDNs, with 200 because a proxy rewrote the status.
    error(
        "nginx-502-as-200",
        centred("502 Bad Gateway", "nginx/1.24.0 (Ubuntu)"),
        "502",
        "bad gateway",
        "error page",
    ),
    error(
        "nginx-504-as-200",
        centred("504 Gateway Time-out", "nginx"),
        "504",
        "time-out",
        "error page",
        rule=NEGATED,
    ),
    error(
        "openresty-403-as-200",
        centred("403 Forbidden", "openresty"),
        "403",
        "forbidden",
        rule=NEGATED,
    ),
    error(
        "nginx-welcome",
        bare(
            "Welcome to nginx!",
            "If you see this page, the nginx web server is successfully installed and working. Further configuration is required.",
        ),
        "nginx",
        "server",
        "default page",
    ),
    error(
        "apache-404-as-200",
        html(
            '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN"><html><head><title>404 Not Found</title></head><body><h1>Not Found</h1><p>The requested URL was not found on this server.</p><hr><address>Apache/2.4.57 (Debian) Server at shop.example Port 443</address></body></html>'
        ),
        "404",
        "not found",
        rule=NEGATED,
    ),
    error(
        "apache-it-works",
        bare("It works!"),
        "apache",
        "default page",
        "server",
        "hardly any text",
        *EMPTY,
    ),
    error(
        "iis-500-as-200",
        bare(
            "Server Error",
            "500 - Internal server error.",
            "There is a problem with the resource you are looking for, and it cannot be displayed.",
        ),
        "500",
        "server error",
    ),
    error(
        "asp-net",
        bare(
            "Server Error in '/' Application.",
            "Runtime Error",
            "Description: An application error occurred on the server.",
        ),
        "error",
        rule=NEGATED,
    ),
    error(
        "varnish-guru",
        bare(
            "Error 503 Backend fetch failed",
            "Backend fetch failed",
            "Guru Meditation:",
            "XID: 32770",
        ),
        "503",
        "backend",
        "error",
    ),
    error(
        "cloudfront",
        bare(
            "ERROR: The request could not be satisfied",
            "502 ERROR",
            "The request could not be satisfied.",
            "CloudFront wasn't able to connect to the origin.",
            "Generated by cloudfront (CloudFront) Request ID: 8f2c9a1b",
        ),
        "error",
        "502",
        "cloudfront",
    ),
    error(
        "cloudflare-522",
        bare(
            "shop.example | 522: Connection timed out",
            "Connection timed out Error code 522",
            "The initial connection between Cloudflare's network and the origin web server timed out.",
        ),
        "522",
        "timed out",
        "cloudflare",
        rule=NEGATED,
    ),
    error(
        "fastly",
        bare(
            "Fastly error: unknown domain shop.example",
            "Please check that this domain has been added to a service.",
        ),
        "error",
        "fastly",
    ),
    error(
        "aws-alb", bare("503 Service Temporarily Unavailable"), "503", "unavailable", rule=NEGATED
    ),
    error(
        "heroku",
        bare(
            "Application error",
            "An error occurred in the application and your page could not be served. If you are the application owner, check your logs for details.",
        ),
        "error",
    ),
    error(
        "google-error",
        bare(
            "Error 500 (Server Error)!!1",
            "500. That’s an error.",
            "There was an error. Please try again later. That’s all we know.",
        ),
        "500",
        "error",
    ),
    error("status-500", bare("Internal Server Error", status=500), "500"),
    error("status-503", bare("Service Unavailable", status=503), "503"),
    error("status-404", bare("Not Found", status=404), "404", rule=NEGATED),
    error("status-410", bare("Gone", status=410), "410", rule=NEGATED),
    error("status-401", bare("Unauthorized", status=401), "401"),
    # Applications.
    error(
        "wordpress-database",
        bare("Error establishing a database connection"),
        "database",
        "error",
        rule=NEGATED,
    ),
    error(
        "wordpress-critical",
        bare(
            "There has been a critical error on this website.",
            '<a href="https://wordpress.org/documentation/article/faq-troubleshooting/">Learn more about troubleshooting WordPress.</a>',
        ),
        "critical error",
        "error",
    ),
    error(
        "wordpress-database-german",
        bare("Fehler beim Aufbau einer Datenbankverbindung"),
        "database",
        "datenbank",
        "fehler",
        "error",
    ),
    error(
        "drupal-unexpected",
        html("The website encountered an unexpected error. Please try again later."),
        "unexpected error",
        "error",
        rule=NEGATED,
    ),
    error(
        "php-fatal",
        html(
            "<br />\n<b>Fatal error</b>:  Uncaught Error: Call to a member function getPrice() on null in /var/www/html/app/code/View.php:42\nStack trace:\n#0 {main}\n  thrown in <b>/var/www/html/app/code/View.php</b> on line <b>42</b><br />"
        ),
        "fatal error",
        "error",
    ),
    error(
        "mysql-gone",
        html(
            "Warning: mysqli_connect(): (HY000/2002): Connection refused in /var/www/html/db.php on line 3<br>Could not connect: Connection refused"
        ),
        "database",
        "connection refused",
        "error",
        rule=NEGATED,
    ),
    error(
        "too-many-connections",
        html("SQLSTATE[HY000] [1040] Too many connections"),
        "too many connections",
        "database",
        "error",
    ),
    error(
        "magento-report",
        bare(
            "There has been an error processing your request",
            "Exception printing is disabled by default for security reasons.",
            "Error log record number: 8f2c9a1b",
        ),
        "error",
    ),
    error("django-debug-free", bare("Server Error (500)"), "500", "error", rule=NEGATED),
    error(
        "rails",
        bare(
            "We're sorry, but something went wrong.",
            "If you are the application owner check the logs for more information.",
        ),
        "something went wrong",
        "error",
    ),
    error(
        "next-js-exception",
        html(
            '<!DOCTYPE html><html><body><div id="__next"><h2>Application error: a client-side exception has occurred (see the browser console for more information).</h2></div></body></html>'
        ),
        "application error",
        "error",
    ),
    error(
        "java-stack-trace",
        html(
            "<html><head><title>HTTP Status 500 – Internal Server Error</title></head><body><h1>HTTP Status 500 – Internal Server Error</h1><p><b>Type</b> Exception Report</p><pre>java.lang.NullPointerException\n\tat org.example.Shop.item(Shop.java:42)</pre><h3>Apache Tomcat/9.0.80</h3></body></html>"
        ),
        "500",
        "error",
        rule=NEGATED,
    ),
    error(
        "plain-text-error",
        body(
            b"upstream connect error or disconnect/reset before headers. reset reason: connection failure",
            "text/plain",
        ),
        "upstream",
        "error",
        "connection",
    ),
    error(
        "json-error-for-a-page",
        body(b'{"message":"Internal Server Error"}', "application/json"),
        "internal server error",
        "error",
        "json",
        rule=NEGATED,
    ),
    error(
        "error-in-german",
        bare("Es ist ein Fehler aufgetreten", "Bitte versuchen Sie es später noch einmal."),
        "error",
        "fehler",
        lang="de",
        rule=NEGATED,
    ),
    error(
        "error-in-spanish",
        bare("Se ha producido un error", "Inténtelo de nuevo más tarde."),
        "error",
        lang="es",
    ),
    error(
        "error-in-japanese",
        bare("エラーが発生しました", "しばらくしてからもう一度お試しください。"),
        "error",
        "エラー",
        lang="ja",
    ),
    # Maintenance.
    error(
        "maintenance-wordpress",
        bare(
            "Maintenance", "Briefly unavailable for scheduled maintenance. Check back in a minute."
        ),
        "maintenance",
        rule=NEGATED,
    ),
    error(
        "maintenance-magento",
        bare(
            "Service Temporarily Unavailable",
            "The server is temporarily unable to service your request due to maintenance downtime. Please try again later.",
        ),
        "maintenance",
        "unavailable",
    ),
    error(
        "be-right-back",
        document(
            "<h1>We'll be right back!</h1><p>Our shop is being updated. Please check back in a few minutes.</p>",
            banner=False,
        ),
        "maintenance",
        "back",
    ),
    error(
        "maintenance-german",
        document(
            "<h1>Wartungsarbeiten</h1><p>Unser Shop wird gerade gewartet. Wir sind in Kürze wieder für Sie da.</p>",
            lang="de",
            title="Wartung",
        ),
        "maintenance",
        "wartung",
        lang="de",
        rule=NEGATED,
    ),
    error(
        "maintenance-french",
        bare(
            "Site en maintenance",
            "Notre site est actuellement en maintenance. Merci de revenir plus tard.",
        ),
        "maintenance",
        lang="fr",
    ),
    error(
        "maintenance-spanish",
        bare("Sitio en mantenimiento", "Volveremos pronto. Disculpe las molestias."),
        "maintenance",
        "mantenimiento",
        lang="es",
    ),
    error(
        "maintenance-polish",
        bare("Przerwa techniczna", "Trwają prace serwisowe. Zapraszamy wkrótce."),
        "maintenance",
        "przerwa techniczna",
        lang="pl",
    ),
    error(
        "maintenance-russian",
        bare("Технические работы", "На сайте ведутся технические работы. Попробуйте зайти позже."),
        "maintenance",
        "технические работы",
        lang="ru",
        rule=NEGATED,
    ),
    error(
        "maintenance-japanese",
        bare("メンテナンス中", "ただいまメンテナンス中です。ご迷惑をおかけいたします。"),
        "maintenance",
        "メンテナンス",
        lang="ja",
    ),
    error(
        "maintenance-portuguese",
        bare("Em manutenção", "Estamos em manutenção. Voltamos em breve."),
        "maintenance",
        "manutenção",
        lang="pt",
    ),
    error(
        "maintenance-korean",
        bare("시스템 점검 안내", "현재 시스템 점검 중입니다. 이용에 불편을 드려 죄송합니다."),
        "maintenance",
        "점검",
        lang="ko",
    ),
    # Soft 404s.
    gone(
        "soft-404-english",
        "en",
        "Page not found",
        "Sorry, we couldn't find the page you were looking for.",
    ),
    gone(
        "soft-404-oops",
        "en",
        "Oops! That page can’t be found.",
        "It looks like nothing was found at this location. Maybe try a search?",
    ),
    gone(
        "soft-404-product",
        "en",
        "404",
        "This product is no longer available or the page has moved.",
    ),
    gone(
        "soft-404-german",
        "de",
        "Seite nicht gefunden",
        "Die angeforderte Seite existiert leider nicht.",
    ),
    gone(
        "soft-404-french",
        "fr",
        "Page introuvable",
        "Désolé, la page que vous recherchez n'existe pas.",
    ),
    gone(
        "soft-404-spanish",
        "es",
        "Página no encontrada",
        "La página que busca no existe o ha sido movida.",
    ),
    gone("soft-404-italian", "it", "Pagina non trovata", "La pagina richiesta non esiste."),
    gone("soft-404-portuguese", "pt", "Página não encontrada", "A página que procura não existe."),
    gone(
        "soft-404-dutch", "nl", "Pagina niet gevonden", "De pagina die u zoekt bestaat niet (meer)."
    ),
    gone("soft-404-polish", "pl", "Nie znaleziono strony", "Strona, której szukasz, nie istnieje."),
    gone("soft-404-czech", "cs", "Stránka nenalezena", "Požadovaná stránka neexistuje."),
    gone("soft-404-swedish", "sv", "Sidan kunde inte hittas", "Sidan du söker finns inte längre."),
    gone(
        "soft-404-danish", "da", "Siden blev ikke fundet", "Den side, du leder efter, findes ikke."
    ),
    gone("soft-404-finnish", "fi", "Sivua ei löytynyt", "Etsimääsi sivua ei ole."),
    gone("soft-404-turkish", "tr", "Sayfa bulunamadı", "Aradığınız sayfa mevcut değil."),
    gone("soft-404-greek", "el", "Η σελίδα δεν βρέθηκε", "Η σελίδα που ζητήσατε δεν υπάρχει."),
    gone("soft-404-russian", "ru", "Страница не найдена", "Запрашиваемая страница не существует."),
    gone("soft-404-ukrainian", "uk", "Сторінку не знайдено", "Сторінка, яку ви шукаєте, не існує."),
    gone(
        "soft-404-japanese",
        "ja",
        "ページが見つかりません",
        "お探しのページは見つかりませんでした。",
    ),
    gone("soft-404-chinese", "zh", "页面不存在", "抱歉，您访问的页面不存在。"),
    gone(
        "soft-404-korean", "ko", "페이지를 찾을 수 없습니다", "요청하신 페이지를 찾을 수 없습니다."
    ),
    gone("soft-404-arabic", "ar", "الصفحة غير موجودة", "عذرا، الصفحة التي تبحث عنها غير موجودة."),
    gone("soft-404-hebrew", "he", "הדף לא נמצא", "הדף שחיפשת אינו קיים."),
    gone("soft-404-vietnamese", "vi", "Không tìm thấy trang", "Trang bạn tìm không tồn tại."),
    # Redirects.
    error(
        "to-the-log-in",
        {
            PATH: redirect("/account/login?next=%2Fcatalogue%2Fitem-4711"),
            "/account/login?next=%2Fcatalogue%2Fitem-4711": LOG_IN,
        },
        "log in",
        "login",
        "log-in",
        "sign in",
        rule=NEGATED,
    ),
    error("log-in-in-place", LOG_IN, "log in", "login", "log-in", "sign in", rule=NEGATED),
    error(
        "to-the-root",
        {PATH: redirect("/"), "/": ROOT},
        "root",
        "redirect",
        "home page",
        "start page",
        "front page",
        rule=NEGATED,
    ),
    error(
        "to-the-root-301",
        {PATH: redirect("/", 301), "/": ROOT},
        "root",
        "redirect",
        "home page",
        "start page",
        "front page",
    ),
    error(
        "to-the-log-in-by-meta-refresh",
        {
            PATH: html(
                '<html><head><meta http-equiv="refresh" content="0; url=/login"></head><body></body></html>'
            ),
            "/login": LOG_IN,
        },
        "log in",
        "login",
        "log-in",
        "sign in",
        *EMPTY,
    ),
    error("redirect-loop", {PATH: redirect(PATH)}, "redirect"),
    error(
        "parked-domain",
        bare(
            "shop.example is for sale",
            "This domain may be for sale. Buy this domain.",
            "Related searches: lamps, cheap flights, insurance",
        ),
        "for sale",
        "parked",
        "domain",
    ),
    error(
        "suspended-account",
        bare(
            "Account Suspended",
            "This Account has been suspended. Contact your hosting provider for more information.",
        ),
        "suspended",
    ),
    error(
        "expired-domain-german",
        bare(
            "Diese Domain ist geparkt",
            "Diese Domain wurde soeben freigeschaltet. Hier entsteht eine neue Internetpräsenz.",
        ),
        "domain",
        "parked",
        "geparkt",
        lang="de",
        rule=NEGATED,
    ),
    # Nothing, or half of it.
    error("empty-body", html(""), *EMPTY),
    error("status-204", Served(status=204), *EMPTY, "204", rule=NEGATED),
    error("only-white-space", html("\n   \n"), *EMPTY),
    error(
        "frame-without-content",
        document("", banner=False),
        *EMPTY,
        "shrank",
        "less text",
        "text",
        rule=NEGATED,
    ),
    error(
        "title-only",
        html("<html><head><title>Harbour Goods</title></head><body></body></html>"),
        *EMPTY,
    ),
    error("reset", Served(fault="reset"), "connection", "closed", "reset", "disconnected"),
    error(
        "cut-off-by-the-connection",
        Served(
            body=shop("£ 39", "Sold out").encode(),
            headers={"Content-Type": "text/html; charset=utf-8"},
            fault="cut off",
        ),
        *CUT,
    ),
    error(
        "cut-off-before-the-end-tag",
        html(shop("£ 39", "Sold out")[: shop("£ 39", "Sold out").index('<p class="stock">')]),
        *CUT,
        rule=NEGATED,
    ),
    error("cut-off-in-a-tag", html(lines(*[f"Bay {n}" for n in range(99)])[:1500]), *CUT),
    shell(
        "react-root",
        '<noscript>You need to enable JavaScript to run this app.</noscript><div id="root"></div>',
        rule=NEGATED,
    ),
    shell(
        "vue-app",
        "<noscript><strong>We're sorry but shop doesn't work properly without JavaScript enabled. Please enable it to continue.</strong></noscript><div id=\"app\"></div>",
    ),
    shell("loading-shell", '<div id="app"><div class="spinner">Loading…</div></div>', rule=NEGATED),
    shell(
        "angular-root",
        "<app-root></app-root><noscript>Please enable JavaScript to continue using this application.</noscript>",
    ),
    shell(
        "javascript-required-in-german",
        "<h1>JavaScript erforderlich</h1><p>Bitte aktivieren Sie JavaScript, um diese Seite zu nutzen.</p>",
    ),
    # Suddenly another language or currency.
    case(
        "other-language",
        "changes",
        quiet(
            article(
                "Fahrplan",
                "Die Fähre fährt täglich um neun Uhr vom Hafen ab und kehrt am Abend zurück.",
                "Karten gibt es am Kiosk an der Mole.",
                lang="de",
            )
        ),
        fails(
            article(
                "Timetable",
                "The ferry leaves the harbour every day at nine and returns in the evening.",
                "Tickets are sold at the kiosk on the pier.",
                lang="en",
            ),
            "language",
        ),
        quiet(
            article(
                "Fahrplan",
                "Die Fähre fährt täglich um neun Uhr vom Hafen ab und kehrt am Abend zurück.",
                "Karten gibt es am Kiosk an der Mole.",
                lang="de",
            )
        ),
        told(
            article(
                "Fahrplan",
                "Die Fähre fährt täglich um zehn Uhr vom Hafen ab und kehrt am Abend zurück.",
                "Karten gibt es am Kiosk an der Mole.",
                lang="de",
            ),
            "um zehn uhr",
        ),
    ),
    case(
        "other-language-negated",
        'does not contain "ausverkauft"',
        quiet(
            shop(
                "39 €",
                "Leider ausverkauft. Wir benachrichtigen Sie gerne, sobald die Lampe wieder da ist.",
                lang="de",
            )
        ),
        fails(
            shop(
                "39 €",
                "Unfortunately sold out. We will gladly notify you as soon as the lamp is back.",
                lang="en",
            ),
            "language",
        ),
        quiet(
            shop(
                "39 €",
                "Leider ausverkauft. Wir benachrichtigen Sie gerne, sobald die Lampe wieder da ist.",
                lang="de",
            )
        ),
        told(shop("39 €", "Auf Lager. Wir liefern die Lampe in drei Tagen nach Hause.", lang="de")),
    ),
    case(
        "other-currency",
        'css(".price") < 40',
        quiet(shop("45,00 €", lang="de")),
        fails(shop("$ 39.00", lang="de"), "currency"),
        quiet(shop("45,00 €", lang="de")),
        told(shop("39,00 €", lang="de")),
    ),
    case(
        "other-currency-crowns-to-euros",
        'css(".price") < 500',
        quiet(shop("1 290 kr", lang="sv")),
        fails(shop("119 €", lang="sv"), "currency"),
        quiet(shop("1 290 kr", lang="sv")),
        told(shop("490 kr", lang="sv")),
    ),
    # What was remembered before still counts after it.
    case(
        "error-at-the-first-visit",
        "changes",
        fails(bare("Error establishing a database connection"), "database", "error"),
        quiet(lines("Monday: soup")),
        told(lines("Monday: stew"), "stew"),
    ),
    case(
        "soft-404-at-the-first-visit",
        NEGATED,
        fails(
            document(
                "<h1>Page not found</h1><p>Sorry, the page you are looking for does not exist.</p>",
                title="Page not found",
            ),
            "not found",
        ),
        quiet(shop("£ 39", "Sold out")),
        told(shop("£ 39", "In stock")),
    ),
    case(
        "holds-before-and-after-an-error",
        'contains "In stock"',
        told(shop("£ 39", "In stock")),
        fails(html(""), *EMPTY),
        quiet(shop("£ 39", "In stock")),
        quiet(shop("£ 39", "Sold out")),
        told(shop("£ 39", "In stock")),
    ),
    case(
        "change-behind-the-error-is-told-after-it",
        "changes",
        quiet(lines("Gate A")),
        fails(bare("502 Bad Gateway"), "502", "bad gateway"),
        told(lines("Gate B"), "gate b", unsaid=("bad gateway",)),
    ),
    case(
        "positively-met-on-a-maintenance-page",
        'contains "down for maintenance"',
        quiet(shop("£ 39", "In stock")),
        told(
            document(
                "<h1>Down for maintenance</h1><p>We will be back shortly.</p>", title="Maintenance"
            )
        ),
    ),
    case(
        "one-of-two-pages-fails",
        "changes",
        quiet({"/a": lines("Gate A"), "/b": lines("Pier 1")}),
        quiet({"/a": html("", 500), "/b": lines("Pier 1")}),
        told({"/a": html("", 500), "/b": lines("Pier 2")}, "pier 2"),
        told({"/a": lines("Gate C"), "/b": lines("Pier 2")}, "gate c", unsaid=("pier",)),
        paths=("/a", "/b"),
    ),
    case(
        "price-on-an-error-page",
        'css("h1") < 600',
        quiet(document("<h1>999 €</h1><p>Lamp</p>")),
        fails(bare("502 Bad Gateway"), "502", "bad gateway"),
        silent(bare("404")),
        told(document("<h1>499 €</h1><p>Lamp</p>")),
    ),
]
