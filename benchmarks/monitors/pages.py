"""Pages as sites really send them: with scripts, a cookie banner, navigation and a footer."""

import json
from typing import Any, NamedTuple


class Words(NamedTuple):
    """What every page of a site says in one language."""

    site: str
    home: str
    basket: str
    log_in: str
    contact: str
    cookies: str
    accept: str
    privacy: str


LANGUAGES = {
    "en": Words(
        "Harbour Goods",
        "Home",
        "Basket",
        "Log in",
        "Contact us",
        "We use cookies to improve your experience.",
        "Accept all",
        "Privacy",
    ),
    "de": Words(
        "Hafenladen",
        "Startseite",
        "Warenkorb",
        "Anmelden",
        "Kontakt",
        "Wir verwenden Cookies, um unsere Website zu verbessern.",
        "Alle akzeptieren",
        "Datenschutz",
    ),
    "fr": Words(
        "Le Comptoir",
        "Accueil",
        "Panier",
        "Se connecter",
        "Nous contacter",
        "Nous utilisons des cookies pour améliorer votre expérience.",
        "Tout accepter",
        "Confidentialité",
    ),
    "es": Words(
        "La Tienda",
        "Inicio",
        "Cesta",
        "Iniciar sesión",
        "Contacto",
        "Utilizamos cookies para mejorar su experiencia.",
        "Aceptar todo",
        "Privacidad",
    ),
    "it": Words(
        "La Bottega",
        "Pagina iniziale",
        "Carrello",
        "Accedi",
        "Contatti",
        "Utilizziamo i cookie per migliorare la navigazione.",
        "Accetta tutti",
        "Riservatezza",
    ),
    "pt": Words(
        "Loja do Porto",
        "Início",
        "Carrinho",
        "Entrar",
        "Contacto",
        "Utilizamos cookies para melhorar a sua experiência.",
        "Aceitar todos",
        "Privacidade",
    ),
    "nl": Words(
        "De Havenwinkel",
        "Startpagina",
        "Winkelwagen",
        "Inloggen",
        "Klantenservice",
        "Wij gebruiken cookies om uw ervaring te verbeteren.",
        "Alles accepteren",
        "Privacybeleid",
    ),
    "pl": Words(
        "Sklep Portowy",
        "Strona główna",
        "Koszyk",
        "Zaloguj się",
        "Kontakt",
        "Używamy plików cookie, aby ulepszyć naszą stronę.",
        "Akceptuję wszystkie",
        "Prywatność",
    ),
    "cs": Words(
        "Přístavní obchod",
        "Úvod",
        "Košík",
        "Přihlásit se",
        "Kontakty",
        "Používáme soubory cookie ke zlepšení webu.",
        "Přijmout vše",
        "Ochrana údajů",
    ),
    "sv": Words(
        "Hamnbutiken",
        "Hem",
        "Varukorg",
        "Logga in",
        "Kundtjänst",
        "Vi använder kakor för att förbättra din upplevelse.",
        "Godkänn alla",
        "Integritet",
    ),
    "da": Words(
        "Havnebutikken",
        "Forside",
        "Indkøbskurv",
        "Log ind",
        "Kundeservice",
        "Vi bruger cookies for at forbedre din oplevelse.",
        "Accepter alle",
        "Privatliv",
    ),
    "fi": Words(
        "Satamakauppa",
        "Etusivu",
        "Ostoskori",
        "Kirjaudu sisään",
        "Asiakaspalvelu",
        "Käytämme evästeitä parantaaksemme sivustoa.",
        "Hyväksy kaikki",
        "Tietosuoja",
    ),
    "tr": Words(
        "Liman Mağazası",
        "Ana sayfa",
        "Sepetim",
        "Giriş yap",
        "İletişim",
        "Deneyiminizi iyileştirmek için çerezler kullanıyoruz.",
        "Tümünü kabul et",
        "Gizlilik",
    ),
    "el": Words(
        "Το Λιμάνι",
        "Αρχική",
        "Καλάθι",
        "Σύνδεση",
        "Επικοινωνία",
        "Χρησιμοποιούμε cookies για να βελτιώσουμε την εμπειρία σας.",
        "Αποδοχή όλων",
        "Απόρρητο",
    ),
    "ru": Words(
        "Портовая лавка",
        "Главная",
        "Корзина",
        "Войти",
        "Контакты",
        "Мы используем файлы cookie, чтобы улучшить сайт.",
        "Принять все",
        "Конфиденциальность",
    ),
    "uk": Words(
        "Портова крамниця",
        "Головна",
        "Кошик",
        "Увійти",
        "Контакти",
        "Ми використовуємо файли cookie, щоб покращити сайт.",
        "Прийняти всі",
        "Конфіденційність",
    ),
    "ja": Words(
        "港の店",
        "ホーム",
        "カート",
        "ログイン",
        "お問い合わせ",
        "当サイトではサービス向上のためクッキーを使用しています。",
        "すべて同意する",
        "プライバシー",
    ),
    "zh": Words(
        "港口商店",
        "首页",
        "购物车",
        "登录",
        "联系我们",
        "我们使用 Cookie 来改善您的体验。",
        "全部接受",
        "隐私政策",
    ),
    "ko": Words(
        "항구 상점",
        "홈",
        "장바구니",
        "로그인",
        "고객센터",
        "당사는 서비스 개선을 위해 쿠키를 사용합니다.",
        "모두 동의",
        "개인정보 처리방침",
    ),
    "ar": Words(
        "متجر الميناء",
        "الرئيسية",
        "السلة",
        "تسجيل الدخول",
        "اتصل بنا",
        "نستخدم ملفات تعريف الارتباط لتحسين تجربتك.",
        "قبول الكل",
        "الخصوصية",
    ),
    "he": Words(
        "חנות הנמל",
        "דף הבית",
        "סל קניות",
        "התחברות",
        "צור קשר",
        "אנו משתמשים בעוגיות כדי לשפר את החוויה שלך.",
        "קבל הכול",
        "פרטיות",
    ),
    "hi": Words(
        "बंदरगाह की दुकान",
        "मुख्य पृष्ठ",
        "टोकरी",
        "लॉग इन करें",
        "संपर्क करें",
        "हम आपके अनुभव को बेहतर बनाने के लिए कुकीज़ का उपयोग करते हैं।",
        "सभी स्वीकार करें",
        "गोपनीयता",
    ),
    "th": Words(
        "ร้านท่าเรือ",
        "หน้าแรก",
        "ตะกร้า",
        "เข้าสู่ระบบ",
        "ติดต่อเรา",
        "เราใช้คุกกี้เพื่อปรับปรุงประสบการณ์ของคุณ",
        "ยอมรับทั้งหมด",
        "ความเป็นส่วนตัว",
    ),
    "vi": Words(
        "Cửa hàng Bến Cảng",
        "Trang chủ",
        "Giỏ hàng",
        "Đăng nhập",
        "Liên hệ",
        "Chúng tôi sử dụng cookie để cải thiện trải nghiệm của bạn.",
        "Chấp nhận tất cả",
        "Quyền riêng tư",
    ),
}


