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
from executions.pages.selected import text_at

#: How many items of a feed or list count, from its top.
COUNTED_ITEMS = 500
#: How many keys are remembered. An item of a list has two.
REMEMBERED_KEYS = 2 * COUNTED_ITEMS + 500
#: How many bytes of a key's hash are remembered, and their length in base64.
KEY_BYTES, KEY_CHARACTERS = 6, 8


class Listed(NamedTuple):
    """An item of a feed or a list."""

    #: What names it: its title, or else the first line of its text.
    title: str
    #: Its absolute link, empty when it has none.
    url: str
    #: What tells it from the others.
    key: str
    #: What else to know it by at a later visit, when its link has become that of others as well.
    other_key: str = ""


def items_of_feed(page: Page) -> list[Listed]:
    """Return the items of a feed."""
    return [
        Listed(item.title or item.text[:200] or item.url or item.key, item.url, item.key)
        for item in page.items[:COUNTED_ITEMS]
    ]


def items_of_list(found: Sequence[Any], page: Page) -> list[Listed]:
    """Return the items that a selector has found; those that say nothing are left out.

    An item is known by its link, or by its text if it has none or shares it with others.
    """
    texts = [(each, text_at(each)) for each in found[:COUNTED_ITEMS]]
    links = [(_link(each, page), text) for each, text in texts if text.strip()]
    counts = Counter(link for link, _ in links)
    items = []
    for link, text in links:
        title = text.partition("\n")[0]
        of_text = f"text {' '.join(without_noise([(99, folded(text))]))}"
        of_link = f"link {without_tracking(link)}"
        is_own = link and counts[link] == 1
        items.append(Listed(title, link, *((of_link, of_text) if is_own else (of_text, of_link))))
    return items


def unseen(items: Sequence[Listed], seen: str) -> list[Listed]:
    """Return the items that are not among the keys that `remembered` returned."""
    known = {seen[at : at + KEY_CHARACTERS] for at in range(0, len(seen), KEY_CHARACTERS)}
    fresh = {_hash(item.key): item for item in items}
    return [item for key, item in fresh.items() if key not in known]


def remembered(items: Sequence[Listed], seen: str) -> str:
    """Return the keys of the items and those that were seen before, the newest first."""
    now = (_hash(key) for item in items for key in (item.key, item.other_key) if key)
    before = (seen[at : at + KEY_CHARACTERS] for at in range(0, len(seen), KEY_CHARACTERS))
    return "".join(list(dict.fromkeys((*now, *before)))[:REMEMBERED_KEYS])


def _hash(key: str) -> str:
    digest = hashlib.blake2b(key.encode(errors="replace"), digest_size=KEY_BYTES).digest()
    return base64.b64encode(digest).decode()


def _link(found: Any, page: Page) -> str:
    """Return the address of an element's first link that leads off the page, or an empty text."""
    if not isinstance(found, etree._Element):  # noqa: SLF001 - its only name
        return ""
    for element in found.iter("a"):
        try:
            link = urldefrag(urljoin(page.url, (element.get("href") or "").strip())).url
            is_page = urlsplit(link).scheme in {"http", "https"}
        except ValueError:
            continue
        if is_page and link != urldefrag(page.url).url:
            return link
    return ""
