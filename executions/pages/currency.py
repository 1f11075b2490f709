"""The words and signs that stand beside a price, and the currencies that they mean; pure."""

import unicodedata

from price_parser.parser import CURRENCY_CODES  # type: ignore[attr-defined]

#: Codes that are words in capital letters.
_WORDS = frozenset({"ALL", "TOP", "VAL"})
_CODES = frozenset(CURRENCY_CODES) - _WORDS
_DOLLARS = "USD CAD AUD NZD HKD SGD TWD MXN ARS CLP COP JMD TTD BBD BSD BZD FJD NAD BND XCD"
_CROWNS = "SEK NOK DKK ISK"
_RUPEES = "INR PKR LKR NPR MUR SCR"
#: Names in lower case, and the codes of ISO 4217 of the currencies that each may mean.
_NAMED = {
    "eur euro euros €": "EUR",
    "usd us$ $us": "USD",
    "dollar dollars $": _DOLLARS,
    "gbp": "GBP",
    "pound pounds £": "GBP EGP GIP FKP SHP LBP SYP",
    "chf sfr fr franken francs": "CHF",
    "pln zloty zł zl": "PLN",
    "czk kč kc": "CZK",
    "sek": "SEK",
    "nok": "NOK",
    "dkk": "DKK",
    "kr": _CROWNS,
    "inr ₹": "INR",
    "rs": _RUPEES,
    "lei leu": "RON MDL",
    "din дин": "RSD",
    "rp": "IDR",
    "rm": "MYR",
    "tl ₺": "TRY",
    "лв": "BGN",
    "руб рублей р ₽": "RUB BYN",  # noqa: RUF001 - is meant
    "грн ₴": "UAH",
    "円": "JPY",
    "元": "CNY TWD",
    "圓": "TWD HKD",
    "rmb cn¥": "CNY",
    "¥": "JPY CNY",
    "₩ 원": "KRW",
    "฿ บาท": "THB",
    "درهم": "AED MAD",
    "ريال": "SAR QAR OMR YER",
    "جنيه": "EGP SDG",
    "تومان": "IRR",
    "₪": "ILS",
    "₫": "VND",
    "₱": "PHP",
    "₦": "NGN",
    "r$": "BRL",
    "ca$ c$": "CAD",
    "au$ a$": "AUD",
    "nz$": "NZD",
    "hk$": "HKD",
    "nt$ ntd": "TWD",
    "s$": "SGD",
    "mx$": "MXN",
}
_CODES_OF = {
    name: frozenset(codes.split()) for names, codes in _NAMED.items() for name in names.split()
}
#: Names that are other words in lower case: "Ft" are forints, but "ft" are feet.
_EXACT = {
    name: frozenset(codes.split())
    for name, codes in {
        "Ft": "HUF",
        "Bs": "BOB VES",
        "Br": "BYN ETB",
        "Lt": "LTL",
        "Kn": "HRK",
    }.items()
}


def is_currency(word: str) -> bool:
    """Return whether a word or sign beside a number says that it is an amount of money."""
    word = word.strip(".")
    if _sign_in(word):
        return True
    return word in _CODES or word in _EXACT or word.lower() in _CODES_OF


def currencies_of(word: str) -> frozenset[str]:
    """Return the codes of the currencies that a word or sign may mean; none if it is no currency.

    Case does not matter. Letters before a sign that say nothing are passed over, as in "RRP£".
    """
    word = _plain(word)
    if word.lower() in _CODES_OF:
        return _CODES_OF[word.lower()]
    if word.upper() in _CODES:
        return frozenset({word.upper()})
    if word.capitalize() in _EXACT:
        return _EXACT[word.capitalize()]
    sign = _sign_in(word)
    return _CODES_OF.get(sign, frozenset({sign})) if sign else frozenset()


def name_of(word: str) -> str:
    """Return the code of the currency that a word or sign means; if it may mean several, itself."""
    codes = currencies_of(word)
    return next(iter(codes)) if len(codes) == 1 else _plain(word).lower()


def may_be_in(wanted: str, named: str) -> bool:
    """Return whether an amount may be in the currency `wanted`, given the one named beside it.

    It may be if either is empty, or no currency that is known.
    """
    codes, others = currencies_of(wanted), currencies_of(named)
    return not codes or not others or not codes.isdisjoint(others)


def _plain(word: str) -> str:
    return unicodedata.normalize("NFKC", word).strip(". ")


def _sign_in(word: str) -> str:
    return next((each for each in word if unicodedata.category(each) == "Sc"), "")
