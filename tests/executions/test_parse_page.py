"""What is read of a page, and the number on it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.pages.numbers import number_in
from executions.pages.page import Unreadable
from executions.pages.parse_page import parse_page
from tests.support.watched_pages import select_number

HTML = "text/html; charset=utf-8"


def test_html_is_read_as_a_person_sees_it():
    page = parse_page(
        b"""<!doctype html><html><head><title> The\n  shop </title>
        <script>var hidden = 1</script><style>p { color: red }</style></head>
        <body><!-- hidden --><h1>Bread &amp; butter</h1><p>In <b>stock</b></p></body></html>""",
        HTML,
    )

    assert page.text == "The shop\nBread & butter\nIn stock"
    assert page.title == "The shop"


def test_a_long_title_is_cut():
    page = parse_page(f"<title>{'a' * 201}</title>".encode(), HTML)

    assert page.title == "a" * 200


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        ("text/html; charset=utf-8", "utf-8"),
        ('Text/HTML; Charset="UTF-8"', "utf-8"),
        ("text/html", "utf-8"),
        ("", "utf-8"),
        ("text/html", "utf-8-sig"),
        ("text/html", "utf-16"),
        ("text/html; charset=windows-1252", "cp1252"),
        ("text/html; charset=ISO-8859-15", "iso8859-15"),
        ("text/html; charset=nonsense", "utf-8"),
        ("text/html; charset*=us-ascii''%00", "utf-8"),
        ("application/xhtml+xml", "utf-8"),
    ],
)
def test_letters_are_read_in_the_charset_of_the_header(content_type, charset):
    assert parse_page("<p>Käse 5 €".encode(charset), content_type).text == "Käse 5 €"


def test_letters_are_read_in_the_charset_that_the_page_declares():
    page = parse_page('<meta charset="windows-1252"><p>Käse 5 €'.encode("cp1252"), "text/html")

    assert page.text == "Käse 5 €"


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        ("text/plain", "utf-8"),
        ("text/plain; charset=cp1252", "cp1252"),
        ("text/plain; charset=nonsense", "utf-8"),
        ("text/plain; charset=idna", "utf-8"),
        ("text/plain; charset=undefined", "utf-8"),
    ],
)
def test_plain_letters_are_read_in_the_charset_of_the_header(content_type, charset):
    assert parse_page("Käse 5 €".encode(charset), content_type).text == "Käse 5 €"


def test_bytes_outside_the_charset_are_replaced():
    assert parse_page(b"<p>a\xff", HTML).text == "a\N{REPLACEMENT CHARACTER}"
    assert parse_page(b"a\xff", "text/plain; charset=utf-8").text == "a\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        (b"a\0b", "text/plain", "a�b"),
        (b"<p>a\0b&#0;c&#xD800;d", HTML, "a�b�c�d"),
        (b'"a\\ud800b"', "application/json", '"a�b"'),
        # In JSON, an escaped NUL stays escaped.
        (b'"a\\u0000b"', "application/json", '"a\\u0000b"'),
    ],
    ids=["NUL in text", "NUL and surrogate in HTML", "surrogate in JSON", "NUL in JSON"],
)
def test_what_the_database_cannot_keep_is_replaced(body, content_type, text):
    assert parse_page(body, content_type).text == text


def test_json_is_read_the_same_whatever_numbers_it_has():
    small, large = (parse_page(b'{"b": [%d], "a": 1}' % n, "application/json") for n in (7, 10**30))

    assert large.text == small.text.replace("7", str(10**30))


@pytest.mark.parametrize("content_type", ["application/json", "application/ld+json; charset=utf-8"])
def test_json_is_read_with_its_keys_in_order(content_type):
    page = parse_page('{"b": [1, "ß"], "a": null}'.encode(), content_type)

    assert page.text == '{\n  "a": null,\n  "b": [\n    1,\n    "ß"\n  ]\n}'
    assert page.data == {"a": None, "b": [1, "ß"]}
    assert page.title == ""


def test_plain_text_is_read_as_it_is():
    page = parse_page(b"<title>no markup</title>\n  here", "text/plain")

    assert page.text == "<title>no markup</title>\n  here"
    assert page.title == ""


@pytest.mark.parametrize("body", [b"", b" \n", b"<!-- nothing -->"])
def test_an_empty_page_has_no_text(body):
    page = parse_page(body, HTML)

    assert (page.text, page.title) == ("", "")


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        (b"", "image/png", "it is image/png, not text"),
        (b"%PDF", "application/pdf; name=a", "it is application/pdf, not text"),
        (b"%PDF-1.4", "application/pdf", "it is a PDF that is broken"),
        (b"", "application/octet-stream", "it is application/octet-stream, not text"),
        (b"{'a': 1}", "application/json", "it is not valid JSON"),
        (b"[" * 100_000, "application/json", "it is not valid JSON"),
        (b"9" * 5_000, "application/json", "it is not valid JSON"),
    ],
    ids=["picture", "PDF", "broken PDF", "bytes", "not JSON", "too deep", "too large a number"],
)
def test_what_is_no_text_is_refused(body, content_type, message):
    with pytest.raises(Unreadable) as refusal:
        parse_page(body, content_type)

    assert str(refusal.value) == message


@given(
    st.binary(max_size=80) | st.text(max_size=80).map(str.encode),
    st.sampled_from(["", HTML, "text/plain", "text/plain; charset=utf-16", "application/json"]),
)
def test_whatever_is_read_can_be_kept(body, content_type):
    try:
        page = parse_page(body, content_type)
    except Unreadable:
        return

    assert "\0" not in page.text + page.title
    (page.text + page.title).encode()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5", 5),
        ("$1,299.95", "1299.95"),
        ("1.299,95 €", "1299.95"),
        ("1 299,95 kr", "1299.95"),
        ("1\N{NO-BREAK SPACE}299,95 €", "1299.95"),
        ("1\N{NARROW NO-BREAK SPACE}299,95 €", "1299.95"),
        ("CHF 1'299.95", "1299.95"),
        ("CHF 1\N{RIGHT SINGLE QUOTATION MARK}299.95", "1299.95"),
        ("₹1,29,999.00", 129999),
        ("R$ 1.299,95", "1299.95"),
        ("¥1,000", 1000),
        ("1.234.567", 1234567),
        ("1,299", 1299),
        ("1.299", 1299),
        ("0,5", "0.5"),
        ("0.925", "0.925"),
        ("0,925", "0.925"),
        ("65123.456", "65123.456"),
        ("1.0853", "1.0853"),
        ("Only 3 of 10 left", 3),
        ("3-5 days", 3),
        ("Rated 4.5/5", "4.5"),
        ("-5", -5),
        ("\N{MINUS SIGN}5 °C", -5),
        ("- 3.5", "-3.5"),
        ("-$5", -5),
        ("$-5", -5),
        ("EUR -1.234,56", "-1234.56"),
        ("COVID-19", 19),
        ("size T-XL 5", 5),
        ("12%", 12),
        ("12.5 %", "12.5"),
        ("12,5%", "12.5"),
        ("-20% now", -20),
        ("free", 0),
        ("Sold out", None),
        ("-", None),
        ("", None),
        (5, 5),
        (-0.1, "-0.1"),
        (10**40, 10**40),
        (float("nan"), None),
        (float("inf"), None),
        (True, None),
        (None, None),
    ],
)
def test_a_number_is_read_in_whatever_country_it_was_written(text, number):
    assert number_in(text) == (None if number is None else Decimal(number))


@given(st.text() | st.text("0123456789.,-%$€ '", max_size=20) | st.floats() | st.integers())
def test_a_number_that_is_read_is_finite(value):
    number = number_in(value)

    assert number is None or number.is_finite()


@given(st.integers(0, 10**9), st.integers(0, 99), st.sampled_from([",.", ".,", " ,", "'."]))
def test_thousands_and_hundredths_are_told_apart(whole, hundredths, separators):
    text = f"{whole:,}.{hundredths:02}".translate(str.maketrans(",.", separators))

    assert number_in(text) == whole + Decimal(hundredths) / 100


SHOP = (
    b"""<p class="price">was <b>20 USD</b>\n</p><p class="price">now 10</p><p id="none">sold</p>"""
)


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        (".price", (Decimal(20), "was 20 USD")),
        (".price ~ .price", (Decimal(10), "now 10")),
        ("p > b", (Decimal(20), "20 USD")),
        ("#none", None),
        ("#absent", None),
    ],
)
def test_a_css_selector_finds_the_first_number(selector, selected):
    assert select_number(parse_page(SHOP, HTML), "css", selector) == selected


OFFERS = b"""{"offers": [{"price": 20.5, "sold": true}, {"price": "1.085"}, {"price": null}],
"text": "from 1.299,95\\u0000", "tiny": "1e-7", "deep": %s5%s}""" % (b"[" * 200, b"]" * 200)


@pytest.mark.parametrize(
    ("path", "selected"),
    [
        ("$.offers[0].price", (Decimal("20.5"), "20.5")),
        ("$.offers[*].price", (Decimal("20.5"), "20.5")),
        # A string that is a JSON number has a decimal point, whatever it may mean to a person.
        ("$.offers[1].price", (Decimal("1.085"), "1.085")),
        ("$.tiny", (Decimal("0.0000001"), "1E-7")),
        ("$.text", (Decimal("1299.95"), "from 1.299,95�")),
        ("$.offers[2].price", None),
        ("$.offers[0].sold", None),
        ("$.absent", None),
        ("$..price", (Decimal("20.5"), "20.5")),
        # Nested deeper than a path may descend.
        ("$..absent", None),
    ],
)
def test_a_json_path_finds_the_first_number(path, selected):
    assert select_number(parse_page(OFFERS, "application/json"), "json", path) == selected


@pytest.mark.parametrize(
    ("content_type", "kind", "selector"),
    [("text/plain", "css", "p"), (HTML, "json", "$.a"), ("text/plain", "json", "$")],
)
def test_a_selector_for_another_kind_of_page_finds_nothing(content_type, kind, selector):
    assert select_number(parse_page(b"<p>5</p>", content_type), kind, selector) is None


def test_a_json_text_that_begins_like_json_holds_no_number():
    assert select_number(parse_page(b'"[5"', "application/json"), "json", "$") is None
