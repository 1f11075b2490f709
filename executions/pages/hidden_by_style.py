"""Find what a document has for programs only: text that its own styles keep people from seeing.

A browser would know for certain; here the usual ways to hide a text are known, in the style of an
element and in the style sheets that stand in the document. Those of other files are not read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from lxml import etree

from executions.pages.expression import compiled

#: How many hiding rules of style sheets are looked at, how many of them for one class, id or tag,
#: and how many classes of an element.
MAX_RULES: Final = 200
MAX_RULES_OF_KEY: Final = 10
MAX_CLASSES: Final = 30
#: How many elements around one are looked at for its ground.
MAX_ANCESTORS: Final = 12
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
_BETWEEN: Final = re.compile(r"\s*>\s*|\s+")
_PART: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[.#][\w-]+)*|(?:[.#][\w-]+)+")
_MARK: Final = re.compile(r"[.#][\w-]+")
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
    rules = _rules(document)
    by_key: dict[str, list[_Rule]] = {}
    for rule in dict.fromkeys(rules):
        same = by_key.setdefault(rule.parts[-1].key, [])
        if len(same) < MAX_RULES_OF_KEY:
            same.append(rule)
    if not rules:
        return
    for element in document.iter("*"):
        for key in _keys(element):
            for rule in by_key.get(key, ()):
                if rule.names(element):
                    yield element, rule.style, rule.is_hiding
                    break


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One part of a selector, such as `p.note`."""

    tag: str
    #: Ids with a `#` before them, and classes with a dot.
    marks: frozenset[str]

    @property
    def key(self) -> str:
        """One of the keys that an element must have."""
        return min(self.marks, default=self.tag)

    def names(self, element: Any) -> bool:
        keys = _keys(element)
        return self.marks <= keys and (not self.tag or self.tag in keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """A rule of a style sheet that hides something, for one of its selectors."""

    #: The parts of its selector, and what stands between them: a space, or `>`.
    parts: tuple[_Part, ...]
    between: tuple[str, ...]
    style: str
    is_hiding: bool

    def names(self, element: Any) -> bool:
        if not self.parts[-1].names(element):
            return False
        for part, between in zip(self.parts[-2::-1], self.between[::-1], strict=True):
            around = islice(element.iterancestors(), 1 if between == ">" else MAX_ANCESTORS)
            element = next((each for each in around if part.names(each)), None)
            if element is None:
                return False
        return True


def _rules(document: Any) -> list[_Rule]:
    """Return the rules in the style sheets of a document that hide something."""
    sheets = "\n".join(sheet.text or "" for sheet in document.iterfind(".//style"))
    rules: list[_Rule] = []
    for found in _RULE.finditer(_COMMENT.sub("", sheets)):
        style = _plain(found[2])
        is_hiding = _is_hidden(style) or bool(_NOT_DISPLAYED.search(style))
        if is_hiding or _TRANSPARENT.search(style):
            for selector in found[1].split(","):
                # With `:`, it is only so while something happens, or only beside it.
                names = _BETWEEN.split(selector.strip())
                parts = [_PART.fullmatch(name) for name in names]
                if all(parts) and all(names):
                    rules.append(
                        _Rule(
                            parts=tuple(_part(name) for name in names),
                            between=tuple(
                                each.strip() or " " for each in _BETWEEN.findall(selector.strip())
                            ),
                            style=style,
                            is_hiding=is_hiding,
                        )
                    )
        if len(rules) >= MAX_RULES:
            break
    return rules


def _part(name: str) -> _Part:
    marks = frozenset(_MARK.findall(name))
    return _Part(tag=_MARK.sub("", name).lower(), marks=marks)


def _keys(element: Any) -> frozenset[str]:
    """Return by what a selector may name an element."""
    return _keys_of(element.tag, element.get("id"), element.get("class"))


@lru_cache(maxsize=2_000)
def _keys_of(tag: str, identifier: str | None, classes: str | None) -> frozenset[str]:
    names = (classes or "").split()[:MAX_CLASSES]
    ids = [f"#{identifier}"] if identifier else []
    return frozenset([tag, *ids, *(f".{name}" for name in names)])


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
