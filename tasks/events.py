"""What there is to tell about a task."""

from dataclasses import dataclass
from enum import StrEnum


class Event(StrEnum):
    """What there is to tell. The values are those of the contract's `event_type`."""

    #: The condition was met.
    CONDITION_MET = "task.condition_met"
    #: The task could not look for some time.
    FAILING = "task.failing"
    #: The task that was told to be failing can look again.
    RECOVERED = "task.recovered"
    #: The task looks, but may no longer see what it should.
    WARNING = "task.warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What the owner is told of the watch itself."""

    #: One line.
    subject: str
    #: Plain paragraphs, without greeting or signature.
    text: str
