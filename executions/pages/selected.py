"""Find the number that a rule selects on a page; pure."""

import json
import re
from decimal import Decimal
from typing import Any

from jsonpath.exceptions import JSONPathRecursionError

from executions.pages.json_path import PATHS
from executions.pages.numbers import number_in, number_of
from executions.pages.page import Page
from executions.pages.storable import storable

#: A number as JSON writes it (RFC 8259 §6): a point in it is always a decimal point.
JSON_NUMBER = re.compile(r"-?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,2})?", re.ASCII)


def select_number(page: Page, kind: str, selector: str) -> tuple[Decimal, str] | None:
    """Return the first number that a selector finds and the text that contains it, or None.

    Args:
        page: the page, as `parse_page` returns it.
        kind: `css` or `json`.
        selector: a valid CSS selector or JSON path.
    """
    if kind == "css":
        found = page.document.cssselect(selector) if page.document is not None else []
        selected = number_of(found[0], language=page.language) if found else None
    else:
        value = _found_by_path(selector, page.data)
        if isinstance(value, str) and JSON_NUMBER.fullmatch(value):
            value = Decimal(value)
        number = number_in(value, language=page.language)
        selected = None if number is None else (number, " ".join(str(value).split()))
    return None if selected is None else (selected[0], storable(selected[1])[:100])


def _found_by_path(path: str, data: Any) -> Any:
    if data is None:
        return None
    try:
        # The first is enough: a path such as $..*..* finds each value many times.
        found = next(iter(PATHS.finditer(path, data)), None)
    except JSONPathRecursionError:  # the data is nested too deeply for a path that descends
        return None
    except json.JSONDecodeError:  # the data is a string, which the library tries to parse again
        return None
    return None if found is None else found.obj
