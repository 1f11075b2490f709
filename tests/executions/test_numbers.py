# ruff: noqa: RUF001 - letters and digits of other scripts are meant
"""The number that a person reads, by the habits of real shops and pages."""

from decimal import Decimal

import pytest

from executions.pages.documents import html_document
from executions.pages.numbers import amount_of, number_in


@pytest.mark.parametrize(
    ("text", "number"),
    [
        # The one beside a currency is the first.
        ("PS5 Digital Edition 499,99 €", "499.99"),
        ("-20 % 79,99 €", "79.99"),
        ("-20% PS5 $499.99", "499.99"),
        ("4.5 stars (120) £12", 12),
        ("2 for $5", 5),
        ("3 x 9,99 EUR", "9.99"),
        ("ab 12 kg 3,50 Kč", "3.50"),
        ("16GB kr 1 299,-", 1299),
        ("10 left, 5 руб.", 5),
        ("5 € 10 €", 5),
        # A former price is not the price.
        ("was $99 now $79", 79),
        ("UVP 99 € 79 €", 79),
        ("Save $20! Now $79", 79),
        ("$20 off: $79", 79),
        ("Regular price $10.00 Sale price $8.00", "8.00"),
        ("was $99", 99),
        # Parts of names, percentages, dates and times come last.
        ("PS5 499", 499),
        ("12.05.2024 10:30 Preis 7", 7),
        ("12:30 7", 7),
        ("A4 5", 5),
        ("PS5", 5),
        ("v1.2.3", "1.2"),
        ("50 %", 50),
        # Magnitudes.
        ("12.5k", 12500),
        ("1.2M followers", 1200000),
        ("3 Mio. €", 3000000),
        ("$1.5 million", 1500000),
        ("1.2万", 12000),
        ("₹2 lakh", 200000),
        ("5 km", 5),
        ("5 K", 5),
        ("5 m", 5),
        # Digits and separators of other scripts.
        ("٣٤٫٥٠ ر.س", "34.50"),
        ("١٬٢٩٩", 1299),
        ("１２，９９９円", 12999),
        ("₹१,२९,९९९", 129999),
        # Cents.
        ("29⁹⁹ €", "29.99"),
        ("29€99", "29.99"),
        ("29 €99", "29.99"),
        ("$.99", "0.99"),
        ("CHF 5.—", 5),
        ("5,- Kč", 5),
        # Nothing but "free" is 0.
        ("Free!", 0),
        ("gratis", 0),
        ("carefree", None),
        ("sugar-free", None),
        ("Free shipping", None),
        ("Free, then $5", 5),
        # A range is not a minus sign.
        ("10 - 20", 10),
        ("10 -20", 10),
        ("now -5", -5),
        ("5\N{EN DASH}8 pieces", 5),
        ("5 \N{EN DASH} 8 pieces", 5),
        ("Lamp \N{EN DASH} 99 €", 99),
        ("989,\N{EN DASH} €", 989),
        ("1 000 1 000", 1000),
    ],
)
def test_the_number_that_a_person_reads(text, number):
    assert number_in(text) == (None if number is None else Decimal(number))


@pytest.mark.parametrize(
    ("text", "language", "number"),
    [
        ("1.299", "de", 1299),
        ("1.299 €", "de-DE", 1299),
        ("1.299", "en", "1.299"),
        ("1,299", "de", "1.299"),
        ("1,299", "en-US", 1299),
        ("1,299", "de-CH", 1299),
        ("1,299", "es-MX", 1299),
        ("1,299", "es", "1.299"),
        ("1.299", "", 1299),
        # Where the text itself is clear, the language does not matter.
        ("1.299,95", "en", "1299.95"),
        ("1,299.95", "de", "1299.95"),
        ("12.5", "de", "12.5"),
        ("1.234.567", "en", 1234567),
        ("0.925", "de", "0.925"),
    ],
)
def test_the_language_decides_what_a_separator_means(text, language, number):
    assert number_in(text, language=language) == Decimal(number)


