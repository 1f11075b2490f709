"""The items of a feed or a list, and which of them were never seen before; pure."""

import base64
import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urldefrag, urljoin, urlsplit

from lxml import etree

from executions.pages.noise import without_noise, without_tracking
from executions.pages.normal_form import folded
from executions.pages.page import Page
from executions.pages.part import outermost
from executions.pages.selected import text_at

#: How many items of a feed or list count, from its top.
COUNTED_ITEMS = 500
#: How many keys are remembered. An item of a list has two.
REMEMBERED_KEYS = 2 * COUNTED_ITEMS + 500
#: How many bytes of a key's hash are remembered, and their length in base64.
KEY_BYTES, KEY_CHARACTERS = 6, 8
#: Elements that are entries of lists.
ENTRY_TAGS = ("li", "tr", "article", "dt")


class Listed(NamedTuple):
    """An item of a feed or a list."""

    #: What names it: its title, or else the first line of its text.
    title: str
    #: Its absolute link, empty when it has none.
    url: str
    #: What tells it from the others.
    key: str
    #: What else to know it by at a later visit, when others have the same link; the same if
    #: there is nothing.
    other_key: str


def items_of_feed(page: Page) -> list[Listed]:
    """Return the items of a feed."""
    return [
        Listed(item.title or item.text[:200] or item.url or item.key, item.url, item.key, item.key)
        for item in page.items[:COUNTED_ITEMS]
    ]


def items_of_list(found: Sequence[Any], page: Page) -> list[Listed]:
    """Return the items that a selector has found; those that say nothing are left out.

    If it has found one list, its entries are the items. An item is known by its link, or by its
    text if it has none or shares it with others.
    """
    if len(found) == 1:
        found = _entries(found[0]) or found
    texts = [(_title(each), _link(each, page), text_at(each)) for each in found[:COUNTED_ITEMS]]
    texts = [each for each in texts if each[2].strip()]
    counts = Counter(link for _, link, _ in texts)
    items = []
    for title, link, text in texts:
        of_text = f"text {' '.join(without_noise([(99, folded(text))]))}"
        of_link = f"link {without_tracking(link)}"
        is_own = bool(link) and counts[link] == 1
        keys = (of_link, of_text) if is_own else (of_text, of_link)
        items.append(Listed(title or text.partition("\n")[0], link, *keys))
    return items


def _entries(found: Any) -> list[Any]:
    """Return the entries of a list; of other things, none."""
    if isinstance(found, list):
        return found
    if not isinstance(found, etree._Element) or found.tag in ENTRY_TAGS:  # noqa: SLF001 - its only name
        return []
    for tag in ENTRY_TAGS:
        # A list in a list belongs to its entry.
        if entries := list(outermost(list(found.iter(tag)))):
            return entries
    children = list(found.iterchildren("*"))
    is_list = len({(child.tag, child.get("class")) for child in children}) == 1
    return children if is_list and len(children) > 1 else []


def _title(found: Any) -> str:
    """Return what names an object of JSON, or an empty text."""
    if not isinstance(found, dict):
        return ""
    named = (found.get(name) for name in ("title", "name", "headline", "label", "id"))
    return next((str(name) for name in named if isinstance(name, str | int)), "")


def unseen(items: Sequence[Listed], seen: str) -> list[Listed]:
    """Return the items that are not among the keys that `remembered` returned."""
    known = {seen[at : at + KEY_CHARACTERS] for at in range(0, len(seen), KEY_CHARACTERS)}
    fresh = {_hash(item.key): item for item in items}
    return [item for key, item in fresh.items() if key not in known]


def remembered(items: Sequence[Listed], seen: str) -> str:
    """Return the keys of the items and those that were seen before, the newest first."""
    now = (_hash(key) for item in items for key in (item.key, item.other_key))
    before = (seen[at : at + KEY_CHARACTERS] for at in range(0, len(seen), KEY_CHARACTERS))
    return "".join(list(dict.fromkeys((*now, *before)))[:REMEMBERED_KEYS])


def _hash(key: str) -> str:
    digest = hashlib.blake2b(key.encode(errors="replace"), digest_size=KEY_BYTES).digest()
    return base64.b64encode(digest).decode()


def _link(found: Any, page: Page) -> str:
    """Return the address of an element's first link that leads off the page, or an empty text."""
    if isinstance(found, dict):
        hrefs = [found.get(name) for name in ("url", "link", "href", "html_url")]
    elif isinstance(found, etree._Element):  # noqa: SLF001 - its only name
        hrefs = [element.get("href") for element in found.iter("a")]
    else:
        return ""
    for href in hrefs:
        if not isinstance(href, str):
            continue
        try:
            link = urldefrag(urljoin(page.url, href.strip())).url
            is_page = urlsplit(link).scheme in {"http", "https"}
        except ValueError:
            continue
        if is_page and link != urldefrag(page.url).url:
            return link
    return ""
