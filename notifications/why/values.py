"""What an explanation consists of, and how it writes times and names; pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

#: How many characters of an answer, or of what was seen, are quoted.
QUOTED_CHARACTERS = 300


class Kind(StrEnum):
    """How a decision is colored."""

    #: Somebody was told, or all is as it should be.
    GOOD = "good"
    #: Somebody was not told, or something needs a person.
    BAD = "bad"
    #: It is neither.
    NEUTRAL = "neutral"
    #: It is not decided yet.
    WAITING = "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What something is about. What is no longer kept is None, so that nothing links to it."""

    task_id: UUID | None = None
    execution_id: UUID | None = None
    send_id: UUID | None = None
    #: The number of an attempt at the send.
    attempt: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One thing that was decided, or happened."""

    #: When; None if that is not recorded.
    at: datetime | None
    #: What was decided, in a few words.
    title: str
    #: Why, with the figures; one sentence or more.
    sentence: str
    #: How it is colored.
    kind: Kind
    #: What it is about.
    about: About


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """Decisions about one thing, in their order."""

    #: What they are about.
    title: str
    #: The decisions.
    decisions: tuple[Decision, ...]
    #: The ids of what they are about.
    about: About


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why somebody was told, or why nobody was."""

    #: What is explained.
    subject: str
    #: The answer in one sentence.
    verdict: str
    #: How the verdict is colored.
    kind: Kind
    #: The ids of what is explained.
    about: About
    #: How it came about.
    chapters: tuple[Chapter, ...]

    @property
    def decisions(self) -> list[Decision]:
        """The decisions of all chapters."""
        return [decision for chapter in self.chapters for decision in chapter.decisions]


def moment(at: datetime) -> str:
    """Return a time as explanations write it."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def span(time: timedelta) -> str:
    """Return a duration as explanations write it, such as `0.12 s` or `2 h 5 min`."""
    seconds = time.total_seconds()
    minutes = round(seconds / 60)
    if seconds < 2 * 60:
        return f"{seconds:.3g} s"
    if minutes < 2 * 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    days, hours_of_day = divmod(hours, 24)
    if hours >= 2 * 24:
        return f"{days} d {hours_of_day} h" if hours_of_day else f"{days} d"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def quoted(text: str) -> str:
    """Return the beginning of a text in one line."""
    line = " ".join(text.split())
    return line if len(line) <= QUOTED_CHARACTERS else f"{line[:QUOTED_CHARACTERS]}…"


def upper_first(text: str) -> str:
    """Return `text` as the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def ended(text: str) -> str:
    """Return `text` with a full stop, unless it has one."""
    return text if text.endswith((".", "!", "?", "…", '."')) else f"{text}."
