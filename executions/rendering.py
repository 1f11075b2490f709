"""What people see of a notification's Markdown: safe HTML, and its headline for a subject."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

import nh3
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.token import Token

_markdown = MarkdownIt("commonmark", {"html": False})

#: Images are left out: loading one tells a stranger's server who reads, and when.
TAGS = nh3.ALLOWED_TAGS - {"img"}
#: Characters that a watched page may contain and XML does not allow (XML 1.0 §2.2).
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: The most characters of a headline.
HEADLINE_CHARACTERS = 70
#: The evidence of `contains` also quotes what surrounds the text. A headline has only the text.
_CONTAINS = re.compile(r'The page\b[^"]*? contains "(?P<wanted>.+?)": "')
#: The end of a sentence within a paragraph.
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
#: The last entry of a list that is cut.
_CUT = re.compile(r"… and (?P<count>\d{1,9}) more")
#: The title of a list whose entries are news.
_NEW = "New:"
#: Marks that change the direction of what follows; a subject may not hide behind them.
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def html_of(notification: str) -> SafeString:
    """Return a notification as HTML. Nothing in it runs, loads or changes the page around it."""
    return SafeString(nh3.clean(_markdown.render(NOT_XML.sub("", notification)), tags=TAGS))


def headline_of(notification: str) -> str:
    """Return in one short line what a notification says was found; empty if it says nothing.

    The first entry of a list of what is new comes before the first sentence. The title of the page,
    a paragraph in bold, and links count only if there is nothing else.
    """
    blocks = [*_blocks(_markdown.parse(NOT_XML.sub("", notification)))]
    lists = [(heading, entries) for heading, entries in blocks if entries]
    lists.sort(key=lambda block: block[0] != _NEW)
    if lists:
        heading, (first, *others) = lists[0]
        count = sum(int(rest["count"]) if (rest := _CUT.fullmatch(one)) else 1 for one in others)
        more = f" and {count} more" if count else ""
        title = cut(f"{heading} {first}".strip(), HEADLINE_CHARACTERS - len(more))
        return one_line(f"{title}{more}")
    told = next((text for text, _ in blocks), "")
    if found := _CONTAINS.match(told):
        sentence = found["wanted"]
    else:
        sentence = _SENTENCE_END.split(told, maxsplit=1)[0].removesuffix(".")
    return one_line(cut(sentence, HEADLINE_CHARACTERS))


def cut(text: str, most: int) -> str:
    """Return `text`, or its beginning and an ellipsis if it has more than `most` characters.

    Unlike Django's `Truncator`, this counts combining marks, of which a page may have any number.
    """
    return text if len(text) <= most else f"{text[: most - 1]}…"


def one_line(text: str) -> str:
    """Return `text` on one line, without characters that are not shown or change the direction."""
    line = " ".join(text.split())
    return "".join(
        mark
        for mark in line
        if unicodedata.category(mark) not in {"Cc", "Cs"} and mark not in _DIRECTIONS
    )


def _blocks(tokens: Sequence[Token]) -> Iterator[tuple[str, list[str]]]:
    """Yield paragraphs as their text, and lists as the text before them and their entries.

    What is only a title or a link comes last.
    """
    last: list[tuple[str, list[str]]] = []
    heading, entries = "", list[str]()
    for token in tokens:
        if token.type == "inline" and token.level > 1:
            entries.append(_text(token))
        elif token.type == "inline":
            text = _text(token)
            if not text:
                continue
            if _is_within(token, "strong") or _is_within(token, "link"):
                last.append((text, []))
            elif text.endswith(":"):
                heading = text
            else:
                yield text, []
        elif token.type.endswith("_list_close") and token.level == 0 and entries:
            yield heading, entries
            heading, entries = "", []
    if heading:
        yield heading, []
    yield from last


def _text(token: Token) -> str:
    """Return an inline token's text, without addresses that only repeat a link."""
    parts, is_automatic = [], False
    for child in token.children or ():
        if child.type in ("link_open", "link_close"):
            is_automatic = child.type == "link_open" and child.info == "auto"
            parts.append(" ")
        elif child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif child.type in ("text", "code_inline") and not (is_automatic and token.level > 1):
            parts.append(child.content)
    return " ".join("".join(parts).split()).strip("\N{ZERO WIDTH SPACE} ")


def _is_within(token: Token, kind: str) -> bool:
    """Return whether all of an inline token is within one element of a kind."""
    children = [child for child in token.children or () if child.content or child.nesting]
    opened = [child for child in children if child.type == f"{kind}_open"]
    return bool(
        len(opened) == 1
        and children[0].type == f"{kind}_open"
        and children[-1].type == f"{kind}_close"
    )
