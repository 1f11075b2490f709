"""The rules for headers that users set, on their webhooks and on visits of pages; no I/O."""

import re
from collections.abc import Mapping
from typing import Any

from torale.errors import Refused
from torale.fields import Undecryptable

#: RFC 9110 §5.6.2 `token`.
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
#: RFC 9110 §5.5 without obs-text, so that every receiver can read it.
HEADER_VALUE = re.compile(r"[\t\x20-\x7e]{0,2000}")
MAX_HEADERS = 20
#: Torale or the HTTP connection sets these. If a user set them, it would forge or break them.
RESERVED_HEADERS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
RESERVED_PREFIXES = ("webhook-", "x-torale-")
#: On a visit of a page, Torale also sets these: the answer must be the whole page.
RESERVED_ON_VISITS = frozenset(
    {
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "range",
    }
)
#: What is shown in place of a secret value.
MASK = "********"


def check(headers: Any, *, reserved: frozenset[str] = RESERVED_HEADERS) -> dict[str, str]:
    """Return `headers` as a plain dict.

    Args:
        headers: what the user sent.
        reserved: the names, in lower case, that users may not set.

    Raises:
        Refused: the message names the header at fault, but contains no value.
    """
    if not isinstance(headers, Mapping) or len(headers) > MAX_HEADERS:
        raise Refused(f"headers must be an object of at most {MAX_HEADERS} texts.")
    seen = set()
    for name, value in headers.items():
        if not HEADER_NAME.fullmatch(name):
            raise Refused(f"{name!r} is not a header name (RFC 9110 §5.6.2).")
        if name.lower() in reserved or name.lower().startswith(RESERVED_PREFIXES):
            raise Refused(f"header {name} is set by Torale; leave it out.")
        if name.lower() in seen:
            raise Refused(f"header {name} is given twice.")
        if not isinstance(value, str) or not HEADER_VALUE.fullmatch(value):
            raise Refused(
                f"the value of header {name} must be printable ASCII text of at most 2000 "
                "characters."
            )
        seen.add(name.lower())
    return dict(headers)


def masked(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the names of `headers`, each with MASK instead of its value."""
    return dict.fromkeys(headers, MASK)


def unmasked(
    headers: Mapping[str, str], *, stored: Mapping[str, str] | Undecryptable
) -> dict[str, str]:
    """Return `headers` with the stored value wherever the value is MASK.

    Args:
        headers: what the user sent, checked.
        stored: the headers that the mask was shown for.

    Raises:
        Refused: there is no stored value for a mask, or none that can be decrypted.
    """
    found = dict(headers)
    known = {} if isinstance(stored, Undecryptable) else {n.lower(): v for n, v in stored.items()}
    for name, value in headers.items():
        if value == MASK:
            if name.lower() not in known:
                raise Refused(
                    f"there is no stored value of header {name} to keep; write the value itself."
                )
            found[name] = known[name.lower()]
    return found
