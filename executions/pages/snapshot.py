"""Show what is remembered of a page's text, and what has changed in it; pure."""

from dataclasses import dataclass

from executions.pages.difference import Difference, difference
from executions.pages.page_text import PageTexts, whole_text

#: How many characters of each text are shown and compared.
SHOWN_CHARACTERS = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The beginnings of a page's texts."""

    #: The text at the last visit.
    last: str
    #: The text at the last visit that met the condition; None if none has met it.
    told: str | None
    #: The lines of `told` that `last` does not have.
    gone: list[str]
    #: The lines of `last` that `told` does not have.
    come: list[str]
    #: Whether one of the texts is longer than what is shown of it.
    is_cut_off: bool


def snapshot_of(packed: bytes) -> Snapshot:
    """Return what is shown of a page.

    Args:
        packed: what is remembered of the page's texts, as `PageTexts` packs it.

    Raises:
        ValueError: the bytes are not from `PageTexts`.
    """
    texts = PageTexts.unpack(packed)
    last = whole_text(texts.last)
    told = None if texts.told is None else whole_text(texts.told)
    shown, shown_then = last[:SHOWN_CHARACTERS], told and told[:SHOWN_CHARACTERS]
    changed = Difference([], []) if shown_then is None else difference(shown_then, shown)
    return Snapshot(
        last=shown,
        told=shown_then,
        gone=[line.own for line in changed.gone],
        come=[line.own for line in changed.come],
        is_cut_off=(shown, shown_then) != (last, told),
    )
