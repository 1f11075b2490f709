"""What has happened in a demonstration: the rows of its history, as COPY reads them."""

import random
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from itertools import accumulate
from uuid import UUID

import orjson

from executions.models import Execution
from notifications.channels.email.payload import email_body
from notifications.channels.webhook.formats import formatted
from notifications.channels.webhook.payload import event_of
from notifications.delivery.retry import DELAYS
from notifications.demo.scene import DAYS, SOON, Watch
from tasks.destinations import OWN_FORMAT

#: How much happens in each hour of a day (UTC), and at a weekend.
HOURS = (
    *(0.3, 0.2, 0.2, 0.2, 0.2, 0.4, 0.6, 0.9, 1.2, 1.3, 1.3, 1.2, 1.1, 1.2, 1.2, 1.2, 1.1, 1.0),
    *(0.9, 0.8, 0.7, 0.6, 0.5, 0.4),
)
WEEKEND, SATURDAY = 0.6, 5
#: Visits without news for each one with news, and the share of visits that fail.
SILENT, FAILED = 0.3, 0.03
#: Further failed visits of a task that fails.
LATEST_FAILURES = 6
BELOW_62_BITS = (1 << 62) - 1
NULL = r"\N"
QUOTA = "This address has had 10 emails this hour, the most it gets in an hour."
DOWN = "The receiver answered 503 Service Unavailable."
ANSWER = '{"content-type": "text/plain"}'
#: The status, headers and body of an answer, where there is none: mail servers answer by an error.
NO_ANSWER = f"{NULL}\t{NULL}\t{NULL}"
#: The share of webhooks whose first attempt fails, although the receiver is not down.
PASSING = 0.02
#: How emails end: the shares, added up.
EMAILS = (
    (0.012, "skipped", QUOTA),
    (0.016, "bounced", "The mailbox does not exist."),
    (0.017, "complained", "The reader called it spam."),
    (0.022, "failed", "The mail server answered 550 5.1.1 No such user"),
    (0.4, "sent", NULL),
    (1.0, "delivered", NULL),
)
VISIT_ERROR = "No answer from the page's server within 30 s."

SENDS = (
    *("id", "user_id", "task_id", "execution_id", "task_name", "event_type", "recipient"),
    *("endpoint_id", "is_for_default_webhook", "host", "notification_type", "status"),
    *("error_message", "created_at", "sent_at", "attempt_count", "earlier_attempt_count"),
    "next_attempt_at",
)
ATTEMPTS = (
    *("id", "send_id", "number", "started_at", "duration_ms", "status", "request_headers"),
    *("response_status", "response_headers", "response_body", "error_message"),
)
EXECUTIONS = (
    *("id", "task_id", "user_id", "status", "notify", "attempt_count", "next_attempt_at"),
    *("created_at", "started_at", "completed_at", "result", "notification"),
    *("grounding_sources", "failure_kind", "error_message"),
)
PAYLOADS = ("send_id", "body", "format", "method")


@dataclass(slots=True)
class Chapter:
    """The rows of some sends and of what belongs to them, one line a row."""

    sends: list[str] = field(default_factory=list)
    attempts: list[str] = field(default_factory=list)
    executions: list[str] = field(default_factory=list)
    payloads: list[str] = field(default_factory=list)


