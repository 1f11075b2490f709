"""The words and signs that stand beside a price; pure."""

import unicodedata

from price_parser.parser import CURRENCY_CODES  # type: ignore[attr-defined]

#: Codes that are words in capital letters.
_WORDS = frozenset({"ALL", "TOP", "VAL"})
_LATIN = """
    eur usd gbp chf pln czk sek nok dkk inr euro euros dollar dollars pound pounds franken francs
    zloty kr zł zl kč kc lei leu din rs rp rm tl sfr fr
"""
_OTHER = "лв руб рублей р грн дин 円 元 圓 원 บาท درهم ريال جنيه تومان"  # noqa: RUF001 - is meant
#: Names that are no code and no currency symbol of Unicode, in lower case.
_NAMES = frozenset(f"{_LATIN} {_OTHER}".split())
#: Names that mean something else in lower case: forint and feet.
_EXACT = frozenset({"Ft", "Bs", "Br", "Lt", "Kn"})
_CODES = frozenset(CURRENCY_CODES) - _WORDS


def is_currency(word: str) -> bool:
    """Return whether a word or sign beside a number says that it is an amount of money."""
    word = word.strip(".")
    if any(unicodedata.category(character) == "Sc" for character in word):
        return True
    return word in _CODES or word in _EXACT or word.lower() in _NAMES
