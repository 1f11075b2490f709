"""`contains` and `matches`: a text is found however the page spells it, and only where it can be seen."""

from benchmarks.monitors.case import Case, case, quiet, told
from benchmarks.monitors.pages import article, document, lines, offer, shop


def found(name: str, text: str, spelling: str, *, lang: str = "en", absent: str = "…") -> Case:
    """Return a case in which `spelling`, which is HTML, is how a page writes `text`."""
    without = document(f"<p>{absent}</p>", lang=lang)
    having = document(f"<p>{absent}</p><p>{spelling}</p>", lang=lang)
    return case(
        name,
        f'contains "{text}"',
        quiet(without),
        told(having),
        quiet(having),
        quiet(without),
        told(having),
    )


def unseen(name: str, text: str, hidden: str, *, shown: str = "") -> Case:
    """Return a case in which `hidden` has the text where nobody sees it."""
    return case(
        name,
        f'contains "{text}"',
        quiet(document("<p>Walnut desk lamp</p>")),
        quiet(document(f"<p>Walnut desk lamp</p>{hidden}")),
        told(document(f"<p>Walnut desk lamp</p>{hidden}<p>{shown or text}</p>"), text),
    )


CASES = [
    found("plain", "In stock", "In stock", absent="Sold out"),
    found("upper-case", "in stock", "IN STOCK", absent="SOLD OUT"),
    found("no-break-space", "In stock", "In&nbsp;stock"),
    found("narrow-no-break-space", "12 000 places", "12\u202f000 places"),
    found("thin-space-in-french", "Disponible !", "Disponible\u2009!", lang="fr"),
    found("soft-hyphen", "Verfügbarkeit bestätigt", "Verfüg&shy;bar&shy;keit bestätigt", lang="de"),
    found("zero-width-space", "registration open", "regis\u200btration open"),
    found("zero-width-joiner-and-bom", "tickets available", "\ufefftickets\u200d available"),
    found("word-break-tag", "Donaudampfschifffahrt", "Donau<wbr>dampf<wbr>schifffahrt", lang="de"),
    found("curly-apostrophe", "it's back", "it’s back"),
    found("straight-apostrophe-on-the-page", "it’s back", "it's back"),
    found("curly-quotes", "the 'green' line", "the ‘green’ line"),
    found("en-dash", "Mon - Fri", "Mon – Fri"),
    found("em-dash", "open - at last", "open — at last"),
    found("hyphen-not-breaking", "e-ticket on sale", "e‑ticket on sale"),
    found("minus-sign", "-5 degrees", "−5 degrees"),
    found("ellipsis", "coming soon...", "coming soon…", absent="?"),
    found("decomposed", "café rouvert", "cafe\u0301 rouvert", lang="fr"),
    found("precomposed-on-the-page", "cafe\u0301 rouvert", "café rouvert", lang="fr"),
    found(
        "decomposed-vietnamese", "còn hàng", "co\u0300n ha\u0300ng", lang="vi", absent="hết hàng"
    ),
    found(
        "decomposed-hangul",
        "재입고",
        "\u110c\u1162\u110b\u1175\u11b8\u1100\u1169",
        lang="ko",
        absent="품절",
    ),
    found("ligature", "final offer", "ﬁnal oﬀer"),
    found("full-width", "SALE 2026", "ＳＡＬＥ　２０２６", lang="ja"),
    found("half-width-katakana", "ライブ", "ﾗｲﾌﾞ", lang="ja"),
    found("ideographic-space", "予約 受付中", "予約　受付中", lang="ja"),
    found("dotted-capital-i", "stokta yok değil", "STOKTA YOK DEĞİL", lang="tr"),
    found("turkish-istanbul", "istanbul", "İSTANBUL", lang="tr"),
    found("turkish-undotted-i", "açıldı", "AÇILDI", lang="tr"),
    found("greek-final-sigma", "ανοιχτος", "ΑΝΟΙΧΤΟΣ", lang="el"),
    found("greek-capitals-without-accents", "Διαθέσιμο", "ΔΙΑΘΈΣΙΜΟ", lang="el"),
    found("sharp-s-in-capitals", "Straße frei", "STRASSE FREI", lang="de"),
    found("capital-sharp-s", "Straße frei", "STRAẞE FREI", lang="de"),
    found("cyrillic-case", "в наличии", "В НАЛИЧИИ", lang="ru", absent="Товар закончился"),
    found("word-split-by-tags", "Available", "<b>A</b>vail<span>able</span>"),
    found("drop-cap", "Once more open", '<span class="dropcap">O</span>nce more open'),
    found("comment-of-a-framework", "3 seats left", "3<!-- --> seats<!-- --> left"),
    found("line-break-in-the-source", "admission is free", "admission\n      is\n  free"),
    found("br-between-words", "Now open", "Now<br>open"),
    found("link-within", "Apply before 1 June", 'Apply <a href="/apply">before</a> 1 June'),
    found("entities", "Rock & Pop > Jazz", "Rock &amp; Pop &gt; Jazz"),
    found("numeric-entities", "Prüfung", "Pr&#252;fung", lang="de"),
    found("superscript", "120 m2", "120 m²"),
    found("no-sign", "size No 5", "size № 5"),
    found("button", "Add to cart", "<button type=submit>Add to cart</button>"),
    found("submit-value", "Book now", '<input type="submit" value="Book now">'),
    found("button-value", "Book now", '<input type="button" value="Book now">'),
    found(
        "alternative-text-of-a-linked-picture",
        "Sold out",
        '<a href="/x"><img src="s.png" alt="Sold out"></a>',
    ),
    found("select-option", "Size 42", "<select><option>Size 41<option>Size 42</select>"),
    found(
        "summary-of-closed-details",
        "Dates announced",
        "<details><summary>Dates announced</summary>…</details>",
    ),
    found("table-cells", "Berlin 14 May", "<table><tr><td>Berlin</td><td>14 May</td></tr></table>"),
    found("hebrew", "כרטיסים זמינים", "כרטיסים <b>זמינים</b>", lang="he"),
    found("arabic-with-tatweel-free-tags", "متوفر الآن", "<span>متوفر</span> الآن", lang="ar"),
    unseen(
        "in-a-script", "In stock", '<script>var labels = {a: "In stock", b: "Sold out"}</script>'
    ),
    unseen("in-a-template", "In stock", "<template><p>In stock</p></template>"),
    unseen("in-noscript", "In stock", "<noscript>In stock</noscript>"),
    unseen("hidden-attribute", "In stock", "<p hidden>In stock</p>"),
    unseen("display-none", "In stock", '<p style="display:none">In stock</p>'),
    unseen(
        "display-none-with-spaces",
        "In stock",
        '<p style="color: red; DISPLAY : none !important">In stock</p>',
    ),
    unseen("visibility-hidden", "In stock", '<p style="visibility: hidden">In stock</p>'),
    unseen("closed-dialog", "Sold out", "<dialog><p>Sold out</p></dialog>"),
    unseen("comment", "In stock", "<!-- <p>In stock</p> -->"),
    unseen("data-attribute", "In stock", '<div data-label="In stock"></div>'),
    unseen("hidden-input", "In stock", '<input type="hidden" name="label" value="In stock">'),
    unseen("style-sheet", "In stock", '<style>.a::before { content: "In stock" }</style>'),
    unseen("parent-hidden", "In stock", "<div hidden><div><p>In <b>stock</b></p></div></div>"),
    unseen("json-ld-only", "Only today", offer("10", description="Only today")),
    unseen(
        "words-of-two-blocks",
        "stock now",
        "<p>In stock</p><hr><table><tr><td>x</td></tr></table><p>now</p>",
    ),
    case(
        "shop-with-stock",
        'contains "In stock"',
        quiet(shop("£ 39", "Out of stock – back in April")),
        told(shop("£ 39", "In stock"), "in stock"),
        quiet(shop("£ 39", "In stock")),
    ),
    case(
        "holds-at-the-first-visit",
        'contains "vacancy"',
        told(lines("Vacancy: cook (m/f/d)"), "vacancy"),
        quiet(lines("Vacancy: cook (m/f/d)", "Vacancy: baker")),
    ),
    case(
        "matches-a-version",
        r"matches /version (\d+\.)+\d+ released/i",
        quiet(article("News", "Version two is being planned.")),
        told(article("News", "Version&nbsp;<b>2.0.1</b> released"), "2.0.1"),
    ),
    case(
        "matches-is-case-sensitive-without-i",
        "matches /SOLD OUT/",
        quiet(lines("We are sold out of tea")),
        told(lines("SOLD OUT")),
    ),
    case(
        "matches-a-date-in-any-place",
        r"matches /\d{1,2}\. (Mai|Juni) 2026/",
        quiet(article("Termine", "Termine folgen im Mai 2026.", lang="de")),
        told(article("Termine", "Nächster Termin: 7.&nbsp;Mai 2026", lang="de"), "7. mai 2026"),
    ),
    case(
        "long-page-with-the-word-at-its-end",
        'contains "Zweitausend"',
        quiet(lines(*[f"Zeile {n}" for n in range(2000)], lang="de")),
        told(lines(*[f"Zeile {n}" for n in range(2000)], "Zweitausend", lang="de"), "zweitausend"),
    ),
]
