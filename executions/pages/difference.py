"""Tell which lines of a text are gone and which have come, wherever they stand; pure.

Lines are counted, so that this takes linear time. To find the shortest way from one text to the
other, as difflib does, takes quadratic time.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from executions.pages.noise import without_noise
from executions.pages.normal_form import folded

#: How many characters of changed lines are searched for clocks and the like. So much more is a
#: change in any case.
SEARCHED_CHARACTERS = 100_000


class Line(NamedTuple):
    """A line that only one of two texts has."""

    #: How many lines stand above it.
    number: int
    #: The form in which it is compared.
    form: str
    #: The line in the page's spelling.
    own: str


class Difference(NamedTuple):
    """The lines in which two texts differ."""

    #: The lines that only the older text has.
    gone: list[Line]
    #: The lines that only the newer text has.
    come: list[Line]

    def also_in(self, other: "Difference") -> "Difference":
        """Return the lines that `other` has as well."""
        return Difference(_split(self.gone, other.gone)[0], _split(self.come, other.come)[0])


def difference(old: str, new: str, *, exactly: bool = False) -> Difference:
    """Return the lines in which two texts differ.

    Args:
        old: the older text.
        new: the newer text.
        exactly: whether spelling counts, and what changes at every visit, such as a clock.
    """
    before, after = _lines(old), _lines(new)
    gone, come = _without(before, after), _without(after, before)
    if not exactly:  # only what is left is folded, which takes most of the time
        for leave in (_folded, _without_noise):
            before, after = leave(gone), leave(come)
            gone, come = _without(before, after), _without(after, before)
    return Difference(gone, come)


def has_moved(old: str, new: str) -> bool:
    """Return whether two texts with the same lines have them in another order."""
    return [line.own for line in _lines(old)] != [line.own for line in _lines(new)]


def _lines(text: str) -> list[Line]:
    lines = (line.strip() for line in text.splitlines())
    return [Line(number, line, line) for number, line in enumerate(filter(None, lines))]


def _folded(lines: Sequence[Line]) -> list[Line]:
    return [line._replace(form=form) for line in lines if (form := folded(line.own))]


def _without_noise(lines: Sequence[Line]) -> list[Line]:
    if sum(len(line.form) for line in lines) > SEARCHED_CHARACTERS:
        return list(lines)
    forms = without_noise([(line.number, line.form) for line in lines])
    return [line._replace(form=form) for line, form in zip(lines, forms, strict=True) if form]


def _without(lines: Sequence[Line], others: Sequence[Line]) -> list[Line]:
    """Return the lines that are more often in `lines` than in `others`, the last of them."""
    return _split(lines, others)[1]


def _split(lines: Sequence[Line], others: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """Return the lines that are also in `others`, as often as they are there, and those left."""
    left = Counter(line.form for line in others)
    common, own = [], []
    for line in lines:
        if left[line.form]:
            left[line.form] -= 1
            common.append(line)
        else:
            own.append(line)
    return common, own
