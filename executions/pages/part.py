"""Take the part of a page that a rule's scope leaves; pure."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from lxml import etree, html

from executions.pages.page import Page, PageKind
from executions.pages.rule import Scope, Selector
from executions.pages.selected import json_text, selected, text_at
from executions.pages.storable import storable
from executions.pages.visible_text import text_of
from executions.pages.xpath import compiled_xpath

#: Names of classes and ids that advertisements have.
_NAMES = (
    "ad", "ads", "advert", "adverts", "advertisement", "advertising", "adsbygoogle", "ad-banner",
    "ad-box", "ad-container", "ad-slot", "ad-unit", "ad-wrapper", "ad_box", "adbox", "banner-ad",
    "sponsored", "sponsored-content", "anzeige", "werbung", "publicite", "publicidad", "pubblicita",
)  # fmt: skip
_ADVERTS = compiled_xpath(
    "//aside | //*[@role='complementary'] | //*["
    + " or ".join(
        f"contains(concat(' ', translate(@{attribute}, '{ascii_uppercase}', '{ascii_lowercase}'),"
        f" ' '), ' {name} ')"
        for name in _NAMES
        for attribute in ("class", "id")
    )
    + "]"
)


def part_of(page: Page, scope: Scope) -> Page | None:
    """Return what `scope` leaves of a page, as a page; None if a part is not there.

    What a scope leaves out is found first, then what it is limited to, from the outermost part to
    the innermost. Expressions that it ignores are removed from the text only.
    """
    part: Page | None = _without(page, scope.without) if scope.without else page
    for selector in scope.within:
        part = part and _within(part, selector)
    if part is None or not scope.ignoring:
        return part
    text = part.text
    for pattern in scope.ignoring:
        text = pattern.compiled().sub("", text)
    return replace(part, text=text)


def without_adverts(page: Page) -> Page:
    """Return a page without advertisements and what stands aside of its content."""
    if page.document is None or not _ADVERTS(page.document):
        return page
    return _without(page, [Selector("xpath", _ADVERTS.path)])


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
    document = html.Element("html")
    body = etree.SubElement(document, "body")
    for element in _outermost(elements):
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


def _outermost(elements: Sequence[Any]) -> Iterator[Any]:
    """Yield the elements that are in none of the others."""
    chosen = set(elements)
    for element in dict.fromkeys(elements):
        if not any(ancestor in chosen for ancestor in element.iterancestors()):
            yield element
