"""The text of a document that a person sees; pure.

Written out instead of taken from a library, because none of those known leaves out what a person
does not see. It takes linear time, and no recursion, however deep the elements are nested.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from lxml import etree

from executions.pages.documents import XMLElement

#: How many links are returned, how many pieces of a link's text are read and how many characters of
#: each piece, and how many characters are kept.
MAX_LINKS = 1_000
MAX_PIECES = 50
MAX_PIECE = 1_000
MAX_LINK_TEXT = 200

_LINE = "\n"
_SPACE = " "
_BLOCKS = """
    address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset
    figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li listing
    main menu nav ol optgroup option p plaintext pre search section summary table tbody tfoot thead
    title tr ul xmp
"""
_BOXES = "button input select td textarea th"
#: What separates an element from what is before and after it. All others are inline.
_SEPARATORS = {
    **dict.fromkeys(_BLOCKS.split(), _LINE),
    **dict.fromkeys(_BOXES.split(), _SPACE),
}
_NOT_SHOWN = """
    audio base canvas col colgroup datalist defs desc frameset iframe link meta metadata meter
    noembed noframes noscript object param progress rp script source style symbol track video
"""
#: Elements whose content is not shown.
_UNSEEN_TAGS = frozenset(_NOT_SHOWN.split())
#: Those of XML, which may have XHTML in it. What its other elements mean is not known.
_UNSEEN_IN_XML = frozenset({"script", "style"})
#: Elements whose content is not shown in some cases: templates except shadow trees, closed dialogs,
#: and titles of drawings.
_UNSEEN_IF: dict[str, Callable[[Any], bool]] = {
    "template": lambda element: element.get("shadowrootmode") is None,
    "dialog": lambda element: element.get("open") is None,
    "title": lambda element: element.getparent().tag not in {"head", "html", "body"},
}
_UNSEEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)", re.IGNORECASE
)
#: Classes of frameworks, for text that only screen readers read, and for words that a font shows as
#: pictures.
_CLASSES = re.compile(
    r"(?:^|\s)(?:(?P<heard>a-offscreen|(?:u-|is-)?visually-?hidden|"
    r"(?:u-|is-)?(?:sr|screen-?reader)-?(?:only|text))|(?P<icon>material-(?:icons|symbols)))"
    r"(?:$|[\s-])",
    re.IGNORECASE,
)
#: Characters that icon fonts show as pictures.
_PICTURES = re.compile("[\ue000-\uf8ff]+")


def text_of(element: Any, *, without: Iterable[Any] = (), only_chosen: bool = False) -> str:
    """Return the text of an element that a person sees, in its own spelling, a line for each block.

    Runs of white space become one space, and empty lines are left out. What the element itself is
    does not matter: if it is hidden, its text is returned all the same.

    Args:
        element: an element that lxml has parsed.
        without: elements in it that are left out.
        only_chosen: whether a list to choose from is to say what is chosen, rather than all that a
            person sees who opens it.
    """
    return _lines(_Reading(element, without, only_chosen=only_chosen).pieces)


def text_and_links_of(
    element: Any, *, without: Iterable[Any] = ()
) -> tuple[str, list[tuple[str, Any]]]:
    """Return the text of an element, as `text_of` does, and the first links that a person sees.

    Args:
        element: an element that lxml has parsed as HTML.
        without: elements in it that are left out.

    Returns:
        The text; and for the first MAX_LINKS elements `a` the beginning of their text on one line,
        and the element itself.
    """
    links: list[tuple[str, Any]] = []
    reading = _Reading(element, without, only_chosen=False, links=links)
    return _lines(reading.pieces), links


def _lines(pieces: Iterable[str]) -> str:
    text = "".join(pieces)
    if not text.isascii():
        text = _PICTURES.sub(_SPACE, text)
    lines = (_SPACE.join(line.split()) for line in text.split(_LINE))
    return _LINE.join(line for line in lines if line)


class _Reading:
    """One walk through the elements of a document."""

    def __init__(
        self,
        root: Any,
        without: Iterable[Any],
        *,
        only_chosen: bool,
        links: list[tuple[str, Any]] | None = None,
    ) -> None:
        self.pieces: list[str] = []
        self.root = root
        self.only_chosen = only_chosen
        #: Where the links are to be added, with their texts; None if nobody wants them.
        self.found_links = links
        self.is_xml = isinstance(root, XMLElement)
        #: Elements that are left out because of what they are in, or because it was asked for.
        self.unseen = set(without)
        #: Elements whose own text is left out, and those after which text is left out.
        self.mute_within: set[Any] = set()
        self.mute_after: set[Any] = set()
        #: Parents of texts for screen readers, and whether they show the same to all others.
        self.is_shown_too: dict[Any, bool] = {}
        #: What the classes met so far mean: a group of _CLASSES, or nothing.
        self.meanings: dict[str, str | None] = {}
        #: The links and buttons that are open: where their text begins, and their pictures' texts.
        self.links: list[tuple[int, list[str]]] = []
        #: How many elements are open in which line breaks count.
        self.pre_count = 0
        #: How many lists to choose from are open.
        self.select_count = 0
        self._walk()

    def _walk(self) -> None:
        pieces, root = self.pieces, self.root
        # Each element of XML stands on a line of its own.
        usual = _LINE if self.is_xml else None
        walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
        for event, element in walk:
            tag = element.tag
            separator = _SEPARATORS.get(tag, usual)
            if event == "start":
                if element is not root and self._is_unseen(element, tag):
                    self.unseen.add(element)
                    walk.skip_subtree()
                    continue
                if separator:
                    pieces.append(separator)
                if tag in _BEGIN and not self.is_xml:
                    _BEGIN[tag](self, element)
                text = None if element in self.mute_within else element.text
            else:
                if separator and element not in self.unseen:
                    pieces.append(separator)
                if tag in _END and not self.is_xml and element not in self.unseen:
                    _END[tag](self, element)
                if element is root:
                    return
                text = None if element in self.mute_after else element.tail
            if text:
                pieces.append(text if self.pre_count else text.replace("\n", _SPACE))

    def _is_unseen(self, element: Any, tag: Any) -> bool:
        if self.is_xml:
            return tag in _UNSEEN_IN_XML or element in self.unseen
        if tag in _UNSEEN_TAGS or (tag in _UNSEEN_IF and _UNSEEN_IF[tag](element)):
            return True
        style = element.get("style")
        # Some pages hide their whole body until a script has run.
        if style and _UNSEEN_STYLE.search(style) and tag != "body":
            return True
        if element.get("hidden") is not None or element.get("popover") is not None:
            return True
        classes = element.get("class")
        if classes:
            if classes not in self.meanings:
                found = _CLASSES.search(classes)
                self.meanings[classes] = found and found.lastgroup
            meaning = self.meanings[classes]
            if meaning == "icon" or (meaning == "heard" and self._is_said_twice(element)):
                return True
        return element in self.unseen

    def _is_said_twice(self, element: Any) -> bool:
        """Return whether a text for screen readers stands beside one for all others.

        The other one is marked by `aria-hidden`. A text for screen readers without such a one says
        what a picture shows, so it is read.
        """
        parent = element.getparent()
        if parent not in self.is_shown_too:
            self.is_shown_too[parent] = any(child.get("aria-hidden") == "true" for child in parent)
        return self.is_shown_too[parent]

    def begin_link(self, element: Any) -> None:
        """Note where its text begins."""
        self.links.append((len(self.pieces), []))

    def end_link(self, element: Any) -> None:
        """Read the alternative texts of its pictures if it has no other text."""
        begin, pictures = self.links.pop()
        if pictures and not any(map(str.strip, self.pieces[begin:])):
            self.pieces[begin:] = [_SPACE, *pictures]
        links = self.found_links
        if links is not None and element.tag == "a" and len(links) < MAX_LINKS:
            # Not the whole text: links may contain each other.
            pieces = (piece[:MAX_PIECE] for piece in self.pieces[begin : begin + MAX_PIECES])
            text = _lines(pieces).replace(_LINE, _SPACE)
            links.append((text[:MAX_LINK_TEXT], element))

    def picture(self, element: Any) -> None:
        """Note its alternative text if it is in a link."""
        if self.links:
            self.links[-1][1].append(f"{element.get('alt', '')} ")

    def input(self, element: Any) -> None:
        """Read what stands on a button."""
        kind = element.get("type", "").strip().lower()
        if kind in {"submit", "button", "reset"}:
            self.pieces.append(element.get("value", ""))
        elif kind == "image":
            self.pieces.append(element.get("alt", ""))

    def begin_pre(self, element: Any) -> None:
        """Keep line breaks from here on."""
        self.pre_count += 1

    def end_pre(self, element: Any) -> None:
        """Keep line breaks no longer."""
        self.pre_count -= 1

    def begin_details(self, element: Any) -> None:
        """Leave out all but the summary, if they are closed."""
        if element.get("open") is None:
            summary = element.find("summary")
            self.mute_within.add(element)
            self.mute_after.update(element)
            self.unseen.update(child for child in element if child is not summary)

    def begin_select(self, element: Any) -> None:
        """Leave out what is not chosen, unless it is wanted or is always shown."""
        self.select_count += 1
        is_list = element.get("multiple") is not None or element.get("size") is not None
        if self.only_chosen and self.select_count == 1 and not is_list:
            options = list(element.iter("option"))
            chosen = [option for option in options if option.get("selected") is not None]
            self.unseen.update(options)
            self.unseen.difference_update(chosen[-1:] or options[:1])

    def end_select(self, element: Any) -> None:
        """Read all again."""
        self.select_count -= 1


_BEGIN = {
    "a": _Reading.begin_link,
    "button": _Reading.begin_link,
    "details": _Reading.begin_details,
    "img": _Reading.picture,
    "input": _Reading.input,
    "pre": _Reading.begin_pre,
    "select": _Reading.begin_select,
    "textarea": _Reading.begin_pre,
}
_END = {
    "a": _Reading.end_link,
    "button": _Reading.end_link,
    "pre": _Reading.end_pre,
    "select": _Reading.end_select,
    "textarea": _Reading.end_pre,
}