class Story:
    """Tells a history of exactly `sends` sends, in the order of time.

    Args:
        watches: the tasks.
        sends: how many sends there are.
        payloads: how many of the newest keep what they carried.
        now: its end.
        chance: decides everything.
    """

    def __init__(
        self,
        watches: Sequence[Watch],
        *,
        sends: int,
        payloads: int,
        now: datetime,
        chance: random.Random,
    ) -> None:
        self._told = [Told(watch) for watch in watches if watch.email or watch.endpoint]
        self._weights = [*accumulate(each.watch.weight for each in self._told)]
        self._sends, self._payloads = sends, payloads
        self._now, self._chance = now.timestamp(), chance
        self._next_attempt_at = str(now + SOON)
        self._left = sends
        self._chapter = Chapter()

    def chapters(self, size: int) -> Iterator[Chapter]:
        """Yield the history in parts of about `size` sends."""
        for number, at in enumerate(times(self._sends, now=self._now, chance=self._chance)):
            # A visit may have led to two sends, which take the places of two.
            if self._sends - self._left <= number:
                self._visit(at)
            if len(self._chapter.sends) >= size:
                yield self._chapter
                self._chapter = Chapter()
        for told in self._told:
            if told.watch.task.failed_run_count:
                for number in range(LATEST_FAILURES):
                    self._fail(told, self._now - (LATEST_FAILURES - number) * 4000)
        yield self._chapter

    def _visit(self, at: float) -> None:
        """Tell of a visit with news, and perhaps of others."""
        chance = self._chance.random()
        if chance < SILENT:
            self._execute(self._any(), at - 5)
        if chance < FAILED:
            self._fail(self._any(), at - 3)
        told = self._any()
        finding = self._chance.choice(told.findings)
        execution = self._execute(told, at, finding)
        if told.watch.endpoint:
            self._send_webhook(told, finding, execution, at)
        if told.watch.email and self._left:
            self._send_email(told, finding, execution, at)

    def _any(self) -> "Told":
        return self._told[bisect(self._weights, self._chance.random() * self._weights[-1])]

    def _id(self, at: float) -> str:
        return id_at(at, self._chance)

    def _execute(self, told: "Told", at: float, finding: "Finding | None" = None) -> str:
        """Add an execution that ended at a time; return its id."""
        pk, result = self._id(at - 2), (finding or told.silence).result
        began, news = shown(at - 2), finding.notification if finding else NULL
        self._chapter.executions.append(
            f"{pk}\t{told.ids}\tsuccess\tt\t1\t{NULL}\t{began}\t{began}\t{shown(at)}"
            f"\t{result}\t{news}\t{told.sources}\t{NULL}\t{NULL}"
        )
        return pk

    def _fail(self, told: "Told", at: float) -> None:
        """Add an execution that failed."""
        began, ended = shown(at - 90), shown(at)
        self._chapter.executions.append(
            f"{self._id(at)}\t{told.ids}\tfailed\tt\t4\t{NULL}\t{began}\t{shown(at - 30)}\t{ended}"
            f"\t{NULL}\t{NULL}\t[]\ttimeout\t{VISIT_ERROR}"
        )

    def _send_webhook(self, told: "Told", finding: "Finding", execution: str, at: float) -> None:
        pk, begun, tries, error = self._id(at), at + self._wait(), 0, DOWN
        while True:
            if tries == 0 and told.off_since and told.off_since < at:
                status, error = "skipped", told.off_because
                break
            is_down = told.is_down(begun) or (not tries and self._chance.random() < PASSING)
            tries += 1
            answer = f"503\t{ANSWER}\toverloaded" if is_down else f"200\t{ANSWER}\tok"
            took = self._attempt(pk, tries, begun, DOWN if is_down else None, answer)
            if not is_down:
                status, error = "sent", NULL
                break
            if tries > len(DELAYS):
                status = "failed"
                break
            if begun + DELAYS[tries - 1].total_seconds() > self._now:
                status = "retrying"
                break
            begun += DELAYS[tries - 1].total_seconds()
        sent_at = shown(begun + took / 1000) if status == "sent" else NULL
        due_at = self._next_attempt_at if status == "retrying" else NULL
        self._add(
            pk,
            f"{told.user_and_task}\t{execution}\t{told.name}\ttask.condition_met\t{told.webhook}"
            f"\twebhook\t{status}\t{error}\t{shown(at)}\t{sent_at}\t{tries}\t0\t{due_at}",
        )
        if self._left < self._payloads:
            self._carry(pk, told.webhook_body(pk, finding, execution, at))

    def _send_email(self, told: "Told", finding: "Finding", execution: str, at: float) -> None:
        pk, begun, chance = self._id(at), at + self._wait(), self._chance.random()
        status, error = next((status, error) for share, status, error in EMAILS if chance < share)
        tries = 0 if status == "skipped" else 1
        failure = error if status == "failed" else None
        took = self._attempt(pk, 1, begun, failure, NO_ANSWER) if tries else 0
        is_accepted = tries and status != "failed"
        sent_at = shown(begun + took / 1000) if is_accepted else NULL
        self._add(
            pk,
            f"{told.user_and_task}\t{execution}\t{told.name}\ttask.condition_met\t{told.email}"
            f"\temail\t{status}\t{error}\t{shown(at)}\t{sent_at}\t{tries}\t0\t{NULL}",
        )
        if self._left < self._payloads:
            self._carry(pk, told.email_body(finding, execution, at))

    def _add(self, pk: str, values: str) -> None:
        self._left -= 1
        self._chapter.sends.append(f"{pk}\t{values}")

    def _carry(self, pk: str, body: str) -> None:
        self._chapter.payloads.append(f"{pk}\t{escaped(body)}\ttorale\tPOST")

    def _wait(self) -> float:
        """Return the seconds until a worker takes a send: mostly few, sometimes many."""
        return 0.02 + self._chance.random() ** 8 * 6

    def _attempt(self, send: str, number: int, at: float, error: str | None, answer: str) -> int:
        """Add an attempt; return how many milliseconds it took."""
        took = int(30 + self._chance.random() ** 4 * 900)
        ended = "failed" if error else "succeeded"
        self._chapter.attempts.append(
            f"{self._id(at)}\t{send}\t{number}\t{shown(at)}\t{took}\t{ended}\t{NULL}\t{answer}"
            f"\t{error or NULL}"
        )
        return took


