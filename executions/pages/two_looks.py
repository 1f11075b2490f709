"""Tell what two looks at a page agree on from what merely differs between them; pure.

An advertisement or a token is another one at each look, and a site that is being updated shows its
old and its new page in turn. Only what both looks show is news.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

#: Two lines say the same if at least this part of their words is the same.
SAME_LINE = 0.75

#: A part of one text that another text replaces: begin and end in the one, begin and end in the
#: other.
_Hunk = tuple[int, int, int, int]


def confirmed(before: str, first: str, second: str) -> str:
    """Return the text before with those changes that both looks show.

    If there are any, what changed only between the looks belongs to them: the site was just being
    updated. What was another thing at each look does not.

    The time is linear in the number of lines, except that anchors are sorted.

    Args:
        before: the text that was remembered.
        first: the text at the first look.
        second: the text at the second look.
    """
    if first == second:
        return second
    old, earlier, now = _lines(before), _lines(first), _lines(second)
    changes_before, changes = _hunks(old, earlier), _hunks(old, now)
    thens = [
        earlier[slice(*_counterpart(begin, end, changes_before))] for begin, end, _, _ in changes
    ]
    parts = [
        (begin, old[begin:end], then, now[now_begin:now_end])
        for (begin, end, now_begin, now_end), then in zip(changes, thens, strict=True)
    ]
    if all(_agreed(*lines, with_later=False) == lines[0] for _, *lines in parts):
        return before
    merged: list[str] = []
    at = 0
    for begin, *lines in parts:
        merged += [*old[at:begin], *_agreed(*lines, with_later=True)]
        at = begin + len(lines[0])
    merged += old[at:]
    return second if merged == now else "\n".join(merged)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _agreed(
    old: Sequence[str], first: Sequence[str], second: Sequence[str], *, with_later: bool
) -> Sequence[str]:
    """Return what stands in place of the old lines according to both looks.

    Args:
        old: the lines before.
        first: the lines at the first look.
        second: the lines at the second look.
        with_later: whether what was still as before at the first look counts, too.
    """
    if first == second or (with_later and first == old):
        return second
    if len(old) == len(first) == len(second):
        return [
            now
            if then == now or _says_the_same(line, then, now) or (with_later and then == line)
            else line
            for line, then, now in zip(old, first, second, strict=True)
        ]
    news = {*first} & {*second} - {*old}
    known = news.union(old)
    return [line for line in second if line in known] if news else old


def _says_the_same(old: str, first: str, second: str) -> bool:
    """Return whether both looks show one new line, in which only a token or a time differs."""
    then, now = set(first.split()), set(second.split())
    shared = then & now
    return len(shared) >= SAME_LINE * max(len(then), len(now)) and not shared <= set(old.split())


def _counterpart(begin: int, end: int, hunks: Sequence[_Hunk]) -> tuple[int, int]:
    """Return which lines of the other text stand in place of the lines from `begin` to `end`."""
    other_begin, other_end = begin, end
    at = bisect_left(hunks, begin, key=lambda hunk: hunk[1])  # the first that ends there or later
    shift = hunks[at - 1][3] - hunks[at - 1][1] if at else 0
    other_begin, other_end = begin + shift, end + shift
    for hunk_begin, hunk_end, into, out_of in hunks[at:]:
        if hunk_begin > end:
            break
        if hunk_begin <= begin:
            other_begin = into
        other_end = out_of + max(0, end - hunk_end)
    return other_begin, other_end


def _hunks(old: Sequence[str], new: Sequence[str]) -> list[_Hunk]:
    """Return the parts in which the texts differ, between the lines that anchor them."""
    return [
        hunk
        for (old_at, new_at), (old_end, new_end) in pairwise(
            [(-1, -1), *_anchors(old, new), (len(old), len(new))]
        )
        if (hunk := _trimmed(old, new, (old_at + 1, old_end, new_at + 1, new_end)))
    ]


def _trimmed(old: Sequence[str], new: Sequence[str], hunk: _Hunk) -> _Hunk | None:
    """Return the hunk without the lines that are the same at its ends; None if none is left."""
    begin, end, new_begin, new_end = hunk
    while begin < end and new_begin < new_end and old[begin] == new[new_begin]:
        begin, new_begin = begin + 1, new_begin + 1
    while begin < end and new_begin < new_end and old[end - 1] == new[new_end - 1]:
        end, new_end = end - 1, new_end - 1
    return (begin, end, new_begin, new_end) if begin < end or new_begin < new_end else None


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Return the longest run of lines in the same order, of those that stand once in each text.

    It is what "patience diff" begins with: the longest increasing subsequence.
    """
    old_counts, new_counts = Counter(old), Counter(new)
    places = {line: at for at, line in enumerate(new) if new_counts[line] == 1}
    matches = [
        (at, places[line])
        for at, line in enumerate(old)
        if line in places and old_counts[line] == 1
    ]
    ends: list[int] = []  # of the runs of each length, the smallest place in `new` to end at
    last: list[int] = []  # the match at which each of those runs ends
    previous: list[int | None] = []
    for number, (_, place) in enumerate(matches):
        length = bisect_left(ends, place)
        previous.append(last[length - 1] if length else None)
        ends[length : length + 1] = [place]
        last[length : length + 1] = [number]
    run = []
    number_or_none = last[-1] if last else None
    while number_or_none is not None:
        run.append(matches[number_or_none])
        number_or_none = previous[number_or_none]
    return run[::-1]
