"""Take the part of a page that a rule's scope leaves; pure."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

from lxml import etree

from executions.pages.json_text import json_text
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
#: The attribute of elements that are not shown, so that `text_of` leaves them out.
_UNSEEN = "hidden"


def part_of(page: Page, scope: Scope, *, without_adverts: bool = False) -> Page | None:
    """Return what `scope` leaves of a page, as a page; None if a part is not there.

    What a scope leaves out is found first, then what it is limited to, from the outermost part to
    the innermost. Expressions that it ignores are removed from the text only.

    Args:
        page: the page.
        scope: the scope.
        without_adverts: whether the text is to leave out advertisements and what stands aside of
            the content, too. What the scope is limited to is never left out.
    """
    part: Page | None = _without(page, scope.without) if scope.without else page
    if without_adverts and not scope.within and page.document is not None:
        part = _without_adverts(part or page)
    for selector in scope.within:
        part = part and _within(part, selector)
    if part is None or not scope.ignoring:
        return part
    text = part.text
    for pattern in scope.ignoring:
        text = pattern.compiled().sub("", text)
    return replace(part, text=text)


def _without_adverts(page: Page) -> Page:
    adverts = list(_adverts(page.document))
    if not adverts:
        return page
    for each in adverts:
        each.set(_UNSEEN, "")
    text = storable(text_of(page.document))
    for each in adverts:
        del each.attrib[_UNSEEN]
    return replace(page, text=text)


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
        if is_advert and element.get(_UNSEEN) is None:
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
