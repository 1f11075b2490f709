"""Find what a document has for programs only: text that its own styles keep people from seeing.

A browser would know for certain; here the usual ways to hide a text are known, in the style of an
element and in the style sheets that stand in the document. Those of other files are not read.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from cssselect import SelectorError
from lxml import etree
from lxml.etree import XPathError

from executions.pages.expression import compiled

#: How many rules of style sheets are looked at, and how many elements each may hide. In a document
#: of many elements there are fewer: each rule goes through all of them.
MAX_RULES: Final = 100
MAX_ELEMENTS: Final = 1_000
MAX_RULES_TIMES_ELEMENTS: Final = 500_000
#: How many elements around one are looked at for its ground.
MAX_ANCESTORS: Final = 30
#: Pages that show their parts one after the other begin with parts that are transparent. If so much
#: of the text is, that is what it is.
FADES_IN: Final = 0.5

_ZERO: Final = r"0*\.?0+(?:px|pt|em|rem|%|vh|vw)?(?![.\d])"
_FAR: Final = r"-\d{3,}(?:\.\d+)?(?:px|pt|em|rem|%|vw|vh)"
#: Styles with which nobody sees the text.
_HIDDEN: Final = re.compile(
    rf"(?:^|;)(?:font-size:(?:{_ZERO}|1px)|font:[^;]*\b0(?:px|pt)?[ /]|text-indent:{_FAR}"
    r"|clip:rect\((?:0(?:px)?|1px)(?:,? ?(?:0(?:px)?|1px)){3}\)|clip-path:inset\((?:100|50)%"
    r"|clip-path:circle\(0|transform:[^;]*scale[xy]?\(0(?:\.0+)?[,)]|color:transparent"
    r"|color:(?:rgb|hsl)a\([^;)]*,0?\.?0+\)|color:#(?:[0-9a-f]{3}0|[0-9a-f]{6}00)(?:$|;)"
    r"|content-visibility:hidden)"
)
#: The same with what is only known from style sheets: elements' own are left out elsewhere.
_NOT_DISPLAYED: Final = re.compile(r"(?:^|;)(?:display:none|visibility:(?:hidden|collapse))")
_TRANSPARENT: Final = re.compile(rf"(?:^|;)(?:opacity:{_ZERO}|filter:opacity\({_ZERO}\))")
_BESIDE: Final = re.compile(rf"(?:^|;)(?:left|top|right|bottom|margin-left|margin-top):{_FAR}")
_MOVED: Final = re.compile(r"(?:^|;)(?:position:(?:absolute|fixed)|margin)")
_FLAT: Final = re.compile(rf"(?:^|;)(?:max-)?(?:height|width):(?:{_ZERO}|1px)(?:;|$)")
_CUT_OFF: Final = re.compile(r"(?:^|;)overflow(?:-[xy])?:(?:hidden|clip)")
_COLOUR: Final = re.compile(r"(?:^|;)color:([^;]+)")
_BACKGROUND: Final = re.compile(r"(?:^|;)background(?:-color)?:([^;]+)")
_WHITE: Final = re.compile(
    r"white|#f[c-f]f[c-f]f[c-f]|#f{3,4}|#f{6,8}|rgba?\((?:25[2-5],){2}25[2-5](?:,1)?\)|snow|ivory"
)
_CHILD: Final = re.compile(r"\s*>\s*")
_SLOW: Final = re.compile(r"[\s~+:\[*]|>.*>")
#: With RE2, whose time is linear.
_COMMENT: Final = compiled(r"(?s)/\*.*?(?:\*/|$)")
_RULE: Final = compiled(r"([^{}@;]*)\{([^{}]*)\}")


def hidden_by_style(document: Any) -> Iterator[Any]:
    """Yield the elements of an HTML document that its own styles hide.

    Args:
        document: a document that lxml has parsed.
    """
    transparent: list[Any] = []
    for element, style, is_hidden in (*_by_attributes(document), *_by_sheets(document)):
        if element.tag in {"body", "html"}:  # as long as a script has not run
            continue
        if is_hidden:
            yield element
        elif _TRANSPARENT.search(style):
            transparent.append(element)
    if transparent and not _is_most_of(document, transparent):
        yield from transparent


def _by_attributes(document: Any) -> Iterator[tuple[Any, str, bool]]:
    """Yield elements with a style of their own, and whether it hides them."""
    styles = {each: _plain(each.get("style")) for each in document.iterfind(".//*[@style]")}
    for element, style in styles.items():
        yield (
            element,
            style,
            _is_hidden(style) or _has_the_colour_of_its_ground(element, style, styles),
        )
    for element in document.iterfind(".//font[@color]"):
        style = f"color:{_plain(element.get('color'))}"
        yield element, style, _has_the_colour_of_its_ground(element, style, styles)


def _by_sheets(document: Any) -> Iterator[tuple[Any, str, bool]]:
    """Yield elements that the style sheets in a document may hide, and whether they do."""
    for selector, style in _rules(document):
        is_hidden = _is_hidden(style) or bool(_NOT_DISPLAYED.search(style))
        if is_hidden or _TRANSPARENT.search(style):
            for element in islice(_selected(document, selector), MAX_ELEMENTS):
                yield element, style, is_hidden


def _plain(style: str | None) -> str:
    """Return a style without what can be written in several ways."""
    text = _COMMENT.sub("", style or "").lower().replace("!important", "")
    return re.sub(r"\s*([:;,()])\s*", r"\1", " ".join(text.split())).strip()


def _is_hidden(style: str) -> bool:
    return bool(
        _HIDDEN.search(style)
        or (_BESIDE.search(style) and _MOVED.search(style))
        or (_FLAT.search(style) and _CUT_OFF.search(style))
    )


def _has_the_colour_of_its_ground(element: Any, style: str, styles: dict[Any, str]) -> bool:
    colour = _COLOUR.search(style)
    if colour is None:
        return False
    text = colour[1].strip()
    for each in (element, *islice(element.iterancestors(), MAX_ANCESTORS)):
        ground = _BACKGROUND.search(styles.get(each, "")) or re.search(
            "(.+)", each.get("bgcolor") or ""
        )
        if ground:
            behind = ground[1].strip().lower()
            return behind == text or bool(_WHITE.fullmatch(behind) and _WHITE.fullmatch(text))
        # A style sheet may give it another ground.
        if each.tag != "body" and (each.get("class") or each.get("id")):
            return False
    return bool(_WHITE.fullmatch(text))


def _rules(document: Any) -> Iterator[tuple[str, str]]:
    """Yield the selectors and styles of the style sheets in a document."""
    sheets = "\n".join(sheet.text or "" for sheet in document.iterfind(".//style"))
    if not sheets:
        return
    most = min(MAX_RULES, MAX_RULES_TIMES_ELEMENTS // sum(1 for _ in document.iter()))
    for found in islice(_RULE.finditer(_COMMENT.sub("", sheets)), most):
        yield found[1].strip(), _plain(found[2])


def _selected(document: Any, selectors: str) -> Iterator[Any]:
    """Yield the elements that one of the selectors names; those that take long are passed over.

    With `:`, something is hidden only while something happens, or only beside it.
    """
    for each in _CHILD.sub(">", selectors).split(","):
        selector = each.strip()
        if selector and not _SLOW.search(selector):
            try:
                yield from document.cssselect(selector)
            except (SelectorError, XPathError):
                continue


def _is_most_of(document: Any, elements: list[Any]) -> bool:
    """Return whether so much of the text is in these elements; takes linear time."""
    chosen, depth = set(elements), 0
    inside = total = 0
    for event, element in etree.iterwalk(document, events=("start", "end")):
        is_chosen = element in chosen
        if event == "start":
            depth += is_chosen
            length = len(element.text or "")
        else:
            depth -= is_chosen
            length = len(element.tail or "")
        total += length
        inside += length if depth else 0
    return inside > FADES_IN * total
