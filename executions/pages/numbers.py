"""The number that a person reads in a text or in a part of a page; pure."""

import copy
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import IntEnum
from itertools import islice
from typing import Any, NamedTuple

from lxml import etree
from price_parser.parser import parse_number

from executions.pages.currency import currencies_of, is_currency
from executions.pages.separators import decimal_separator, is_number
from executions.pages.visible_text import text_of

#: How many characters of a text are searched for a number, and of a part for its prices.
NUMBER_WITHIN = 1000
PRICES_WITHIN = 10_000

#: Digits with spaces before groups of three, unless they follow a letter ("PS5 499" are two
#: numbers), or with points, commas and apostrophes between them.
_NUMBER = re.compile(
    r"(?<![\w.,])[0-9]{1,3}(?: [0-9]{3}(?![0-9]))+(?:[.,][0-9]+)?|"
    r"(?<![0-9.,])[.,]?[0-9]+(?:[.,'][0-9]+)*"
)
#: The beginning of a number that has more points or commas than a number can have.
_BEGINNING = re.compile(r"[0-9]+(?:[.,][0-9]+)?")
#: The decimals of a price above the line, and those after a currency sign: 29⁹⁹, 29€99.
_RAISED = re.compile("(?<=[0-9])([⁰¹²³⁴-⁹]{2})(?![⁰¹²³⁴-⁹])")
_AFTER_SIGN = re.compile(r"(?<=\d)\s?[€$£](\d\d)(?![\d€$£.,])", re.ASCII)
#: A dash that people write as a minus sign: directly before a number, and not in a range.
_DASHED = re.compile(r"(?<![^\s(])(?<!\d\s)\u2013(?=[$£€]?[0-9])")
#: A minus sign before the first number; a hyphen inside a word is not a minus sign.
_FIRST_MINUS = re.compile(r"\D*(?<!\w)-\s*[^\d\s]{0,3}\s*")
#: A minus sign before another number; the hyphen of a range is not a minus sign.
_MINUS = re.compile(r"(?:^|.*[\s(])-[^\d\s]{0,3}", re.DOTALL)
#: What stands directly before and after a number: a word or a sign.
_BEFORE = re.compile(r"([^\W\d_]+\.?|[^\w\s.,;:()/+*#-]+)?\s?-?\s?$")
_AFTER = re.compile(r"[.,]?\s?[-\u2013\u2014]{0,2}\s?([^\W\d_]+|[^\w\s.,;:()/+*#-]+)(?!\d)")
#: A number with more than these words before it is one that counts no longer or not at all.
_NOT_NOW = re.compile(
    r"\b(?:was|were|before|instead of|rrp|msrp|srp|list price|regular(?: price)?|save|you save|"
    r"statt|uvp|vorher|bisher|sparen|ersparnis|regulär|avant|au lieu de|prix conseillé|économisez|"
    r"antes|ahorra|ahorras|prima|invece di|risparmi|adviesprijs|van|bespaar|förpris|ord\.? pris|"
    r"normalpris|før|spar|spara)\b[^\w]{0,4}$",
    re.IGNORECASE,
)
#: The letters before a sign that tell which currency it stands for: "US$".
_SIGN = re.compile(r"[^\W\d_]{0,3}[^\w\s.,;:()/+*#-]+\s?-?\s?$")
#: A number with one of these words after it is what a buyer saves.
_SAVED = re.compile(
    r"\s?\S{0,4}\s?(?:off|discount|rabatt|sparen|de réduction|di sconto|de descuento|korting)\b",
    re.IGNORECASE,
)
#: What multiplies a number that it directly follows, or as a word.
_TIMES = {
    **dict.fromkeys(("k", "K", "thousand", "tsd", "tys", "тыс"), 10**3),
    **dict.fromkeys(("M", "mn", "mio", "mln", "million", "millions", "millionen", "млн"), 10**6),
    **dict.fromkeys(("B", "bn", "mrd", "mlrd", "billion", "billions", "milliarden", "млрд"), 10**9),
    **dict.fromkeys(("万", "萬", "만"), 10**4),
    **dict.fromkeys(("億", "亿", "억"), 10**8),
    **dict.fromkeys(("lakh", "lakhs"), 10**5),
    **dict.fromkeys(("crore", "crores"), 10**7),
}
_FACTOR = re.compile(r"\s?([^\W\d_]+)")
_FREE = re.compile(
    r"(?<![\w-])(?:free|gratis|kostenlos|gratuit|gratuito|бесплатно|無料|免费|무료)(?![\w-])"
    r"(?!\s+(?:shipping|delivery|returns?|trial|versand|livraison|of\b))",
    re.IGNORECASE,
)