@dataclass(frozen=True, slots=True)
class Finding:
    """What a visit found, as text for COPY."""

    text: str
    notification: str
    result: str


class Told:
    """A task, with what its rows have in common."""

    def __init__(self, watch: Watch) -> None:
        task, endpoint = watch.task, watch.endpoint
        self.watch = watch
        self.name = escaped(task.name)
        self.ids = f"{task.pk}\t{task.user_id}"
        self.user_and_task = f"{task.user_id}\t{task.pk}"
        self.sources = escaped(orjson.dumps([_source(watch)]).decode())
        self.findings = [_finding(watch, text) for text in watch.findings]
        self.silence = _finding(watch, "The condition does not hold.")
        self.email = f"{watch.email}\t{NULL}\tf\t"
        if endpoint:
            host = endpoint.url.split("/")[2]
            self.webhook = f"{endpoint.url}\t{endpoint.pk}\tf\t{host}:443"
        off, failing = (
            (endpoint.switched_off_at, endpoint.failing_since) if endpoint else (None, None)
        )
        self.off_since = off and off.timestamp()
        self.off_because = (
            f"The webhook {endpoint.url} is switched off, because {endpoint.switched_off_because}."
            if endpoint
            else NULL
        )
        self._failing_since = failing.timestamp() if failing else None
        self._outage = tuple(moment.timestamp() for moment in watch.outage)

    def is_down(self, at: float) -> bool:
        """Return whether the receiver of its webhooks was down."""
        if self._failing_since and at >= self._failing_since:
            return True
        began, ended = self._outage
        return began <= at < ended

    def webhook_body(self, pk: str, finding: Finding, execution: str, at: float) -> str:
        """Return what a webhook carried."""
        event = event_of(
            message_id=str(UUID(pk)),
            event_type="task.condition_met",
            task=self.watch.task,
            execution=self._execution(finding, execution, at),
        )
        return formatted(event, format_=OWN_FORMAT, url="")

    def email_body(self, finding: Finding, execution: str, at: float) -> str:
        """Return what an email was rendered from."""
        return email_body(task=self.watch.task, execution=self._execution(finding, execution, at))

    def _execution(self, finding: Finding, pk: str, at: float) -> Execution:
        return Execution(
            id=UUID(pk),
            notification=f"**{self.watch.task.name}**\n\n{finding.text}",
            result={"evidence": finding.text},
            grounding_sources=[_source(self.watch)],
            completed_at=datetime.fromtimestamp(at, UTC),
        )


def times(count: int, *, now: float, chance: random.Random) -> Iterator[float]:
    """Yield so many times of the last DAYS days, in order: more by day, and on working days."""
    hours = DAYS * 24
    begin = now - hours * 3600
    weights = [_weight(begin + (hour + 0.5) * 3600, hour / hours) for hour in range(hours)]
    ends = [*accumulate(weights)]
    done = 0
    for hour, end in enumerate(ends):
        due = round(count * end / ends[-1])
        first = begin + hour * 3600
        yield from sorted(first + chance.random() * 3600 for _ in range(due - done))
        done = due


def id_at(at: float, chance: random.Random) -> str:
    """Return the digits of a version 7 UUID of a time, from which a UUID object takes longer."""
    bits = chance.getrandbits(74)
    return f"{int(at * 1000):012x}{0x7000 | bits >> 62:04x}{1 << 63 | bits & BELOW_62_BITS:016x}"


def shown(at: float) -> str:
    """Return a time as COPY reads it."""
    return f"{_minute(int(at // 60))}{at % 60:09.6f}+00"


@lru_cache
def _minute(number: int) -> str:
    return f"{datetime.fromtimestamp(number * 60, UTC):%Y-%m-%d %H:%M:}"


def escaped(text: str) -> str:
    """Return a text as COPY reads it."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def _weight(at: float, progress: float) -> float:
    moment = datetime.fromtimestamp(at, UTC)
    day = WEEKEND if moment.weekday() >= SATURDAY else 1
    return HOURS[moment.hour] * day * (1 + progress / 2)


def _source(watch: Watch) -> dict[str, str]:
    page = watch.task.search_query
    return {"url": page, "uri": page, "title": watch.task.name}


def _finding(watch: Watch, text: str) -> Finding:
    result = {
        "evidence": text,
        "confidence": 100,
        "sources": [watch.task.search_query],
        "activity": [],
        "failed_pages": [],
    }
    return Finding(
        text=text,
        notification=escaped(f"**{watch.task.name}**\n\n{text}"),
        result=escaped(orjson.dumps(result).decode()),
    )
