"""What a monitor is, what it is asked and what it answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from executions.failures import FailureKind, most_retryable
from torale.fields import Undecryptable
from torale.outbound.large_bodies import Room
from torale.outbound.url_rules import Networks

#: What a person is told when none of the keys decrypts a task's request headers.
UNDECRYPTABLE = (
    "The server cannot decrypt the request headers of this task with its keys. Set request_headers "
    "anew, or ask the operator to add the old key to TORALE_FIELD_KEYS."
)


#: How many characters of a topic people read.
TOPIC_CHARACTERS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a task wants to know, and what it knew when it last asked."""

    #: What to look at, in the user's words.
    search_query: str
    #: When to tell.
    condition_description: str
    #: The state from the last answer; None if there was no answer yet.
    last_known_state: dict[str, Any] | None
    #: What the monitor's answers had to remember of the pages' texts, by the page's URL.
    texts: Mapping[str, bytes] = field(default_factory=dict)
    #: When the question is asked.
    asked_at: datetime
    #: Whether this is the second look of an execution, at what the first look would have told. Then
    #: `texts` are those of the first look's answer.
    is_second_look: bool = False
    #: Whose question it is. Askers take turns in what all questions share, such as the processes
    #: that read pages.
    asker: str = ""
    #: The networks that the task's owner may call besides the public internet.
    networks: Networks = ()
    #: Headers to send when a page is visited, by name; secrets, which no message may contain. They
    #: are for the question's one origin only.
    request_headers: Mapping[str, str] | Undecryptable = field(default_factory=dict, repr=False)
    #: The task's own data.
    context: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A page that the answer is based on."""

    #: Its address.
    url: str
    #: Its title, or its host's name.
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedPage:
    """A page that could not be read, although another page of the question could."""

    #: Its address.
    url: str
    #: Why, in words for the task's owner.
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What asking a language model took."""

    #: The names of the models that answered, separated by commas.
    model: str
    #: How many requests it took.
    requests: int
    #: How many tokens were sent and received.
    input_tokens: int
    output_tokens: int
    #: What it cost, in US dollars; None if the price is not known.
    cost_usd: float | None
    #: How many seconds the visit took.
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was found out."""

    #: Whether the condition has become true.
    condition_met: bool
    #: What to tell people, in Markdown; None unless the condition has become true.
    notification: str | None
    #: What was seen, in words.
    evidence: str
    #: How certain the answer is, from 0 to 100.
    confidence: int
    #: Whether what is told has to be looked at once more before it is told. The answer to a second
    #: look never is.
    is_tentative: bool = False
    #: What `texts` must be for the second look at a tentative answer, in the same form.
    first_look: Mapping[str, bytes] = field(default_factory=dict)
    #: Where it was seen.
    sources: list[Source] = field(default_factory=list)
    #: Pages that could not be read.
    failed_pages: list[FailedPage] = field(default_factory=list)
    #: Sentences about a watch that may no longer see what it should. The task shows them for as
    #: long as every answer repeats them, word for word.
    warnings: list[str] = field(default_factory=list)
    #: What was done to find out. Of a public task, the members `query` and `error` of a step are
    #: shown to its owner only.
    activity: list[dict[str, Any]] = field(default_factory=list)
    #: What to remember until the question is asked again; plain JSON. Of a public task, members
    #: whose names begin with an underscore are shown to its owner only.
    state: dict[str, Any]
    #: What to remember besides, apart from the task: by a page's URL, bytes in a form that only the
    #: monitor knows. A page that is not mentioned keeps its bytes; None removes them.
    texts: Mapping[str, bytes | None] = field(default_factory=dict)
    #: When to ask next; None leaves it to the scheduler.
    next_run_at: datetime | None = None
    #: What is told, in a form that is the same whenever the same is told: nobody is told it twice.
    #: At most 300 characters; None leaves that to the monitor.
    claim: str | None = None
    #: Whether the question is answered for good once this has been told.
    completes: bool = False
    #: What the question is about, in a few words, of which TOPIC_CHARACTERS are shown; a task
    #: without a name takes it as its name.
    topic: str | None = None
    #: What a language model cost; None if none was asked.
    usage: Usage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a monitor would see and answer now, for people who try a question."""

    #: Whether the condition is true now.
    holds: bool
    #: Why, in words.
    evidence: str
    #: What was read, as plain JSON: an object for each page, with its `url` and what the monitor
    #: has to show of it, or with the `error` because of which it could not be read.
    pages: list[dict[str, Any]] = field(default_factory=list)
    #: Sentences about what may surprise the task's owner.
    warnings: list[str] = field(default_factory=list)
    #: What was done to find out, and what was checked before anybody would be told, in order.
    activity: list[dict[str, Any]] = field(default_factory=list)
    #: What a language model cost; None if none was asked.
    usage: Usage | None = None


