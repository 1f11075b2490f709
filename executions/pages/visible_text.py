"""The text of a document that a person sees; pure."""

from typing import Any

import html_text


def text_of(element: Any) -> str:
    """Return the visible text of an element or a document, a line for each block.

    Args:
        element: an element that lxml has parsed.
    """
    return str(html_text.extract_text(element, guess_layout=True))
