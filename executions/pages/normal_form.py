"""Search a text in the way a reader would, whatever its case; pure."""

from bisect import bisect_right
from itertools import accumulate


def span_of(wanted: str, text: str) -> tuple[int, int] | None:
    """Return where `text` first contains `wanted`, in any case, or None; takes linear time."""
    folded, sought = _folded(text), _folded(wanted)
    begin = folded.find(sought)
    if begin < 0:
        return None
    end = begin + len(sought)
    if len(folded) == len(text):
        return begin, end
    # Folding turns some characters into two ("ß" becomes "ss"), so find the original positions.
    ends = list(accumulate(len(_folded(character)) for character in text))
    return bisect_right(ends, begin), bisect_right(ends, end - 1) + 1


def _folded(text: str) -> str:
    # The Turkish letters count as "i", as in a regular expression that ignores case.
    return text.replace("İ", "i").replace("ı", "i").casefold()  # noqa: RUF001 - on purpose
