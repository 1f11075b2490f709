"""Negated rules: told when a text is really gone, never because the page is gone or spells it anew."""

from benchmarks.monitors.case import Case, Served, case, fails, html, quiet, silent, told
from benchmarks.monitors.pages import document, lines, shop

GONE = html("<html><head><title>404</title></head><body><h1>Page not found</h1></body></html>")


def respelt(name: str, text: str, spelling: str, free: str, *, lang: str = "en") -> Case:
    """Return a case in which the page still has `text`, in another spelling, and then `free`."""
    return case(
        name,
        f'does not contain "{text}"',
        quiet(shop("39 €", text, lang=lang)),
        quiet(shop("39 €", spelling, lang=lang)),
        told(shop("39 €", free, lang=lang)),
        quiet(shop("39 €", free, lang=lang)),
        quiet(shop("39 €", spelling, lang=lang)),
        told(shop("39 €", free, lang=lang)),
    )


def behind(name: str, page: str | Served, *words: str) -> Case:
    """Return a case in which a page that is no page comes between the sold-out page and its return."""
    out, back = shop("£ 39", "Sold out"), shop("£ 39", "In stock")
    return case(
        name,
        'does not contain "Sold out"',
        quiet(out),
        fails(page, *words),
        quiet(out),
        fails(page, *words),
        told(back),
        quiet(back),
    )


