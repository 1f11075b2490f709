"""What a point and a comma mean in a number; pure."""

import re

_COMMA_LANGUAGES = """
    af az be bg br bs ca cs da de el eo es et eu fi fo fr fy gl hr hu hy id is it ka kk kl ky lb lt
    lv mk mn nb nl nn no pl pt rm ro ru sk sl sq sr sv tg tk tr tt uk uz vi wo
"""
#: Languages that write a comma before the decimals (CLDR, `decimal`). All others write a point.
_COMMA = frozenset(_COMMA_LANGUAGES.split())
#: Regions that write a point all the same.
_POINT = re.compile(
    r"(?:de|it|rm)-(?:CH|LI)|es-(?:419|DO|GT|HN|MX|NI|PA|PE|PR|SV|US)", re.IGNORECASE
)
#: A separator before three digits that does not group thousands, as it follows a zero alone or more
#: than three digits.
_NO_GROUP = re.compile(r"(?:0|\d{4,})[.,]\d{3}", re.ASCII)
#: Digits in groups: of three, or as in India, of two before the last three.
_GROUPED = re.compile(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*|\d{1,2}(?:,\d{2})+,\d{3}", re.ASCII)
_FORM = re.compile(
    r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3})+(?:,\d+)?|\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?|"
    r"\d*[.,]?\d+",
    re.ASCII,
)


def is_number(digits: str) -> bool:
    """Return whether digits, points and commas can be one number, as those of a date cannot."""
    return _FORM.fullmatch(digits) is not None


def decimal_separator(number: str, language: str) -> str | None:
    """Return the character before a number's decimals: a point, a comma, or None if it has none.

    Args:
        number: digits, points and commas.
        language: the language in which it was written ("de-CH"); it decides about `1.299`. If it is
            empty, such a separator groups thousands.
    """
    last = max(number.rfind("."), number.rfind(","))
    if last < 0:
        return None
    separator = number[last]
    if _NO_GROUP.fullmatch(number) or not _GROUPED.fullmatch(number):
        # Two of the same kind are no decimals, but several groups.
        return separator if number.count(separator) == 1 else None
    if number.count(separator) == 1 and language:
        return separator if separator == _usual(language) else None
    return None


def _usual(language: str) -> str:
    is_comma = language.partition("-")[0].lower() in _COMMA and not _POINT.match(language)
    return "," if is_comma else "."
