"""Take the part of a page that a rule's scope leaves; pure."""

import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from itertools import islice
from typing import Any

from lxml import etree

from executions.pages.json_text import json_text
from executions.pages.noise import count_what_is_noise
from executions.pages.normal_form import folded
from executions.pages.page import Page, PageKind
from executions.pages.rule import Scope, Selector
from executions.pages.selected import selected, text_at
from executions.pages.storable import storable
from executions.pages.visible_text import text_of

#: Names of classes and ids that advertisements have.
_NAMES = {
    "ad", "ads", "advert", "adverts", "advertisement", "advertising", "adsbygoogle", "ad-banner",
    "ad-box", "ad-container", "ad-slot", "ad-unit", "ad-wrapper", "ad_box", "adbox", "banner-ad",
    "sponsored", "sponsored-content", "anzeige", "werbung", "publicite", "publicidad", "pubblicita",
}  # fmt: skip
#: Names of classes that numbers have which change at every visit.
_COUNTERS = {
    "views", "view-count", "views-count", "viewcount", "viewcounter", "pageviews", "page-views",
    "hits", "hit-count", "visits", "visitors", "reads", "read-count", "likes", "like-count",
    "likes-count", "shares", "share-count", "reactions", "reaction-count", "stargazers",
    "star-count", "followers", "follower-count", "subscribers", "subscriber-count",
}  # fmt: skip
#: All that an element shows that counts something.
_ONLY_A_NUMBER = re.compile(r"\s*\d[\d.,'\s]{0,14}[km]?\s*", re.IGNORECASE)
#: How many of its pieces of text, which are few if it shows only a number.
_PIECES = 10
#: How many labels of numbers are read, and how much of each.
_LABELS, _LABEL_CHARACTERS = 500, 100
#: The attribute of elements that are not shown, so that `text_of` leaves them out.
_UNSEEN = "hidden"


def part_of(page: Page, scope: Scope, *, only_content: bool = False) -> Page | None:
    """Return what `scope` leaves of a page, as a page; None if a part is not there.

    What a scope leaves out is found first, then what it is limited to, from the outermost part to
    the innermost. Expressions that it ignores are removed from the text only.

    Args:
        page: the page.
        scope: the scope.
        only_content: whether the text is to leave out advertisements, what stands aside of the
            content, and the numbers of views and the like, too. What the scope is limited to is
            never left out.
    """
    part: Page | None = _without(page, scope.without) if scope.without else page
    for selector in scope.within:
        part = part and _within(part, selector)
    if only_content and part is not None and part.kind == PageKind.HTML:
        part = _only_content(part, is_chosen=bool(scope.within))
    if part is None or not scope.ignoring:
        return part
    text = part.text
    for pattern in scope.ignoring:
        text = pattern.compiled().sub("", text)
    return replace(part, text=text)


def _only_content(page: Page, *, is_chosen: bool) -> Page:
    """Return a page whose text is only its content.

    Args:
        page: the page.
        is_chosen: whether it consists of elements that were chosen; they are its content.
    """
    if page.document is None:
        return page
    chosen = set(page.document[0]) if is_chosen else set()
    others = [each for each in _counters(page.document) if each not in chosen]
    if not is_chosen:
        others += _adverts(page.document)
    if not others:
        return page
    others = [each for each in dict.fromkeys(others) if each.get(_UNSEEN) is None]
    for each in others:
        each.set(_UNSEEN, "")
    text = storable(text_of(page.document))
    for each in others:
        del each.attrib[_UNSEEN]
    return replace(page, text=text)


def _counters(document: Any) -> Iterator[Any]:
    """Yield the elements that show how often something was viewed, liked and the like."""
    labelled: list[tuple[Any, str]] = []
    known: dict[str, bool] = {}
    for element in document.iter("*"):
        label = element.get("aria-label") or element.get("title")
        named = element.get("class", "")
        if named not in known:
            known[named] = not _COUNTERS.isdisjoint(named.lower().split())
        is_named = known[named]
        if (is_named or label) and _shows_only_a_number(element):
            if is_named:
                yield element
            elif len(labelled) < _LABELS:
                labelled.append((element, folded(label[:_LABEL_CHARACTERS])))
    are_counters = count_what_is_noise([label for _, label in labelled])
    for (element, _), is_counter in zip(labelled, are_counters, strict=True):
        if is_counter:
            yield element


def _shows_only_a_number(element: Any) -> bool:
    pieces = list(islice(element.itertext(), _PIECES))
    return len(pieces) < _PIECES and _ONLY_A_NUMBER.fullmatch("".join(pieces)[:100]) is not None


def _adverts(document: Any) -> Iterator[Any]:
    """Yield the elements that are shown and that show advertisements, or stand aside."""
    known: dict[str | None, bool] = {}
    # An XPath such as //*[@class] takes quadratic time.
    for element in document.iter("*"):
        for name in ("class", "id"):
            value = element.get(name)
            if value not in known:
                known[value] = not _NAMES.isdisjoint((value or "").lower().split())
        is_aside = element.tag == "aside" or element.get("role") == "complementary"
        is_advert = is_aside or known[element.get("class")] or known[element.get("id")]
        if is_advert:
            yield element


def _within(page: Page, selector: Selector) -> Page | None:
    if selector.kind == "feed":
        return _items(page)
    found = selected(page, selector)
    if not found:
        return None
    if selector.kind == "json":
        data = found[0] if len(found) == 1 else found
        text = text_at(data) if isinstance(data, str) else json_text(data)
        return replace(page, text=text, data=data, items=())
    elements = [each for each in found if isinstance(each, etree._Element)]  # noqa: SLF001 - its only name
    if not elements:  # an XPath may find texts, or a number
        text = "\n".join(text_at(each) for each in found)
        return replace(page, text=text, document=None, items=())
    # Of the document's own kind: CSS selectors read the names in HTML and XML differently.
    document = page.document.makeelement("html")
    body = etree.SubElement(document, "body")
    for element in outermost(elements):
        copied = deepcopy(element)
        copied.tail = None
        body.append(copied)
    return replace(page, text=storable(text_of(document)), document=document, items=())


def _items(page: Page) -> Page | None:
    if page.kind != PageKind.FEED:
        return None
    return replace(page, text="\n".join(f"{item.title}\n{item.text}" for item in page.items))


def _without(page: Page, selectors: Sequence[Selector]) -> Page:
    """Return a page without some elements; a part of JSON cannot be left out."""
    if page.document is None:
        return page
    document = deepcopy(page.document)
    copied = replace(page, document=document)
    for selector in selectors:
        for each in selected(copied, selector):
            if isinstance(each, etree._Element) and each.getparent() is not None:  # noqa: SLF001 - its only name
                _drop(each)
    return replace(copied, text=storable(text_of(document)))


def _drop(element: Any) -> None:
    """Remove an element, but not the text after it."""
    parent, before = element.getparent(), element.getprevious()
    if element.tail:
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
    parent.remove(element)


def outermost(elements: Sequence[Any]) -> Iterator[Any]:
    """Yield the elements that are in none of the others."""
    chosen = set(elements)
    for element in dict.fromkeys(elements):
        if not any(ancestor in chosen for ancestor in element.iterancestors()):
            yield element
