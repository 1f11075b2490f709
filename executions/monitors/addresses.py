"""Find the pages that a query names; pure."""

import re

from torale.url_rules import origin_of

ADDRESS = re.compile(r"https?://[^\s<>\"'“”‘’«»`]+", re.IGNORECASE)  # noqa: RUF001 - on purpose


def addresses_in(query: str) -> list[str]:
    """Return the http(s) URLs that `query` names, in their order and without duplicates."""
    found = []
    for match in ADDRESS.findall(query):
        address = match.rstrip(".,;:!?*_]}")
        # A closing parenthesis belongs to the URL only if the opening one does, too.
        while address.endswith(")") and address.count(")") > address.count("("):
            address = address[:-1].rstrip(".,;:!?*_]}")
        found.append(address)
    return list(dict.fromkeys(found))


def origins_in(query: str) -> frozenset[str]:
    """Return the origins (RFC 6454) of the pages that `query` names."""
    return frozenset(origin_of(address) for address in addresses_in(query))
