"""Compare and search texts in the way a reader would, whatever their case and typography; pure."""

import re
import unicodedata
from collections.abc import Iterator

from executions.pages import expression
from executions.pages.storable import storable

#: Characters that are not seen: the soft hyphen, zero-width characters and marks of direction.
_UNSEEN = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
_UNSEEN_RUN = re.compile(f"[{_UNSEEN}]+")
_SINGLE_QUOTES = re.compile("[\u2018\u2019\u201a\u201b\u2032\u02bc\u00b4`\u2039\u203a\uff07]")
_DOUBLE_QUOTES = re.compile("[\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\u301d-\u301f\uff02]")
_DASHES = re.compile("[\u2010-\u2015\u2212\u2e3a\u2e3b\u2043\ufe58\ufe63\uff0d]")
#: A character with those after it that NFKC may join to it: marks, the vowels and finals of Hangul,
#: the voicing marks of Katakana, and what is not seen. NFKC of a text is that of its clusters.
_JOINING = f"{_UNSEEN}\u1160-\u11ff\u3130-\u318f\uffa0-\uffdc\uff9e\uff9f"
_JOINS = re.compile(f"[{_JOINING}]")
#: More marks on one letter than any language has (UAX #15 §13). The standard library sorts them in
#: quadratic time.
_MARKS = expression.compiled(r"([\pM\x{ff9e}\x{ff9f}]{30})[\pM\x{ff9e}\x{ff9f}]+")
#: How many characters are folded at a time when a position is looked for.
_CHUNK = 2048


def folded(text: str) -> str:
    """Return the one form in which texts are compared and searched; takes linear time.

    Differences that a reader does not see are gone: those of case, of typography (NFKC, quotes,
    dashes), of white space, and characters that take no room.
    """
    return " ".join(_unlevelled(text).split())


def span_of(wanted: str, text: str) -> tuple[int, int] | None:
    """Return where `text` first contains `wanted`, or None; takes linear time.

    The texts are compared in their normal form, but the span is one of `text` as it is written.
    """
    sought = folded(wanted)
    begin = folded(text).find(sought)
    if begin < 0:
        return None
    first, _ = _place(begin, text)
    _, last = _place(begin + len(sought) - 1, text)
    return first, last


def _unlevelled(text: str) -> str:
    """Return the normal form, except that its white space is still as it was."""
    if text.isascii():
        return text.replace("`", "'").lower()
    text = _MARKS.sub(r"\1", storable(text))
    text = _UNSEEN_RUN.sub("", text)
    text = _SINGLE_QUOTES.sub("'", text)
    text = _DOUBLE_QUOTES.sub('"', text)
    text = _DASHES.sub("-", text)
    text = unicodedata.normalize("NFKC", text)
    # The Turkish letters count as "i", as in a regular expression that ignores case.
    text = text.replace("İ", "i").replace("ı", "i").casefold()  # noqa: RUF001 - on purpose
    return unicodedata.normalize("NFKC", text)


def _place(position: int, text: str) -> tuple[int, int]:
    """Return where in `text` the character at `position` of its normal form comes from."""
    begin, end, length, is_spaced = 0, len(text), 0, False
    for pieces in (_chunks, _clusters):
        for piece_begin, piece_end in pieces(text, begin, end):
            piece = _unlevelled(text[piece_begin:piece_end])
            words = " ".join(piece.split())
            if not words:
                is_spaced = is_spaced or bool(piece)
                continue
            is_spaced = bool(length) and (is_spaced or piece[0].isspace())
            if position < length + is_spaced + len(words):
                begin, end = piece_begin, piece_end
                break
            length += is_spaced + len(words)
            is_spaced = piece[-1].isspace()
    return begin, end


def _chunks(text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    while begin < end:
        chunk_end = min(begin + _CHUNK, end)
        while chunk_end < end and _joins(text[chunk_end]):
            chunk_end += 1
        yield begin, chunk_end
        begin = chunk_end


def _clusters(text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    while begin < end:
        cluster_end = begin + 1
        while cluster_end < end and _joins(text[cluster_end]):
            cluster_end += 1
        yield begin, cluster_end
        begin = cluster_end


def _joins(character: str) -> bool:
    return unicodedata.category(character)[0] == "M" or _JOINS.match(character) is not None
