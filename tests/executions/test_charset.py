# ruff: noqa: RUF001 - letters of other scripts are meant
"""The letters of pages that declare their encoding, wrongly or not at all."""

import pytest

from executions.pages.charset import decoded

TEXTS = {
    "cp1252": "Café crème à la française, größer für 5 €",
    "cp1251": "Цена на хлеб сегодня выросла, в наличии",
    "cp1253": "Διαθέσιμο σε απόθεμα σήμερα",
    "cp1256": "متوفر في المخزون السعر",
    "cp874": "สินค้ามีในสต็อก ราคา",
    "cp932": "在庫あり。価格は千円です",
    "gb18030": "现货供应，价格一百元",
    "big5": "現貨供應，價格一百元",
    "cp949": "재고 있음 가격",
}
OF_LANGUAGE = {
    "cs": ("cp1250", "Příliš žluťoučký kůň, skladem"),
    "tr": ("cp1254", "Ürün stokta, fiyatı değişti"),
    "lt": ("cp1257", "Prekė sandėlyje, žiūrėti"),
    "ru": ("koi8_r", "Цена на хлеб сегодня выросла"),
    "ja": ("euc_jp", "在庫あり。価格は千円です"),
    "he": ("cp1255", "במלאי עכשיו המחיר"),
}


@pytest.mark.parametrize(("encoding", "text"), TEXTS.items(), ids=TEXTS.keys())
def test_what_declares_nothing_is_guessed_by_its_bytes(encoding, text):
    assert decoded(f"<p class='a b c'>{text}</p>".encode(encoding), None) == (
        f"<p class='a b c'>{text}</p>"
    )


@pytest.mark.parametrize(("language", "told"), OF_LANGUAGE.items(), ids=OF_LANGUAGE.keys())
def test_the_pages_language_helps_to_guess(language, told):
    encoding, text = told
    page = f'<html lang="{language}"><p>{text}'

    assert decoded(page.encode(encoding), None) == page


@pytest.mark.parametrize(
    ("body", "label", "text"),
    [
        # A byte order mark counts before the header.
        ("ä".encode("utf-8-sig"), "iso-8859-1", "ä"),
        ("ä".encode("utf-16"), "utf-8", "ä"),
        # Labels mean what they mean to browsers.
        (b"\x80", "iso-8859-1", "€"),
        (b"\x80", "us-ascii", "€"),
        (b"\xa4", "l9", "€"),
        ("ab".encode("utf-16-le"), "utf-16", "ab"),
        # The header counts before the page.
        (b'<meta charset="utf-8">\xe4', "cp1252", '<meta charset="utf-8">ä'),
        (b'<meta charset="cp1251">\xe4', "nonsense", '<meta charset="cp1251">д'),
        (
            b"<META a content='b; charset = cp1251'>\xe4",
            None,
            "<META a content='b; charset = cp1251'>д",
        ),
        (b"<?xml v='1' encoding='cp1251'?>\xe4", None, "<?xml v='1' encoding='cp1251'?>д"),
        # A page that says that it is UTF-16 could not be read if it were.
        ('<meta charset="utf-16">ä'.encode(), None, '<meta charset="utf-16">ä'),
        # What is in a comment is not declared.
        (b'<!-- <meta charset="cp1251"> -->\xe4', None, '<!-- <meta charset="cp1251"> -->ä'),
        (b"a\xff\xc3", "utf-8", "a��"),
        ("\N{KELVIN SIGN}".encode(), "\N{KELVIN SIGN}oi8-r", "\N{KELVIN SIGN}"),
    ],
)
def test_what_counts_in_which_order(body, label, text):
    assert decoded(body, label) == text


@pytest.mark.parametrize(
    "body",
    [
        b"\xff" * 5_000_000,
        b"\xe4 \xf6" * 1_500_000,
        b"<\xe4" * 2_000_000,
        b"<!--" * 1_000_000 + b"\xff",
        b"<meta " * 800_000 + b"\xff",
        b"<html" + b" lang" * 1_000_000 + b"\xff",
    ],
    ids=["bytes", "letters", "markup", "comments", "metas", "languages"],
)
def test_bytes_made_to_take_time_are_decoded_at_once(half_a_second_of_cpu, body):
    decoded(body, None)
