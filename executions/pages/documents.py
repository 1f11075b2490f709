"""Parse HTML and XML into elements, without anything that a document could refer to; pure."""

import re
from html.entities import html5
from typing import Any

import lxml.html
from cssselect.parser import Element
from cssselect.xpath import XPathExpr
from lxml import etree
from lxml.cssselect import CSSSelector, LxmlTranslator

from executions.pages.page import Unreadable

#: A reference that XML itself does not know, but that people write in feeds: "&nbsp;".
_REFERENCE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z][A-Za-z0-9]{1,31};)")
#: The declaration of an encoding, which a text that has been decoded must not have.
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
TOO_DEEP = "its elements are nested too deeply"
TOO_LARGE_ENTITIES = "its entities grow too large"


class XMLElement(etree.ElementBase):
    """An element of XML, in which CSS selectors distinguish the case of names."""

    def cssselect(self, selector: str) -> list[Any]:
        """Return the elements that a CSS selector finds.

        If there are none, the names of elements are compared without case: XML was once read as
        HTML, whose names have none.
        """
        path = CSSSelector(selector, translator="xml").path
        found: Any = self.xpath(path)
        if not found:
            other_path = _AnyCase(self.getroottree()).css_to_xpath(selector)
            found = self.xpath(other_path) if other_path != path else []
        return list(found)


class _AnyCase(LxmlTranslator):
    """Translates selectors whose names of elements are written in another case than a document's.

    If the document itself writes a name in several ways, the first of them counts.
    """

    def __init__(self, document: Any) -> None:
        self._names: dict[str, str] = {}
        for element in document.iter("*"):
            self._names.setdefault(element.tag.lower(), element.tag)

    def xpath_element(self, selector: Element) -> XPathExpr:
        """Translate the name of an element."""
        name = selector.element
        known = self._names.get(name.lower(), name) if name else name
        translated: XPathExpr = super().xpath_element(Element(selector.namespace, known))
        return translated


# The class of an HTML element could be chosen by its name, as lxml.html does; this way, reading a
# page takes half as long.
_html_parser = etree.HTMLParser(encoding="utf-8", huge_tree=True)
_html_parser.set_element_class_lookup(
    etree.ElementDefaultClassLookup(element=lxml.html.HtmlElement)
)
_xml_parser = etree.XMLParser(
    encoding="utf-8",
    recover=True,
    huge_tree=True,
    no_network=True,
    remove_comments=True,
    remove_pis=True,
    resolve_entities=False,
)
_xml_parser.set_element_class_lookup(etree.ElementDefaultClassLookup(element=XMLElement))


def html_document(text: str) -> Any:
    """Return the root of an HTML document, or None if it is empty.

    Raises:
        Unreadable: its elements are nested more than 2,048 deep.
    """
    return _parsed(text, _html_parser)


def xml_document(text: str) -> Any:
    """Return the root of an XML document, or None if it is empty.

    Names have no namespaces, so that a selector need not know them. Errors are passed over as far
    as possible. Entities that the document defines are left out.

    Raises:
        Unreadable: its elements are nested more than 2,048 deep, or its entities grow too large.
    """
    text = _DECLARATION.sub("", text)
    text = _REFERENCE.sub(lambda found: html5.get(found[1], found[0]), text)
    root = _parsed(text, _xml_parser)
    if root is not None:
        for element in root.iter("{*}*"):
            if isinstance(element.tag, str) and element.tag.startswith("{"):
                element.tag = element.tag.partition("}")[2]
    return root


def _parsed(text: str, parser: Any) -> Any:
    try:
        # A lone surrogate cannot be encoded.
        root = etree.fromstring(text.encode(errors="replace"), parser)
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_NO_MEMORY:  # type: ignore[attr-defined]
            raise MemoryError from error
        if error.code == etree.ErrorTypes.ERR_DOCUMENT_EMPTY:  # type: ignore[attr-defined]
            return None
        raise Unreadable("it is not well-formed") from error
    last = parser.error_log.last_error
    if last is not None and last.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT:
        raise Unreadable(TOO_DEEP if "depth" in last.message else TOO_LARGE_ENTITIES)
    return root
