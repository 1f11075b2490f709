"""XPath 1.0 without extensions, some of which take exponential time or open files; pure."""

import re
from typing import Any

from lxml import etree, html

_LITERAL = re.compile(r"\"[^\"]*\"|'[^']*'")
#: A name with a prefix; the two colons of an axis are none.
_PREFIXED = re.compile(r"(?<!:)\b[\w.-]+:(?!:)\s*[\w*][\w.-]*")
_CALLED = re.compile(r"([\w.-]+)\s*\(")
#: The functions and node types of XPath 1.0 (§4, §2.3), and the operators that may precede a
#: parenthesis.
_KNOWN = frozenset(
    (  # noqa: SIM905 - a list would need thirty lines
        "last position count id local-name namespace-uri name string concat starts-with contains "
        "substring-before substring-after substring string-length normalize-space translate "
        "boolean not true false lang number sum floor ceiling round "
        "text node comment processing-instruction and or div mod"
    ).split()
)


def compiled_xpath(path: str) -> Any:
    """Return a function that returns what `path` finds in an element.

    Raises:
        lxml.etree.XPathError: the path is malformed.
    """
    # `regexp` would add functions of EXSLT, which take exponential time for some expressions.
    return etree.XPath(path, regexp=False, smart_strings=False)


def check_xpath(path: str) -> None:
    """Refuse a path that is malformed, or uses a namespace or a function that there is not.

    Raises:
        ValueError: the path uses such a namespace or function. The library would find this only on
            some pages.
        lxml.etree.XPathError: the path is malformed.
    """
    compiled_xpath(path)(html.Element("html"))
    outside_literals = _LITERAL.sub('""', path)
    if prefixed := _PREFIXED.search(outside_literals):
        raise ValueError(f"{prefixed.group()}: there are no namespaces")
    for name in _CALLED.findall(outside_literals):
        if name not in _KNOWN:
            raise ValueError(f"{name}() is no function of XPath 1.0")
