"""Write a value of JSON as text, a line for each member; pure."""

import json
from typing import Any

import orjson

from executions.pages.storable import storable


def json_text(value: Any) -> str:
    """Return a value of JSON with sorted keys, a line for each member."""
    try:
        text = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode()
    except TypeError:  # a number beyond 64 bits, a lone surrogate, or over 250 levels
        text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    return storable(text)
