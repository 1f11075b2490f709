"""Question -> Answer: what a monitor is asked and what it says."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from executions.failures import FailureKind
from torale.url_rules import Networks


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a task wants to know, and what it knew when it last asked."""

    #: What to look at, in the user's words.
    search_query: str
    #: When to tell.
    condition_description: str
    #: The state of the last answer, None at the first asking.
    last_known_state: dict[str, Any] | None
    #: When it is asked.
    asked_at: datetime
    #: What the task's owner may call besides the public internet.
    networks: Networks = ()
    #: The task's own data.
    context: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A page the answer rests on."""

    #: Its address.
    url: str
    #: Its title, or its host's name.
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was found out."""

    #: Whether the condition has become true.
    condition_met: bool
    #: What to tell the person, in Markdown; present exactly if the condition has become true.
    notification: str | None
    #: What was seen, in words.
    evidence: str
    #: How sure this is, 0..100.
    confidence: int
    #: Where it was seen.
    sources: list[Source] = field(default_factory=list)
    #: What was done to find out.
    activity: list[dict[str, Any]] = field(default_factory=list)
    #: What to remember for the next asking; plain JSON.
    state: dict[str, Any]
    #: When to ask next; None leaves it to the scheduler.
    next_run_at: datetime | None = None


class AskFailed(Exception):
    """No answer could be got; the message tells the task's owner why."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class BadQuestion(Exception):
    """A question that no monitor can ask.

    Attributes:
        faults: by the name of the task's field, what is wrong there and what to change.
    """

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = faults


class Monitor(Protocol):
    """Something that can be asked."""

    def takes(self, *, search_query: str, condition_description: str) -> bool:
        """Tell whether the question is one for this monitor; only then is it checked and asked.

        Args:
            search_query: what to look at.
            condition_description: when to tell.
        """

    def check(self, *, search_query: str, condition_description: str, networks: Networks) -> None:
        """Refuse what could never be answered, before it is kept.

        Args:
            search_query: what to look at.
            condition_description: when to tell.
            networks: what the task's owner may call besides the public internet.

        Raises:
            BadQuestion: names the fields at fault.
        """

    async def ask(self, question: Question) -> Answer:
        """Find out.

        Raises:
            AskFailed: says why there is no answer.
        """
