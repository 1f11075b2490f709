"""Find the pages that a question names, and say what of it cannot be done; pure."""

import re

from torale.outbound.url_rules import origin_of

#: A URL, or a host with a path or without. What follows an "@", a "/" or a letter is none of them.
_ADDRESS = re.compile(
    r"""
    (?P<url> https?://[^\s<>"'“”‘’«»`]+ )
    | (?<! [\w@/.:%=&?\#-] )
      (?P<host> (?: [^\W_] (?: [\w-]{0,61} [^\W_] )? \. ){1,8} (?P<top> [^\W\d_]{2,24} ) )
      (?P<rest> (?: :\d{1,5} )? (?: [/?\#][^\s<>"'“”‘’«»`]* )? )
      (?! [\w@-] )
    """,  # noqa: RUF001 - on purpose
    re.IGNORECASE | re.VERBOSE,
)
#: Top-level domains after which a host without a path is taken for a page. Those that are English
#: words or endings of files' names are left out: "read.me", "it.is", "main.py".
_KNOWN_TOPS = frozenset(
    (  # noqa: SIM905 - a list would need forty lines
        "com org net edu gov int info biz eu dev app shop store online site blog news tech cloud "
        "page co uk de fr es pt nl lu ch li dk fi se pl cz sk hu ro bg gr hr si rs ee lv lt ie ua "
        "by ru kz tr ca mx br ar cl pe ve uy au nz jp kr cn hk tw sg th vn ph ae sa il za ng ke eg "
        "ma io ai tv fm example"
    ).split()
)
#: What other services write before a URL, and what to write here instead.
_PREFIXES = {
    "source": "Torale reads the page's text; to look at one part of it, write a condition such as "
    'contains "In stock" in css("main")',
    "view-source": "Torale reads the page's text; to look at one part of it, write a condition "
    'such as contains "In stock" in css("main")',
    "feed": "a feed is recognized by itself; wait for new items in it",
    "rss": "a feed is recognized by itself; wait for new items in it",
    "xpath": 'a condition says which part is read: contains "In stock" in xpath("//main")',
    "css": 'a condition says which part is read: contains "In stock" in css("main")',
    "jq": 'a condition says which value is read: json("$.stock") > 0',
    "jsonpath": 'a condition says which value is read: json("$.stock") > 0',
    "browser": "pages are read without a browser",
    "navigate": "pages are read without a browser",
    "render": "pages are read without a browser",
    "cache": "the page itself is visited",
}
_PREFIX = re.compile(
    rf"(?<![\w-])({'|'.join(_PREFIXES)}):(?://)?(?=https?:|[\w-]+\.)", re.IGNORECASE
)
_TEMPLATE = re.compile(r"\{\{[^\n]{0,60}|\{%[^\n]{0,60}")


def addresses_in(query: str) -> list[str]:
    """Return the http(s) URLs that `query` names, in their order and without duplicates.

    A host without a scheme is taken as https: if it has a path, begins with "www." or ends with a
    well-known top-level domain.
    """
    found = []
    for match in _ADDRESS.finditer(query):
        address = _trimmed(match.group())
        if match["url"] is None:
            if not _is_page(match):
                continue
            address = f"https://{address}"
        found.append(address)
    return list(dict.fromkeys(found))


def origins_in(query: str) -> frozenset[str]:
    """Return the origins (RFC 6454) of the pages that `query` names."""
    return frozenset(origin_of(address) for address in addresses_in(query))


def fault_in(query: str) -> str | None:
    """Return what in `query` would be understood by another service only, and what to do instead.

    None means that there is nothing of the kind.
    """
    if template := _TEMPLATE.search(query):
        return (
            f'"{template.group()[:20]}" begins a template, and Torale has none. Write the URL as '
            "it is; to leave out a date or a number that changes, write a condition such as "
            r"changes ignoring /\d+ views/."
        )
    if prefix := _PREFIX.search(query):
        name = prefix.group(1)
        return f'Leave out "{name}:" before the URL: {_PREFIXES[name.lower()]}.'
    return None


def _is_page(match: re.Match[str]) -> bool:
    return (
        "/" in match["rest"]
        or match["host"].lower().startswith("www.")
        or match["top"].lower() in _KNOWN_TOPS
    )


def _trimmed(address: str) -> str:
    """Return an address without the punctuation of the sentence around it."""
    address = address.rstrip(".,;:!?*_]}")
    # A closing parenthesis belongs to the URL only if the opening one does, too.
    while address.endswith(")") and address.count(")") > address.count("("):
        address = address[:-1].rstrip(".,;:!?*_]}")
    return address