CASES = [
    respelt("upper-case", "Sold out", "SOLD OUT", "In stock"),
    respelt("no-break-space", "Sold out", "Sold&nbsp;out", "In stock"),
    respelt("tags-within", "Sold out", "<b>S</b>old <i>out</i>", "In stock"),
    respelt("soft-hyphen", "Ausverkauft", "Ausver&shy;kauft", "Lieferbar", lang="de"),
    respelt("zero-width", "Ausverkauft", "Ausver\u200bkauft", "Lieferbar", lang="de"),
    respelt("decomposed", "Épuisé", "E\u0301puise\u0301", "Disponible", lang="fr"),
    respelt("turkish-capitals", "Tükendi", "TÜKENDİ", "Stokta", lang="tr"),
    respelt("greek-capitals", "Εξαντλήθηκε", "ΕΞΑΝΤΛΉΘΗΚΕ", "Διαθέσιμο", lang="el"),
    respelt("greek-final-sigma", "κλειστός", "ΚΛΕΙΣΤΌΣ", "Ανοιχτά", lang="el"),
    respelt(
        "sharp-s",
        "geschlossen bis Weißer Sonntag",
        "GESCHLOSSEN BIS WEISSER SONNTAG",
        "Offen",
        lang="de",
    ),
    respelt("full-width", "SOLD OUT", "ＳＯＬＤ　ＯＵＴ", "在庫あり", lang="ja"),
    respelt("curly-apostrophe", "isn't available", "isn’t available", "available"),
    respelt("dash", "sold-out", "sold‑out", "In stock"),
    respelt("button", "Sold out", '<button disabled="disabled">Sold out</button>', "In stock"),
    respelt(
        "submit-value", "Sold out", '<input type="submit" disabled value="Sold out">', "In stock"
    ),
    respelt(
        "picture", "Sold out", '<a href="/n"><img src="/so.png" alt="Sold out"></a>', "In stock"
    ),
    respelt("line-break", "temporarily unavailable", "temporarily\n     unavailable", "In stock"),
    respelt("polish", "Niedostępny", "NIEDOSTĘPNY", "Dostępny od ręki", lang="pl"),
    respelt("russian", "Нет в наличии", "НЕТ&nbsp;В&nbsp;НАЛИЧИИ", "Можно купить", lang="ru"),
    respelt(
        "korean-decomposed", "품절", "\u1111\u116e\u11b7\u110c\u1165\u11af", "구매하기", lang="ko"
    ),
    respelt("chinese", "缺货", "<span>缺</span><span>货</span>", "有货", lang="zh"),
    respelt("hebrew", "אזל מהמלאי", "אזל&nbsp;מהמלאי", "זמין במלאי", lang="he"),
    respelt(
        "vietnamese-decomposed", "Hết hàng", "He\u0302\u0301t ha\u0300ng", "Còn hàng", lang="vi"
    ),
    respelt("hindi", "स्टॉक में नहीं", "<em>स्टॉक में</em> नहीं", "अभी खरीदें", lang="hi"),
    case(
        "hidden-text-is-gone",
        'does not contain "Sold out"',
        quiet(shop("£ 39", "Sold out")),
        told(shop("£ 39", '<span hidden>Sold out</span><span class="is-in">In stock</span>')),
    ),
    case(
        "script-still-has-the-text",
        'does not contain "Sold out"',
        quiet(shop("£ 39", "Sold out", head='<script>var soldOut = "Sold out";</script>')),
        told(shop("£ 39", "In stock", head='<script>var soldOut = "Sold out";</script>')),
    ),
    case(
        "holds-at-the-first-visit",
        'does not contain "Sold out"',
        told(shop("£ 39", "In stock")),
        quiet(shop("£ 39", "In stock")),
        quiet(shop("£ 39", "Sold out")),
        told(shop("£ 39", "In stock")),
    ),
    case(
        "doesnt-match",
        "does not match /closed (today|tomorrow)/i",
        quiet(lines("The pool is closed today")),
        quiet(lines("The pool is CLOSED&nbsp;tomorrow")),
        told(lines("The pool is open today")),
    ),
    case(
        "text-in-another-place",
        'does not contain "fully booked"',
        quiet(lines("Campsite A: fully booked", "Campsite B: fully booked")),
        quiet(lines("Campsite A: free", "Campsite B: fully booked")),
        told(lines("Campsite A: free", "Campsite B: free")),
    ),
    case(
        "text-flaps-between-two-looks",
        'does not contain "Sold out"',
        quiet(shop("£ 39", "Sold out")),
        quiet(shop("£ 39", "In stock"), second_look=shop("£ 39", "Sold out")),
        quiet(shop("£ 39", "Sold out")),
        told(shop("£ 39", "In stock")),
    ),
    behind("404-with-status-200", GONE, "not found", "404"),
    behind("404", html("<h1>Not Found</h1>", 404), "404"),
    behind("empty-body", html(""), "empty", "no text", "nothing"),
    behind(
        "blank-page",
        html("<!DOCTYPE html><html><head></head><body></body></html>"),
        "empty",
        "no text",
        "nothing",
        "hardly any text",
    ),
    behind(
        "captcha",
        html(
            "<title>Just a moment...</title><h1>Checking your browser</h1><script src='/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1'></script><p>Verify you are human by completing the action below.</p>"
        ),
        "bot",
        "human",
        "captcha",
        "cloudflare",
    ),
    behind(
        "maintenance",
        document(
            "<h1>Down for maintenance</h1><p>We will be back shortly.</p>",
            title="Maintenance",
            banner=False,
        ),
        "maintenance",
    ),
    behind("reset", Served(fault="reset"), "connection", "closed", "reset", "disconnected"),
    behind(
        "cut-off",
        Served(
            body=shop("£ 39", "Sold out").encode(),
            headers={"Content-Type": "text/html; charset=utf-8"},
            fault="cut off",
        ),
        "cut off",
        "incomplete",
        "closed",
        "end",
        "broke off",
        "connection",
    ),
    behind(
        "script-shell",
        html(
            '<!DOCTYPE html><html><head><title>Shop</title></head><body><noscript>You need to enable JavaScript to run this app.</noscript><div id="root"></div><script src="/static/js/main.js"></script></body></html>'
        ),
        "javascript",
    ),
    behind(
        "internal-error",
        html(
            "<html><head><title>500 Internal Server Error</title></head><body><center><h1>500 Internal Server Error</h1></center><hr><center>nginx/1.24.0</center></body></html>"
        ),
        "500",
        "error",
    ),
    case(
        "wall-at-the-first-visit",
        'does not contain "Sold out"',
        silent(
            html(
                "<title>Access Denied</title><h1>Access Denied</h1><p>You don't have permission to access this page on this server.</p><p>Reference #18.2d351ab8.1557333295.a4e16ab</p>"
            )
        ),
        quiet(shop("£ 39", "Sold out")),
        told(shop("£ 39", "In stock")),
    ),
]
