"""What a page says for machines, as JSON-LD, microdata, RDFa Lite or Open Graph; pure.

All of it becomes nodes as in JSON-LD: objects whose members are the properties of schema.org.

extruct would do it, but importing any part of it imports rdflib: 0.3 s of CPU time and 27 MB in
each child process, more than everything else that reads pages.
"""

import html
import json
import re
from itertools import islice
from typing import Any

from lxml import etree

Node = dict[str, Any]

#: How many objects are looked at, and how many elements with properties.
MAX_NODES = 5_000
#: How many characters the value of a property may have.
MAX_VALUE = 500

_JSON_LD: Any = etree.XPath("descendant::script[contains(@type,'ld+json')]")
_PROPERTIES: Any = etree.XPath("descendant::*[@itemprop or @itemscope or @property or @typeof]")
_META: Any = etree.XPath("descendant::meta[@property and @content]")
#: What stands around JSON in a script: comments, and the marks of CDATA.
_BEFORE = re.compile(r"(?:\s|//[^\n]*\n|/\*|\*/|<!--|<!\[CDATA\[)+")
_AFTER = re.compile(r"(?:\s|/\*|\*/|//|-->|\]\]>|;)+\Z")
_TRAILING_COMMA = re.compile(r",(?=\s{0,100}[}\]])")
#: The members in which objects stand that are not part of their parent.
_CONTAINERS = ("@graph", "mainEntity")


def json_ld(document: Any) -> list[Node]:
    """Return the objects of the document's JSON-LD; what cannot be read is passed over."""
    nodes: list[Node] = []
    waiting: list[Any] = [_lenient(script.text or "") for script in reversed(_JSON_LD(document))]
    while waiting and len(nodes) < MAX_NODES:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += reversed(value[:MAX_NODES])
        elif isinstance(value, dict):
            nodes.append(value)
            waiting += [value[name] for name in _CONTAINERS if name in value]
    return nodes


def attributes(document: Any) -> list[Node]:
    """Return the objects of the document's microdata and RDFa Lite that are part of no other."""
    nodes: list[Node] = []
    #: The objects whose elements are open, and the elements.
    open_nodes: list[tuple[Any, Node]] = []
    for element in islice(_PROPERTIES(document), MAX_NODES):
        while open_nodes and not _is_within(element, open_nodes[-1][0]):
            open_nodes.pop()
        name = element.get("itemprop") or element.get("property") or ""
        types = element.get("itemtype") or element.get("typeof")
        value: Any = None
        if types is not None or element.get("itemscope") is not None:
            value = {"@type": (types or "").split()}
        for property_name in name.split():
            if open_nodes:
                own = open_nodes[-1][1].setdefault(property_name.rpartition(":")[2], [])
                own.append(_value(element) if value is None else value)
        if value is not None:
            if not open_nodes or not name or "mainEntity" in name:
                nodes.append(value)
            open_nodes.append((element, value))
    return nodes


def open_graph(document: Any) -> list[Node]:
    """Return the product that the document's Open Graph describes, if it does."""
    said: dict[str, str] = {}
    for meta in islice(_META(document), MAX_NODES):
        name = meta.get("property").strip().lower()
        said.setdefault(name.removeprefix("product:").removeprefix("og:"), meta.get("content"))
    offer = {
        "price": said.get("sale_price:amount") or said.get("price:amount"),
        "priceCurrency": said.get("sale_price:currency") or said.get("price:currency"),
        "availability": said.get("availability"),
    }
    if not offer["price"] and not offer["availability"]:
        return []
    return [{"@type": "Product", "name": said.get("title", ""), "offers": offer}]


def types_of(node: Node) -> set[str]:
    """Return the names of an object's types, in lower case and without their vocabulary."""
    return {name.rstrip("/").rpartition("/")[2].rpartition(":")[2].lower() for name in _types(node)}


def _types(node: Node) -> list[str]:
    named = node.get("@type", [])
    return [
        name for name in (named if isinstance(named, list) else [named]) if isinstance(name, str)
    ]


def objects(value: Any) -> list[Node]:
    """Return the objects that a property has."""
    values = value if isinstance(value, list) else [value]
    return [item for item in values[:MAX_NODES] if isinstance(item, dict)]


def word(value: Any) -> str:
    """Return the text or number that a property has, or an empty text."""
    if isinstance(value, list):
        value = next(iter(value), None)
    if isinstance(value, dict):
        value = value.get("@value") or value.get("@id")
    is_word = isinstance(value, str | int | float) and not isinstance(value, bool)
    return str(value).strip()[:MAX_VALUE] if is_word else ""


def _is_within(element: Any, container: Any) -> bool:
    return any(ancestor is container for ancestor in element.iterancestors())


def _value(element: Any) -> str:
    """Return the value of a property (HTML §5.2.4)."""
    for name in ("content", "href", "value", "datetime", "resource"):
        if element.get(name) is not None:
            return str(element.get(name))[:MAX_VALUE]
    # Not the whole text: elements with properties may contain each other.
    text = "".join(islice(element.itertext(), 50))
    return " ".join(text[: 2 * MAX_VALUE].split())[:MAX_VALUE]


def _lenient(text: str) -> Any:
    """Return the value of a script, in which people make all kinds of faults."""
    if before := _BEFORE.match(text):
        text = text[before.end() :]
    text = text[:-100] + _AFTER.sub("", text[-100:])
    for attempt in (text, _TRAILING_COMMA.sub("", text), html.unescape(text)):
        try:
            return _several(attempt)
        except (ValueError, RecursionError):
            continue
    return None


def _several(text: str) -> list[Any]:
    """Return the values of a text, which may have one after the other."""
    # Not strict: line breaks within a text are allowed.
    decoder = json.JSONDecoder(strict=False)
    values: list[Any] = []
    at = 0
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        values.append(value)
        while at < len(text) and text[at] in " \t\r\n;,":
            at += 1
    return values
