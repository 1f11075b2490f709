"""Find what a rule's selector names on a page; pure."""

import json
import re
from decimal import Decimal
from itertools import islice
from typing import Any

from jsonpath.exceptions import JSONPathRecursionError
from lxml import etree

from executions.pages.json_path import PATHS
from executions.pages.json_text import json_text
from executions.pages.numbers import Amount, amount_in, amount_of
from executions.pages.page import Page
from executions.pages.rule import Selector
from executions.pages.rule_error import RuleError
from executions.pages.storable import storable
from executions.pages.visible_text import text_of
from executions.pages.xpath import compiled_xpath

#: A number as JSON writes it (RFC 8259 §6): a point in it is always a decimal point.
JSON_NUMBER = re.compile(r"-?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,2})?", re.ASCII)
#: How many values of a JSON path count. A path such as $..*..* finds each value many times.
COUNTED_VALUES = 10_000


def selected(page: Page, selector: Selector, *, only_first: bool = False) -> list[Any]:
    """Return what a selector finds on a page: elements, texts and numbers, or values of JSON.

    Args:
        page: the page, as `parse_page` returns it.
        selector: a valid selector that is not `feed`.
        only_first: whether the first is enough.

    Raises:
        RuleError: the XPath cannot be applied to this page.
    """
    if selector.kind == "json":
        return _values(selector.text, page.data, 1 if only_first else COUNTED_VALUES)
    if page.document is None:
        return []
    if selector.kind == "css":
        found: list[Any] = page.document.cssselect(selector.text)
    else:
        found = _found_by_xpath(selector.text, page.document)
    return found[:1] if only_first else found


def amount_at(found: Any, page: Page) -> tuple[Amount, str] | None:
    """Return the amount in what was found and the text that contains it, or None."""
    if isinstance(found, etree._Element):  # noqa: SLF001 - its only name
        read = amount_of(found, language=page.language)
    else:
        value = Decimal(found) if isinstance(found, str) and JSON_NUMBER.fullmatch(found) else found
        amount = amount_in(value, language=page.language)
        read = None if amount is None else (amount, " ".join(str(value).split()))
    return None if read is None else (read[0], storable(read[1])[:100])


def text_at(found: Any) -> str:
    """Return what was found as a text."""
    if isinstance(found, etree._Element):  # noqa: SLF001 - its only name
        return storable(text_of(found, only_chosen=True))
    return storable(found) if isinstance(found, str) else json_text(found)


def _values(path: str, data: Any, count: int) -> list[Any]:
    if data is None:
        return []
    try:
        return [found.obj for found in islice(PATHS.finditer(path, data), count)]
    except JSONPathRecursionError:  # the data is nested too deeply for a path that descends
        return []
    except json.JSONDecodeError:  # the data is a string, which the library tries to parse again
        return []


def _found_by_xpath(path: str, document: Any) -> list[Any]:
    try:
        found = compiled_xpath(path)(document)
    except etree.XPathError as error:
        raise RuleError(f"The XPath cannot be applied to the page: {error}.", 1) from error
    return found if isinstance(found, list) else [found]