def document(
    main: str,
    *,
    title: str = "",
    lang: str = "en",
    head: str = "",
    banner: bool = True,
    token: str = "8f2c",
) -> str:
    """Return a whole page around `main`.

    Args:
        main: the HTML of what the page is about.
        title: its title; the site's name follows.
        lang: the language of the page and of all around `main`.
        head: more for the head, such as JSON-LD.
        banner: whether it asks about cookies, beside its content.
        token: what differs at each visit: nonces, CSRF tokens, cache-busters.
    """
    words = LANGUAGES[lang]
    asked = (
        f'<div id="cookie-consent" role="region" class="cc-window cc-banner"><p>{words.cookies} '
        f'<a href="/privacy">{words.privacy}</a></p><button type="button">{words.accept}</button></div>'
        if banner
        else ""
    )
    return f"""<!DOCTYPE html>
<html lang="{lang}"{' dir="rtl"' if lang in ("ar", "he") else ""} class="no-js">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="csrf-token" content="{token}a91e7">
<title>{title + " – " if title else ""}{words.site}</title>
<link rel="stylesheet" href="/assets/site.css?v={token}">
<style>.is-hidden {{ display: none }} .price {{ font-weight: 700 }}</style>
<script nonce="{token}">window.dataLayer = window.dataLayer || []; (function (w) {{ w.t0 = "{token}"; }})(window);</script>
{head}
</head>
<body class="page">
{asked}
<header class="site-header"><a class="logo" href="/">{words.site}</a>
<nav aria-label="Main"><ul><li><a href="/">{words.home}</a></li><li><a href="/account/login">{words.log_in}</a></li>
<li><a href="/basket">{words.basket}</a></li></ul></nav></header>
<main id="main">
{main}
</main>
<footer class="site-footer"><form action="/search" method="get"><input type="hidden" name="csrf" value="{token}"></form>
<p>© {words.site} · <a href="/contact">{words.contact}</a> · <a href="/privacy">{words.privacy}</a></p></footer>
<script src="/assets/app.js?v={token}" defer></script>
</body>
</html>
"""


def shop(
    price: str,
    stock: str = "",
    *,
    name: str = "Walnut desk lamp",
    lang: str = "en",
    head: str = "",
    more: str = "",
    token: str = "8f2c",
) -> str:
    """Return a product page; `price` is HTML inside the element `.price`, `stock` inside `.stock`."""
    main = f"""<div class="product" data-product-id="4711">
<div class="gallery"><img src="/media/4711.webp?{token}" alt="{name}"></div>
<div class="summary entry-summary"><h1 class="product_title">{name}</h1>
<div class="product-price"><span class="price">{price}</span></div>
<p class="stock">{stock}</p>
<form class="cart" method="post"><input type="hidden" name="form_key" value="{token}"><input type="number" name="qty" value="1" min="1"></form>
{more}</div></div>"""
    return document(main, title=name, lang=lang, head=head, token=token)


def article(
    title: str, *paragraphs: str, lang: str = "en", beside: str = "", token: str = "8f2c"
) -> str:
    """Return an article; `beside` is the HTML after it: teasers, advertisements, comments."""
    text = "\n".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    main = f'<article class="post hentry"><h1 class="entry-title">{title}</h1>\n<div class="entry-content">{text}</div></article>{beside}'
    return document(main, title=title, lang=lang, token=token)


def lines(
    *texts: str, title: str = "Overview", lang: str = "en", token: str = "8f2c", tag: str = "li"
) -> str:
    """Return a page with a list of `texts`, each of which may be HTML."""
    items = "\n".join(f'<{tag} class="item">{text}</{tag}>' for text in texts)
    return document(
        f'<h1>{title}</h1><ul class="list">{items}</ul>', title=title, lang=lang, token=token
    )


def json_ld(data: Any) -> str:
    return f'<script type="application/ld+json">{json.dumps(data, ensure_ascii=False)}</script>'


def offer(price: Any, availability: str = "InStock", currency: str = "EUR", **more: Any) -> str:
    """Return the JSON-LD of a product with one offer."""
    schema = "https://schema.org/"
    offers = {"@type": "Offer", "priceCurrency": currency, "availability": schema + availability}
    if price is not None:
        offers["price"] = price
    product = {"@context": schema, "@type": "Product", "name": "Walnut desk lamp", "offers": offers}
    return json_ld(product | more)
