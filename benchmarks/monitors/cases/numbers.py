"""Comparisons with the number that a person reads in an element, in the notation of any country."""

from benchmarks.monitors.case import Case, case, quiet, silent, told
from benchmarks.monitors.pages import document, shop


def falls(name: str, rule: str, dear: str, cheap: str, *, lang: str = "en", word: str = "") -> Case:
    """Return a case in which the HTML of a price does not meet `rule`, then does, and so on."""
    dear_page, cheap_page = shop(dear, "In stock", lang=lang), shop(cheap, "In stock", lang=lang)
    words = (word,) if word else ()
    return case(
        name,
        f'css(".price") {rule}',
        quiet(dear_page),
        told(cheap_page, *words),
        quiet(cheap_page),
        quiet(dear_page),
        told(cheap_page, *words),
    )


def reads(name: str, written: str, value: str, *, lang: str = "en", css: str = ".price") -> Case:
    """Return a case in which `written` is exactly `value`; a visit before has another number."""
    page = shop(written, "In stock", lang=lang)
    return case(
        name, f'css("{css}") == {value}', quiet(shop("777", lang=lang)), told(page), quiet(page)
    )


def other(name: str, rule: str, no: str, yes: str) -> Case:
    """Return a case about an element `.n` that is no price."""
    before, after = (document(f'<p>Harbour</p><p class="n">{n}</p>') for n in (no, yes))
    return case(name, rule, quiet(before), told(after), quiet(after), quiet(before), told(after))


SPLIT = (
    '<span class="a-price"><span class="a-offscreen">${0}.{1}</span><span aria-hidden="true"><span class="a-price-symbol">$</span>'
    '<span class="a-price-whole">{0}<span class="a-price-decimal">.</span></span><span class="a-price-fraction">{1}</span></span></span>'
)
WOO = (
    '<del aria-hidden="true"><span class="woocommerce-Price-amount amount"><bdi>1.099,00&nbsp;<span class="woocommerce-Price-currencySymbol">&euro;</span></bdi></span></del> '
    '<span class="screen-reader-text">Ursprünglicher Preis war: 1.099,00&nbsp;&euro;</span>'
    '<ins aria-hidden="true"><span class="woocommerce-Price-amount amount"><bdi>{}&nbsp;<span class="woocommerce-Price-currencySymbol">&euro;</span></bdi></span></ins>'
)

