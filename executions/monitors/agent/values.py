"""The closed forms of the values that people are told; pure."""

import calendar
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from executions.monitors.agent.finding import ValueKind
from executions.monitors.agent.quotes import (
    SHORTEST,
    is_for_readers,
    leads_elsewhere,
    why_not_counted,
)
from executions.monitors.agent.reading import PageRead
from executions.pages.currency import currencies_of, is_currency, name_of
from executions.pages.normal_form import folded
from executions.pages.numbers import amount_in

#: How the model is to write each kind.
FORMS = {
    ValueKind.YES: "null",
    ValueKind.DATE: 'a date such as "2026-09-19", a month such as "2026-09", a quarter such as '
    '"2026-Q3", or a year',
    ValueKind.PRICE: 'a number and a currency, such as "499.00 EUR"',
    ValueKind.NAME: "at most 60 characters, as a page writes them",
}
NAME_CHARACTERS = 60
#: The normal form of a name may be many times as long.
NAME_KEY_CHARACTERS = 200
#: How long after a page was published a date that it names without a year may be.
WITHIN = timedelta(days=366)

_DATE = re.compile(r"(\d{4})(?:-(?:(\d{1,2})(?:-(\d{1,2}))?|[Qq]([1-4])))?")
_NUMBER_RUN = re.compile(r"\d+(?:[.,' \u00a0\u202f]\d+)*")
_NUMBER = re.compile(r"\d+")
_DESCRIBED = re.compile(r",\s+(?=[^\W\dA-Z_])")
_YEAR = re.compile(r"\b(20\d\d)\b")
#: "2026-09-19", "19.9.2026", "9/19/26", "19.9.", "2026年9月19日".
_NUMERIC_DATE = re.compile(
    r"(?<![\d.,])(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})?(?!\d)|(\d{1,2})[月월] ?(\d{1,2})[日일]"
)
#: The names of months and their abbreviations, in normal form.
_MONTHS = (
    "january jan januar janvier enero ene gennaio gen janeiro januari stycznia ledna января",
    "february feb februar février fév febrero febbraio fevereiro fev februari lutego února февраля",
    "march mar märz mär mrz mars marzo março maart mrt marca března марта",
    "april apr avril avr abril abr aprile kwietnia dubna апреля",
    "may mai mayo maggio mag maio mei maj maja května мая",
    "june jun juni juin junio giugno giu junho czerwca června июня",
    "july jul juli juillet juil julio luglio lug julho lipca července июля",
    "august aug août agosto ago augustus augusti sierpnia srpna августа",
    "september sep sept septembre septiembre settembre set setembro września září сентября",
    "october oct oktober okt octobre octubre ottobre ott outubro października října октября",
    "november nov novembre noviembre novembro listopada listopadu ноября",
    "december dec dezember dez décembre déc diciembre dic dicembre dezembro grudnia декабря",
)
#: "May" is a word of its own, too: it is the month beside a year, or after one of these words.
_IN = "(?:in|by|until|till|from|since|before|after|early|late|mid|end of|this|next|of|during)"
_ORDINALS = ("first", "second", "third", "fourth")
_QUARTERS = tuple(
    re.compile(
        rf"\b(?:q\s?{n}|{n}q|t{n}|{n}\. quartal|{n}(?:er|e|º|o)? trimestre|{word} quarter"
        rf"|{n}(?:st|nd|rd|th) quarter)\b"
    )
    for n, word in enumerate(_ORDINALS, 1)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What people are told besides that the condition is true."""

    kind: ValueKind
    #: Its normal form, which is the same whenever the same is told.
    key: str
    #: What people read; empty if there is nothing to add.
    shown: str = ""
    #: Of a date, the year, month and day; 0 for what it leaves open.
    year: int = 0
    month: int = 0
    day: int = 0
    quarter: int = 0
    #: Of a price, the number and the currency's code or sign.
    number: Decimal = Decimal(0)
    currency: str = ""


class NotInForm(ValueError):
    """The value does not have the form of its kind; the message says what the form is."""


def value_in(kind: ValueKind, written: str | None) -> Value:
    """Return the value that a model has written.

    Raises:
        NotInForm: it is not of its kind's form.
    """
    written = " ".join((written or "").split())
    if not written or kind is ValueKind.YES:
        return Value(kind=ValueKind.YES, key="yes")
    reading = {ValueKind.DATE: _date, ValueKind.PRICE: _price, ValueKind.NAME: _name}[kind]
    value = reading(written)
    if value is None:
        # People read this, too: what a page made the model write must not lead them elsewhere.
        is_harmless = not (leads_elsewhere(written) or is_for_readers(written))
        named = f"The value {written[:60]!r}" if is_harmless else "The value"
        raise NotInForm(f"{named} is not {FORMS[kind]}.")
    return value


def is_same(value: Value, key: str) -> bool:
    """Return whether a value is the one that was told with a key.

    A price may be written with the sign of its currency, with its code, or without either.
    """
    if value.key == key or value.kind is not ValueKind.PRICE:
        return value.key == key
    number, _, currency = key.partition(" ")
    if number != value.key.partition(" ")[0]:
        return False
    codes, others = currencies_of(value.currency), currencies_of(currency)
    return not codes or not others or not codes.isdisjoint(others)


def stands_in(value: Value, quotes: Iterable[tuple[str, PageRead]]) -> bool:
    """Return whether one of the quotes contains the value.

    Args:
        value: the value.
        quotes: the quotes that count, each with the page on which it stands.
    """
    match value.kind:
        case ValueKind.YES:
            return True
        case ValueKind.NAME:
            return any(folded(value.shown) in folded(quote) for quote, _ in quotes)
        case ValueKind.PRICE:
            return any(_has_price(value, quote) for quote, _ in quotes)
        case ValueKind.DATE:
            return any(_has_date(value, quote, page) for quote, page in quotes)


def _date(written: str) -> Value | None:
    found = _DATE.fullmatch(written)
    if found is None:
        return None
    year, month, day, quarter = (int(part or 0) for part in found.groups())
    if month > len(_MONTHS) or (found[2] and not month):
        return None
    key = found[1]
    if quarter:
        key, shown = f"{year}-Q{quarter}", f"{_ORDINALS[quarter - 1]} quarter of {year}"
        return Value(kind=ValueKind.DATE, key=key, shown=shown, year=year, quarter=quarter)
    shown = str(year)
    if month:
        key, shown = f"{year}-{month:02}", f"{calendar.month_name[month]} {year}"
    if found[3]:
        try:
            key = date(year, month, day).isoformat()
        except ValueError:
            return None
        shown = f"{day} {shown}"
    return Value(kind=ValueKind.DATE, key=key, shown=shown, year=year, month=month, day=day)


def _price(written: str) -> Value | None:
    amount = amount_in(written, language="en")
    words = re.sub(r"[\d.,'\s-]+", " ", written).split()
    if amount is None or amount.number < 0 or len(words) > 1:
        return None
    currency = words[0] if words else ""
    if currency and not is_currency(currency):
        return None
    code = name_of(currency).upper() if currency else ""
    number = f"{amount.number:f}"
    if "." in number:
        whole, _, decimals = number.partition(".")
        decimals = decimals.rstrip("0")
        number = f"{whole}.{decimals:0<2}" if decimals else whole
    shown = f"{number} {code}".rstrip()
    return Value(kind=ValueKind.PRICE, key=shown, shown=shown, number=amount.number, currency=code)


def _name(written: str) -> Value | None:
    # The rules for quotes hold for names, too, except that a name may be short.
    if len(written) > NAME_CHARACTERS or why_not_counted(f"{written} {'x' * SHORTEST}"):
        return None
    # Lower-case words after a comma only describe whom or what it names.
    key = folded(_DESCRIBED.split(written)[0])
    return Value(kind=ValueKind.NAME, key=key[:NAME_KEY_CHARACTERS], shown=written)


def _has_price(value: Value, quote: str) -> bool:
    for run in _NUMBER_RUN.findall(quote):
        for part in (run, *run.split()):
            if any(_is_amount(value.number, part, language) for language in ("en", "de")):
                codes = currencies_of(value.currency)
                return not codes or _names_a_currency(codes, quote)
    return False


def _is_amount(number: Decimal, written: str, language: str) -> bool:
    amount = amount_in(written, language=language)
    return amount is not None and amount.number == number


def _names_a_currency(codes: frozenset[str], quote: str) -> bool:
    """Return whether a quote names one of the currencies, or none at all."""
    words = re.split(r"[\d.,'\s()/-]+", quote)
    named = [currencies_of(word) for word in words if word and is_currency(word)]
    return not named or any(codes & each for each in named)


def _has_date(value: Value, quote: str, page: PageRead) -> bool:
    text = folded(quote)
    if value.month and not _names_day(value, text):
        return False
    if value.quarter and not _QUARTERS[value.quarter - 1].search(text):
        return False
    if str(value.year) in _NUMBER.findall(text):
        return True
    return bool(value.month) and not _YEAR.search(text) and _is_of_that_year(value, page)


def _names_day(value: Value, text: str) -> bool:
    """Return whether a text names the month of a date, and its day if it has one."""
    for found in _NUMERIC_DATE.finditer(text):
        parts = {int(part) for part in found.groups() if part and part.isdigit()}
        if {value.month, value.day or value.month} <= parts:
            return True
    names = "|".join(_MONTHS[value.month - 1].split())
    name = rf"\b(?:{names})\b\.?"
    if not value.day:
        found_name = re.search(name, text)
        if found_name and found_name.group() == "may":
            return bool(re.search(rf"\b{_IN}[ -]may\b|\bmay,? (?:of )?\d{{4}}\b", text))
        return found_name is not None or _has_month_in_figures(value, text)
    day = rf"(?<![\d:.,])0?{value.day}(?![\d:])(?:st|nd|rd|th|er)?\.?"
    # "19 September", "the 19th of September", "19 to 21 September"; "September 19", "Sept. 19th".
    more = r"(?:\s?(?:-|to|and|bis|und|au|et|al|,)\s?(?:the )?\d{1,2}(?:st|nd|rd|th)?\.?)?"
    before = rf"{day}{more}\s?(?:of |de |d'|di )?{name}"
    after = rf"{name}\s(?:the )?{day}(?!\s?(?:[ap]\.?m\b|uhr|h\b|o'clock))"
    return re.search(f"{before}|{after}", text) is not None


def _has_month_in_figures(value: Value, text: str) -> bool:
    """Return whether a text has a month as "2026年9月", "9/2026" or "2026-09"."""
    year, month = value.year, value.month
    pattern = rf"{year} ?[年년] ?{month} ?[月월]|\b0?{month}[./]{year}\b|\b{year}-0?{month}\b"
    return re.search(pattern, text) is not None


def _is_of_that_year(value: Value, page: PageRead) -> bool:
    """Return whether a date without a year, on this page, may mean that year."""
    if page.published:
        published = date.fromisoformat(page.published)
        meant = date(value.year, value.month, value.day or 1)
        return -timedelta(days=31) <= meant - published <= WITHIN
    years = set(_YEAR.findall(page.normal))
    return not years or str(value.year) in years