#: Elements whose attribute `value` a person sees, or that have it for a number that they show.
_WITH_VALUE = frozenset({"data", "input", "meter", "progress"})
#: Attributes with a number for machines, which is written as in English.
_MACHINES = "en"
_CARRIED = ("content", "data-price", "data-value", "value")
_CARRIERS: Any = etree.XPath(
    "descendant-or-self::*[@data-price or @data-value or @itemprop='price']"
)
_CROSSED_OUT: Any = etree.XPath(
    "descendant::*[self::del or self::s or self::strike or contains(@style,'line-through')]"
)
#: What may be cents that stand above the line, or in an element of their own.
_CENTS: Any = etree.XPath(
    "descendant::*[self::sup or contains(@class,'fraction') or contains(@class,'cents') or "
    "contains(@class,'decimals')]"
)
_RAISE = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class Amount(NamedTuple):
    """A number, and what it is an amount of."""

    number: Decimal
    #: The word or sign of the currency beside it, empty if there is none.
    currency: str = ""


class _Kind(IntEnum):
    """How likely it is that a person means this number; the least counts first."""

    #: An amount of money.
    PRICE = 0
    #: One that was asked before, or that is saved.
    FORMER_PRICE = 1
    PLAIN = 2
    #: A part of a name ("PS5"), a percentage, a date, a time.
    BY_THE_WAY = 3


@dataclass(frozen=True, slots=True)
class _Candidate:
    kind: _Kind
    amount: Amount


def number_in(value: Any, *, language: str = "") -> Decimal | None:
    """Return the number of `amount_in`, or None if there is none."""
    amount = amount_in(value, language=language)
    return None if amount is None else amount.number


def amount_in(value: Any, *, language: str = "") -> Amount | None:
    """Return the number that `value` is or that its text contains, in any country's notation.

    Of several numbers it is the first one beside a currency, or else the first that is not a part
    of a name, a percentage, a date or a time, or else the first.

    Args:
        value: a text, or a value of JSON.
        language: the text's language ("de-CH"); it decides what a separator means where the text
            itself does not.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float | Decimal):
        number = Decimal(str(value))
        return Amount(number) if number.is_finite() else None
    text = _plain(str(value)[:NUMBER_WITHIN])
    candidates = list(_candidates(text, language))
    if not candidates:
        return Amount(Decimal(0)) if _FREE.search(text) else None
    return min(candidates, key=lambda candidate: candidate.kind).amount


def _plain(text: str) -> str:
    """Return the text with ASCII's digits, minus sign, apostrophe and spaces."""
    text = _DASHED.sub("-", text)
    text = text.replace("\N{MINUS SIGN}", "-").replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    text = _RAISED.sub(r".\1", text)
    text = text.replace("\N{ARABIC DECIMAL SEPARATOR}", ".")
    text = text.replace("\N{ARABIC THOUSANDS SEPARATOR}", "'")
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(r"\d", lambda digit: str(unicodedata.decimal(digit[0])), text)
    return _AFTER_SIGN.sub(r".\1", re.sub(r"\s+", " ", text))


def _candidates(text: str, language: str) -> Iterator[_Candidate]:
    is_first = True
    for found in _NUMBER.finditer(text):
        before, after = text[max(0, found.start() - 40) : found.start()], text[found.end() :]
        number = _value(found.group(), language)
        if number is None:
            continue
        factor = _FACTOR.match(after[:20])
        times = _times(factor[0]) if factor else 1
        if times != 1 and factor:
            after = after[factor.end() :]
        minus = _FIRST_MINUS if is_first else _MINUS
        is_negative = minus.fullmatch(text[: found.start()] if is_first else before) is not None
        kind, currency = _kind(found.group(), before, after)
        signed = -number * times if is_negative else number * times
        yield _Candidate(kind, Amount(signed, currency))
        is_first = False


def _value(written: str, language: str) -> Decimal | None:
    number = written.replace(" ", "").replace("'", "")
    if not is_number(number) and (beginning := _BEGINNING.search(number)):
        number = beginning[0]
    try:
        value = parse_number(number, decimal_separator=decimal_separator(number, language))
    except (InvalidOperation, ValueError):
        return None
    return value if isinstance(value, Decimal) and value.is_finite() else None