CASES = [
    # Notations of countries.
    falls("pounds", "< 1000", "£1,299.95", "£989.00", word="989"),
    falls("dollars-with-code", "< 1000", "US$ 1,299.95", "US$ 989.00"),
    falls("german", "< 1000", "1.299,95 €", "989,00 €", lang="de", word="989"),
    falls("german-no-cents", "< 1000", "1.299 €", "989 €", lang="de"),
    falls("german-dash-cents", "< 1000", "1.299,- €", "989,– €", lang="de"),
    falls("austrian", "< 1000", "€ 1.299,95", "€ 989,–", lang="de"),
    falls("swiss-apostrophe", "< 1000", "CHF 1’299.95", "CHF 989.–", lang="de"),
    falls("swiss-straight-apostrophe", "< 1000", "Fr. 1'299.–", "Fr. 989.–", lang="fr"),
    falls("french-narrow-space", "< 1000", "1\u202f299,95\u202f€", "989,00\u202f€", lang="fr"),
    falls("french-cents-after-sign", "< 1000", "1 299€95", "989€00", lang="fr"),
    falls("spanish", "< 1000", "1.299,95€", "989,00€", lang="es"),
    falls("italian", "< 1000", "€ 1.299,95", "€ 989,00", lang="it"),
    falls("brazilian", "< 1000", "R$ 1.299,95", "R$ 989,90", lang="pt"),
    falls("portuguese-space", "< 1000", "1 299,95 €", "989,95 €", lang="pt"),
    falls("dutch", "< 1000", "€ 1.299,-", "€ 989,-", lang="nl"),
    falls("polish", "< 1000", "1&nbsp;299,99&nbsp;zł", "989,99&nbsp;zł", lang="pl"),
    falls("czech", "< 10000", "12 990 Kč", "9 890 Kč", lang="cs"),
    falls("swedish", "< 1000", "1 299 kr", "989 kr", lang="sv"),
    falls("swedish-colon", "< 1000", "1 299:-", "989:-", lang="sv"),
    falls("danish", "< 1000", "1.299,-", "989,-", lang="da"),
    falls("finnish", "< 1000", "1 299,00 €", "989,00 €", lang="fi"),
    falls("turkish", "< 1000", "1.299,90 TL", "989,90 TL", lang="tr"),
    falls("turkish-lira-sign", "< 1000", "₺1.299,90", "₺989,90", lang="tr"),
    falls("greek", "< 1000", "1.299,90 €", "989,90 €", lang="el"),
    falls("russian", "< 1000", "1 299,90 ₽", "989 руб.", lang="ru"),
    falls("ukrainian", "< 1000", "1 299 грн", "989 грн", lang="uk"),
    falls("yen-sign", "< 10000", "￥12,800", "￥9,800", lang="ja"),
    falls("yen-after", "< 10000", "12,800円（税込）", "9,800円（税込）", lang="ja"),
    falls("yen-full-width", "< 10000", "１２，８００円", "９，８００円", lang="ja"),
    falls("yuan", "< 1000", "¥1,299.00", "¥989.00", lang="zh"),
    falls("won", "< 1000000", "1,299,000원", "989,000원", lang="ko"),
    falls("dong", "< 1000000", "1.299.000 ₫", "989.000 ₫", lang="vi"),
    falls("baht", "< 1000", "฿1,299.00", "฿989.00", lang="th"),
    falls("thai-digits", "< 1000", "๑,๒๙๙ บาท", "๙๘๙ บาท", lang="th"),
    falls("rupee-lakh", "< 100000", "₹1,29,999.00", "₹98,999.00", lang="hi"),
    falls("devanagari", "< 1000", "₹१,२९९", "₹९८९", lang="hi"),
    falls("arabic-indic", "< 1000", "١٬٢٩٩٫٥٠ ر.س", "٩٨٩٫٠٠ ر.س", lang="ar"),
    falls("persian-digits", "< 1000", "۱٬۲۹۹ ریال", "۹۸۹ ریال", lang="ar"),
    falls("shekel", "< 1000", "\u200f1,299.90 ₪", "\u200f989.90 ₪", lang="he"),
    # One separator: the page's language says which it is.
    falls("fuel-in-germany", "< 1.75", "1,799 €/l", "1,739 €/l", lang="de"),
    falls("fuel-in-america", "< 3.5", "$3.599", "$3.459"),
    falls("thousand-in-germany", "< 1000", "1.250 €", "950 €", lang="de"),
    falls("thousand-in-england", "< 1000", "£1,250", "£950"),
    reads("comma-and-three-digits-in-english", "£1,250", "1250"),
    reads("millions", "€ 1.250.000", "1250000", lang="nl"),
    reads("one-decimal", "4,5 €", "4.5", lang="de"),
    # Old and new prices.
    falls(
        "del-then-ins",
        "< 1000",
        "<del>£1,499</del> <ins>£1,299</ins>",
        "<del>£1,299</del> <ins>£989</ins>",
        word="989",
    ),
    falls("woocommerce-sale", "< 500", WOO.format("599,00"), WOO.format("489,00"), lang="de"),
    falls("old-price-is-low", "< 500", "<s>£489</s> £529", "<s>£529</s> £489"),
    falls(
        "struck-by-style",
        "< 500",
        '<span style="text-decoration: line-through">£899</span> £599',
        '<span style="text-decoration: line-through">£899</span> £489',
    ),
    falls(
        "was-now",
        "< 500",
        "Was £899 <strong>Now £599</strong>",
        "Was £899 <strong>Now £489</strong>",
    ),
    falls(
        "statt-nur",
        "< 500",
        "statt 899,00 € nur 599,00 €",
        "statt 899,00 € nur 489,00 €",
        lang="de",
    ),
    falls(
        "rrp", "< 500", "£599.00 <small>RRP: £899.00</small>", "£489.00 <small>RRP: £899.00</small>"
    ),
    falls(
        "badge-before",
        "< 50",
        '<span class="badge">-20 %</span> 79,90 €',
        '<span class="badge">-50 %</span> 49,90 €',
        lang="de",
    ),
    falls("badge-after", "< 50", "79,90 € <em>–20%</em>", "49,90 € <em>–50%</em>", lang="de"),
    falls("save-badge", "< 500", "Save £100! £599", "Save £210! £489"),
    # What else stands near a price.
    falls("product-name-with-a-digit", "< 450", "PS5 Slim 499 €", "PS5 Slim 429 €", lang="de"),
    falls("size-before", "< 30", "500 ml · € 34,50", "500 ml · € 29,50", lang="nl"),
    falls("rating-before", "< 30", "4.5 ★ (123) $39.00", "4.5 ★ (123) $29.00"),
    falls("quantity-before", "< 30", "2 × 12-pack: $39.00", "2 × 12-pack: $29.00"),
    falls(
        "per-unit-after",
        "< 2.2",
        "2,49 € <small>(1 kg = 4,98 €)</small>",
        "1,99 € <small>(1 kg = 3,98 €)</small>",
        lang="de",
    ),
    falls(
        "per-unit-is-lower",
        "< 5",
        "9,99 € <small>0,67 €/100 ml</small>",
        "4,99 € <small>0,33 €/100 ml</small>",
        lang="de",
    ),
    falls(
        "instalments-after",
        "< 800",
        "899,00 € <span>oder 24,97 €/Monat</span>",
        "799,00 € <span>oder 22,19 €/Monat</span>",
        lang="de",
    ),
    falls(
        "brazilian-instalments",
        "< 900",
        "R$ 1.199,00 em até 12x de R$ 99,91",
        "R$ 899,00 em até 12x de R$ 74,91",
        lang="pt",
    ),
    falls("tax-after", "< 100", "119,00 € inkl. 19 % MwSt.", "99,00 € inkl. 19 % MwSt.", lang="de"),
    falls(
        "tax-before", "< 100", "inkl. 19 % MwSt. 119,00 €", "inkl. 19 % MwSt. 99,00 €", lang="de"
    ),
    falls("from", "< 100", "from £119 pp", "from £99 pp"),
    falls("ab", "< 100", "ab 119,– €", "ab 99,– €", lang="de"),
    falls("range", "< 100", "£119.00 – £249.00", "£99.00 – £249.00"),
    falls("range-without-spaces", "< 100", "€119-€249", "€99-€249"),
    falls("free-delivery-before", "< 25", "Free delivery · £29.99", "Free delivery · £24.99"),
    falls("free-in-a-name", "< 25", "Gluten-free flour £29.99", "Gluten-free flour £24.99"),
    falls("date-before", "< 100", "2 March 2026: £119", "3 March 2026: £99"),
    falls("coins-as-sup", "< 20", "$20<sup>49</sup>", "$19<sup>99</sup>"),
    falls("comma-in-sup", "< 20", "20<sup>,49</sup> €", "19<sup>,99</sup> €", lang="de"),
    falls("sup-footnote", "< 20", "$20.49<sup>1</sup>", "$19.99<sup>1</sup>"),
    falls("amazon-parts", "< 20", SPLIT.format("20", "49"), SPLIT.format("19", "99")),
    falls(
        "euro-and-cent-parts",
        "< 20",
        "<span>20</span><span>,</span><span>49</span> <span>€</span>",
        "<span>19</span><span>,</span><span>99</span> <span>€</span>",
        lang="de",
    ),
    falls(
        "other-currency-in-brackets", "< 1000", "1.299 € (1.399 $)", "989 € (1.079 $)", lang="de"
    ),
    falls(
        "content-attribute",
        "< 1000",
        '<meta itemprop="price" content="1299.95"><span>ab 30 € im Monat</span>',
        '<meta itemprop="price" content="989.00"><span>ab 30 € im Monat</span>',
        lang="de",
    ),
    reads("cents-in-pence", "£0.99", "0.99"),
    reads("free", "Free", "0"),
    reads("gratis", "Gratis", "0", lang="es"),
    reads("kostenlos", "Kostenlos", "0", lang="de"),
    reads("million-word", "3,4 Mio. €", "3400000", lang="de"),
    reads("k-suffix", "$12.5k", "12500"),
    reads("m-suffix", "$1.2M", "1200000"),
    # Attributes of the selected element itself.
    case(
        "meta-content",
        """css('meta[itemprop="price"]') < 100""",
        quiet(document('<div itemscope><meta itemprop="price" content="119.00">119 €</div>')),
        told(document('<div itemscope><meta itemprop="price" content="99.00">99 €</div>')),
    ),
    case(
        "open-graph-amount",
        """css('meta[property="product:price:amount"]') < 100""",
        quiet(
            document("<p>Lamp</p>", head='<meta property="product:price:amount" content="119.00">')
        ),
        told(
            document("<p>Lamp</p>", head='<meta property="product:price:amount" content="99.00">')
        ),
    ),
    case(
        "data-price",
        'css("[data-price]") < 100',
        quiet(document('<p>Lamp</p><div data-price="119.00"></div>')),
        told(document('<p>Lamp</p><div data-price="99.00"></div>')),
    ),
    case(
        "input-value",
        'css("#amount") < 100',
        quiet(document('<p>Lamp</p><input id="amount" readonly value="119,00">', lang="de")),
        told(document('<p>Lamp</p><input id="amount" readonly value="99,00">', lang="de")),
    ),
    case(
        "data-element",
        'css("data.n") >= 10',
        quiet(document('<p>Points: <data class="n" value="9">nine</data></p>')),
        told(document('<p>Points: <data class="n" value="12">a dozen</data></p>')),
    ),
    case(
        "first-of-several",
        'css(".price") < 100',
        quiet(shop("£119", more='<div class="related"><span class="price">£9</span></div>')),
        told(shop("£95", more='<div class="related"><span class="price">£900</span></div>')),
    ),
    # No number is no news.
    case(
        "sold-out-without-price",
        'css(".price") < 100',
        quiet(shop("£119")),
        silent(shop("Sold out")),
        silent(shop("Price on request")),
        told(shop("£99")),
    ),
    case(
        "only-a-product-name",
        'css(".price") < 100',
        quiet(shop("PS5: £449")),
        silent(shop("PS5: sold out")),
        told(shop("PS5: £99")),
    ),
    case(
        "only-a-badge",
        'css(".price") < 100',
        quiet(shop("£449")),
        silent(shop("-20 %")),
        told(shop("-80 % £89")),
    ),
    case(
        "carefree-is-not-free",
        'css(".price") < 100',
        quiet(shop("£449")),
        silent(shop("Carefree, price on request")),
        told(shop("£89")),
    ),
    case(
        "duty-free-with-price",
        'css(".price") < 100',
        quiet(shop("Duty-free £449")),
        quiet(shop("Sugar-free, £120")),
        told(shop("Sugar-free, £89")),
    ),
    case(
        "selector-finds-nothing",
        'css(".price") < 100',
        quiet(shop("£119")),
        silent(document("<h1>Lamp</h1><p>This lamp is being redesigned. Ask in our shops.</p>")),
        told(shop("£99")),
    ),
    case(
        "hidden-number",
        'css(".price") < 100',
        quiet(shop("<span hidden>£1</span> £119")),
        told(shop("<span hidden>£1</span> £99")),
    ),
    case(
        "flapping-price",
        'css(".price") < 100',
        quiet(shop("£119")),
        quiet(shop("£1.19"), second_look=shop("£119")),
        quiet(shop("£119")),
        told(shop("£99")),
    ),
    case(
        "not-equal-at-the-first-visit",
        'css(".price") != 100',
        told(shop("£119")),
        quiet(shop("£120")),
        quiet(shop("£100.00")),
        told(shop("£99")),
    ),
    case(
        "first-visit-below",
        'css(".price") <= 100',
        told(shop("£100.00"), "100"),
        quiet(shop("£99")),
        quiet(shop("£100.01")),
        told(shop("£100")),
    ),
    # Other numbers.
    other("celsius-below-zero", 'css(".n") < 0', "2 °C, feels like −3 °C", "−5 °C"),
    other("hyphen-minus", 'css(".n") < 0', "5 °C", "-5 °C"),
    other("en-dash-minus", 'css(".n") <= -3', "–2,5 °C", "–3 °C"),
    other("range-is-not-a-minus", 'css(".n") >= 10', "5–8 pieces", "10-12 pieces"),
    other("only-left", 'css(".n") <= 3', "Only 12 left", "Only 3 left"),
    other("stars-in-k", 'css(".n") >= 1200', "1.1k stars", "1.2k stars"),
    other("followers-in-m", 'css(".n") > 1000000', "999K followers", "1.2M followers"),
    other("metres-are-not-millions", 'css(".n") > 100', "12 m", "120 m"),
    other("kilometres-are-not-thousands", 'css(".n") > 100', "12 km", "120 km"),
    other("percent", 'css(".n") >= 50', "Turnout: 49.5 %", "Turnout: 50.1 %"),
    other("water-level", 'css(".n") > 650', "Pegel: 649 cm", "Pegel: 651 cm"),
    other("of-how-many", 'css(".n") > 0', "0 of 120 seats free", "2 of 120 seats free"),
    other("grouped-by-spaces", 'css(".n") >= 10000', "9 999 signatures", "10 000 signatures"),
    other(
        "grouped-by-commas", 'css(".n") >= 1000000', "999,999 signatures", "1,000,000 signatures"
    ),
    other("version", 'css(".n") >= 3', "v2.9.1", "v3.0.0"),
]
