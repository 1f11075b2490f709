"""The number that a person reads in a text or in a part of a page; pure."""

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from price_parser import Price

from executions.pages.visible_text import text_of

#: A separator before three digits that does not group thousands, as it follows a zero alone or more
#: than three digits.
DECIMAL_SEPARATOR = re.compile(r"(?<![\d.,])(?:0|\d{4,})([.,])\d{3}(?![\d.,])")
#: A minus sign before the first number; a hyphen inside a word is not a minus sign.
MINUS = re.compile(r"\D*(?<!\w)-\s*[^\d\s]{0,3}\s*\d")
#: How many characters of a text are searched for a number. The time this takes grows faster than
#: the length of the text.
NUMBER_WITHIN = 1000


def number_in(value: Any, *, language: str = "") -> Decimal | None:  # noqa: ARG001 - until separators are read by language
    """Return the number that `value` is or that its text contains, in any country's notation.

    Args:
        value: a text, or a value of JSON.
        language: the text's language ("de-CH"); it decides what a separator means where the text
            itself does not.
    """
    if isinstance(value, bool) or value is None:
        return None
    try:
        if isinstance(value, int | float | Decimal):
            number = Decimal(str(value))
        else:
            text = str(value)[:NUMBER_WITHIN].replace("\N{MINUS SIGN}", "-")
            # The price parser recognizes Swiss thousands separators and percentages only in this
            # form.
            text = text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").replace("%", " %")
            decimal = DECIMAL_SEPARATOR.search(text)
            amount = Price.fromstring(
                text, decimal_separator=decimal.group(1) if decimal else None
            ).amount
            if amount is None:
                return None
            number = -abs(amount) if MINUS.match(text) else amount
    except (InvalidOperation, ValueError):
        return None
    return number if number.is_finite() else None


def number_of(element: Any, *, language: str = "") -> tuple[Decimal, str] | None:
    """Return the number that a person reads in an element and the text that is shown, or None.

    Args:
        element: an element that lxml has parsed.
        language: the page's language ("de-CH").
    """
    text = " ".join(text_of(element).split())
    number = number_in(text, language=language)
    return None if number is None else (number, text)