def _times(word: str) -> int:
    name = word.strip()
    # A single letter must follow directly: in "5 M" and "5 K", it is a unit.
    if len(name) == 1 and name.isascii():
        return _TIMES.get(word, 1)
    return _TIMES.get(name.lower(), 1)


def _kind(written: str, before: str, after: str) -> tuple[_Kind, str]:
    """Return of which kind a number is, and the word or sign of the currency beside it."""
    if after[:2].lstrip().startswith("%"):
        return _Kind.BY_THE_WAY, ""
    left, right = _BEFORE.search(before), _AFTER.match(after[:20])
    sign_before = left[1] if left and left[1] and is_currency(left[1]) else ""
    sign_after = right[1] if right and is_currency(right[1]) else ""
    if sign_before or sign_after:
        words = before[: left.start()] if left and sign_before else before
        is_former = _NOT_NOW.search(words) or _SAVED.match(after[:30])
        if sign_before and (with_letters := _SIGN.search(before)):
            sign_before = with_letters[0]
        # "$99 CAD": the word that may mean the fewest currencies tells the most.
        signs = filter(None, (sign_before, sign_after))
        sign = min(signs, key=lambda each: len(currencies_of(each)))
        return _Kind.FORMER_PRICE if is_former else _Kind.PRICE, sign.strip(" -")
    is_in_name = before[-1:].isalpha() or after[:1].isalpha() or re.search(r"[^\W\d_]-$", before)
    is_date = written.count(".") > 1 or re.search(r"\d[:/-]$", before) or re.match(r":\d", after)
    return _Kind.BY_THE_WAY if is_in_name or is_date else _Kind.PLAIN, ""


def amount_of(element: Any, *, language: str = "") -> tuple[Amount, str] | None:
    """Return the amount that a person reads in an element and the text that is shown, or None.

    What is crossed out counts only if there is nothing else; what was inserted counts first. If the
    element shows no number, the number that it carries for machines counts.

    Args:
        element: an element that lxml has parsed.
        language: the page's language ("de-CH").
    """
    for text, written_in in _texts(element, language):
        amount = amount_in(text, language=written_in)
        if amount is not None:
            return amount, text
    return None


def _texts(element: Any, language: str) -> Iterator[tuple[str, str]]:
    """Return the texts in which the number may stand, and their languages; the best first."""
    if element.get("content"):
        yield _levelled(element.get("content")), _MACHINES
    if element.tag in _WITH_VALUE and element.get("value"):
        yield _levelled(element.get("value")), language if element.tag == "input" else _MACHINES
    shown = _with_raised_cents(element)
    for inserted in islice(shown.iter("ins"), 3):
        yield _shown(inserted), language
    crossed_out = _CROSSED_OUT(shown)
    if crossed_out:
        yield _shown(shown, without=crossed_out), language
    yield _shown(shown), language
    for carrier in _CARRIERS(element)[:3]:
        carried = next(filter(None, map(carrier.get, _CARRIED)), "")
        yield _levelled(carried), _MACHINES


def prices_of(element: Any, *, language: str = "") -> list[Amount]:
    """Return the prices that a person reads in an element, without those that are crossed out.

    Only numbers beside a currency count, and none of those that were asked before or are saved.

    Args:
        element: an element that lxml has parsed.
        language: the page's language ("de-CH").
    """
    shown = _with_raised_cents(element)
    text = _plain(_shown(shown, without=_CROSSED_OUT(shown))[:PRICES_WITHIN])
    return [each.amount for each in _candidates(text, language) if each.kind == _Kind.PRICE]


def _with_raised_cents(element: Any) -> Any:
    """Return a copy of an element in which cents above the line can be told from what is before."""
    shown = copy.deepcopy(element)
    for cents in _CENTS(shown):
        if len(cents) == 0 and re.fullmatch(r"\s*[0-9]{2}\s*", cents.text or ""):
            cents.text = cents.text.strip().translate(_RAISE)
    return shown


def _shown(element: Any, *, without: Iterable[Any] = ()) -> str:
    return _levelled(text_of(element, without=without, only_chosen=True))


def _levelled(text: str) -> str:
    return " ".join(text.split())
