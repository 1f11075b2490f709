"""The chart of sends: what is drawn, what is read out, and where each bar leads; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil

from desk.links import created_within, list_of
from desk.sends import Bar, SendFigures
from notifications.admin.sends import COLORS
from notifications.models import NotificationSend, SendStatus

#: The order of the statuses in a bar, from the bottom: what needs attention is at the top.
ORDER = (
    SendStatus.SENT,
    SendStatus.DELIVERED,
    SendStatus.QUEUED,
    SendStatus.SKIPPED,
    SendStatus.RETRYING,
    SendStatus.COMPLAINED,
    SendStatus.BOUNCED,
    SendStatus.FAILED,
)
#: About how many bars have a label.
MOST_LABELS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The sends of one status, in one bar or in all of them."""

    status: SendStatus
    count: int
    #: The part of the chart's height that it takes, in percent.
    height: float

    @property
    def shown(self) -> str:
        """The count, as people read it."""
        return f"{self.count:,}"

    @property
    def css(self) -> str:
        """The classes that give it its color: a shade of the status's color in the lists."""
        color = COLORS.get(self.status, "plain")
        alike = [status for status in ORDER if COLORS.get(status, "plain") == color]
        return f"desk-{color} desk-shade-{alike.index(self.status)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One bar."""

    #: The time, in full.
    when: str
    #: The time, below the bar; empty where there is no room.
    label: str
    total: int
    #: The statuses that have sends, from the bottom.
    parts: tuple[Part, ...]
    url: str

    @property
    def text(self) -> str:
        """What the bar shows, in words."""
        counts = ", ".join(f"{part.count:,} {part.status}" for part in self.parts)
        return f"{self.when}: {counts or 'no sends'}"


@dataclass(frozen=True, slots=True)
class Key:
    """A line of the legend: all sends of one status, and the address of their list."""

    part: Part
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The sends of a period as stacked bars."""

    columns: tuple[Column, ...]
    #: The statuses that occur.
    legend: tuple[Key, ...]
    total: int
    #: The number at the upper end.
    top: int

    @property
    def shown_top(self) -> str:
        """The number at the upper end, as people read it."""
        return f"{self.top:,}"

    @property
    def rows(self) -> Iterator[tuple[Column, list[int]]]:
        """Each bar with its counts in the order of the legend, for a table."""
        for column in self.columns:
            counts = {part.status: part.count for part in column.parts}
            yield column, [counts.get(key.part.status, 0) for key in self.legend]


def chart_of(figures: SendFigures) -> Chart:
    """Return the chart of a period's figures."""
    within = created_within(figures.since, figures.until)
    top = round_number(max(bar.total for bar in figures.bars))
    step = -(-len(figures.bars) // MOST_LABELS)
    # Counted from the end, so that the last bar, which is now, has a label.
    labeled = {len(figures.bars) - 1 - number for number in range(0, len(figures.bars), step)}
    return Chart(
        columns=tuple(
            _column(bar, figures, top=top, is_labeled=place in labeled)
            for place, bar in enumerate(figures.bars)
        ),
        legend=tuple(
            Key(part, list_of(NotificationSend, status__exact=part.status.value, **within))
            for part in _parts(figures.counts, top=top)
        ),
        total=sum(figures.counts.values()),
        top=top,
    )


def round_number(least: int) -> int:
    """Return the smallest of 2, 4, 6, 8, 10, 20, 40 … that is at least `least`."""
    unit = 2
    while unit * 5 < least:
        unit *= 10
    return unit * max(1, ceil(least / unit))


def _column(bar: Bar, figures: SendFigures, *, top: int, is_labeled: bool) -> Column:
    day = f"{bar.since.day} {bar.since:%b}"
    if figures.is_by_hour:
        when, label = f"{day}, {bar.since:%H:%M} to {bar.until:%H:%M} UTC", f"{bar.since:%H:%M}"
    else:
        when, label = f"{bar.since:%A} {day}", day
    return Column(
        when=when,
        label=label if is_labeled else "",
        total=bar.total,
        parts=_parts(bar.counts, top=top),
        url=list_of(NotificationSend, **created_within(bar.since, bar.until)),
    )


def _parts(counts: Mapping[SendStatus, int], *, top: int) -> tuple[Part, ...]:
    return tuple(
        Part(status=status, count=count, height=100 * count / top)
        for status in ORDER
        if (count := counts.get(status, 0))
    )