class AskFailed(Exception):
    """There is no answer; the message tells the task's owner why.

    Attributes:
        kind: decides whether and when the question is asked again.
        retry_after: until when the server asked not to be visited; None if it did not.
        warnings: sentences about it that stand in the task's `warnings` until they no longer hold.
    """

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        retry_after: datetime | None = None,
        warnings: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after = retry_after
        self.warnings = [*warnings]


def joined(failures: Sequence[AskFailed]) -> AskFailed:
    """Return one failure for a question of which all pages, or all models, have failed.

    The question is asked again when the first of them may be asked again.

    Args:
        failures: the failures. The kind that is retried most often counts.
    """
    rests = [failure.retry_after for failure in failures if failure.retry_after]
    return AskFailed(
        most_retryable(failure.kind for failure in failures),
        " ".join(dict.fromkeys(str(failure) for failure in failures)),
        retry_after=min(rests) if len(rests) == len(failures) else None,
        warnings=[sentence for failure in failures for sentence in failure.warnings],
    )


class BadQuestion(Exception):
    """A question that no monitor can ask.

    Attributes:
        faults: for each field of the task with a fault, what is wrong and what to change.
    """

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = faults


class Sessions(Protocol):
    """The connections to other people's servers, which executions share.

    It is `AiohttpSessions`, which is not imported here because that loads an HTTP client.
    """

    @property
    def room(self) -> Room:
        """The room for large bodies that are read through these sessions."""

    def of(self, networks: Networks) -> Any:
        """Return the session for callers that may call exactly `networks`."""


class Monitor(Protocol):
    """What every monitor provides."""

    def takes(self, *, search_query: str, condition_description: str) -> bool:
        """Return whether this monitor takes the question; only then is it checked and asked.

        Args:
            search_query: what to look at.
            condition_description: when to tell.
        """

    def check(self, *, search_query: str, condition_description: str, networks: Networks) -> None:
        """Refuse a question that could never be answered, before it is stored.

        Args:
            search_query: what to look at.
            condition_description: when to tell.
            networks: the networks that the task's owner may call besides the public internet.

        Raises:
            BadQuestion: names the fields at fault.
        """

    def hosts(self, *, search_query: str) -> list[str]:
        """Return the servers that asking calls first, as `host:port`, each once.

        Few executions at a time may call one of them. A monitor that calls none, or only its
        provider, returns an empty list.

        Args:
            search_query: what to look at.
        """

    def interval(self, state: Mapping[str, Any] | None) -> timedelta:
        """Return the usual time between two visits.

        Args:
            state: `state` of the last answer; None if there was none yet. If the task was changed,
                it may be that of another monitor.
        """

    async def ask(self, question: Question, *, sessions: Sessions) -> Answer:
        """Find the answer.

        Args:
            question: what to ask.
            sessions: the connections to other people's servers.

        Raises:
            AskFailed: there is no answer; the message says why.
        """

    async def preview(
        self, question: Question, *, time_limit: timedelta, progress: Callable[[str], None]
    ) -> Preview:
        """Show what would be read and answered, as if the question had never been asked.

        Args:
            question: what to try.
            time_limit: the time that each page may take.
            progress: called with a sentence for each step, if there are several.

        Raises:
            AskFailed: nothing could be read; the message says why.
        """