FOR_EYES_AND_EARS = """<p><i class="a-offscreen">$29.99</i>
<i aria-hidden="true">$<b>29<b>.</b></b><b class="a-price-fraction">99</b></i></p>"""
REDUCED_FOR_EYES_AND_EARS = """<p><del aria-hidden="true">$20.00</del>
<b class="screen-reader-text">Original price was: $20.00.</b><ins aria-hidden="true">$15.00</ins>
<b class="screen-reader-text">Current price is: $15.00.</b></p>"""


@pytest.mark.parametrize(
    ("element", "number", "shown"),
    [
        ("<p><del>$20</del> <ins>$15</ins></p>", 15, "$15"),
        ("<p><ins>$15</ins> <del>$20</del></p>", 15, "$15"),
        ("<p><s>20</s> 15</p>", 15, "15"),
        ('<p><b style="text-decoration: line-through">$9</b> 7</p>', 7, "7"),
        ("<p><del>20 €</del></p>", 20, "20 €"),
        ("<del>20 €</del>", 20, "20 €"),
        ("<p><ins>new</ins> $5</p>", 5, "new $5"),
        ('<meta itemprop="price" content="1.299">', "1.299", "1.299"),
        ('<b itemprop="price" content="1299.00">1.299 €</b>', "1299.00", "1299.00"),
        ('<input value="5.50">', "5.50", "5.50"),
        ('<data value="7">seven</data>', 7, "7"),
        ('<b data-price="19.99"></b>', "19.99", "19.99"),
        ('<b data-price="1999">19,99 €</b>', "19.99", "19,99 €"),
        ('<p>from<b itemprop="price" content="5"></b></p>', 5, "5"),
        ("<p>$29<sup>99</sup></p>", "29.99", "$29⁹⁹"),
        ("<p>29 €<sup>99</sup></p>", "29.99", "29 €⁹⁹"),
        ('<p>29,<b class="price-fraction">99</b> €</p>', "29.99", "29,⁹⁹ €"),
        ("<p>5 m<sup>2</sup></p>", 5, "5 m2"),
        (FOR_EYES_AND_EARS, "29.99", "$29.⁹⁹"),
        (REDUCED_FOR_EYES_AND_EARS, "15.00", "$15.00"),
        ("<select><option>1<option selected>2</select>", 2, "2"),
        ("<p>was <script>9</script>5</p>", 5, "was 5"),
    ],
)
def test_the_number_of_an_element(element, number, shown):
    (found,) = html_document(f"<div id=x>{element}").cssselect("#x > :first-child, meta")

    read = amount_of(found)

    assert read is not None
    assert (read[0].number, read[1]) == (Decimal(number), shown)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("\N{EN DASH}3 °C", -3),
        ("now \N{EN DASH}2,5 °C", "-2.5"),
        ("(\N{EN DASH}€5)", -5),
        ("\N{MINUS SIGN}3 °C", -3),
        ("\N{MINUS SIGN} 3 °C", -3),
    ],
)
def test_an_en_dash_before_a_temperature_is_a_minus_sign(text, number):
    assert number_in(text) == Decimal(number)


def test_an_element_without_a_number_has_none():
    assert amount_of(html_document("<p>Sold out")) is None


def test_reading_a_number_changes_nothing_on_the_page():
    document = html_document("<p>$29<sup>99</sup> <del>$40</del>")

    amount_of(document)

    assert document.text_content() == "$2999 $40"


@pytest.mark.parametrize(
    "text",
    [
        "1 000 " * 200_000,
        "1." * 500_000,
        "- " * 500_000,
        "1€" * 500_000,
        "9" * 1_000_000,
        "a" * 1_000_000,
        "was " * 250_000,
        "free " * 200_000,
    ],
    ids=["groups", "points", "hyphens", "signs", "digits", "letters", "words", "free"],
)
def test_a_text_made_to_take_time_is_read_at_once(half_a_second_of_cpu, text):
    number_in(text, language="de")


@pytest.mark.parametrize(
    "hostile",
    ["<sup>99</sup>" * 40_000, "<del>9</del>x" * 40_000, "<ins>x</ins>" * 40_000],
    ids=["cents", "crossed out", "inserted"],
)
def test_an_element_made_to_take_time_is_read_soon(hostile):
    amount_of(html_document(hostile))
