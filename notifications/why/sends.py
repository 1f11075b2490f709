"""What was decided about one send: recorded or skipped, each attempt, and how it ended."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from django.db.models import F

from notifications.delivery.retry import DELAYS
from notifications.eligibility import Refusal, refusal_told_by, refusals_of, with_refusal
from notifications.models import (
    ACCEPTED,
    UNFINISHED,
    Attempt,
    AttemptStatus,
    EventType,
    Lease,
    NotificationSend,
    NotificationType,
    SendStatus,
)
from notifications.models.send import NotificationSendQuerySet
from notifications.notices import CARRIED, UNSAID, WITHDRAWN
from notifications.why.values import (
    About,
    Chapter,
    Decision,
    Kind,
    counted,
    ended,
    moment,
    quoted,
    span,
    upper_first,
)
from torale.queue import LATE_AFTER

#: The most sends that one explanation tells of.
MOST_SENDS = 50
#: The most attempts of a send that are shown: the newest.
MOST_ATTEMPTS = 25
#: The statuses of sends that have reached their recipient.
TOLD = (*ACCEPTED, SendStatus.COMPLAINED)

#: What a send tells.
TOLD_BY = {
    EventType.CONDITION_MET: "that the condition was met",
    EventType.FAILING: "that the task keeps failing",
    EventType.RECOVERED: "that the task works again",
    EventType.WARNING: "that the watch may no longer see what it should",
    EventType.SWITCHED_OFF: "that a webhook was switched off",
}
#: Each refusal in a few words, and as what follows "because".
SHORT = {
    Refusal.DEFAULT_WEBHOOK_OFF: ("switched off", "the account's default webhook is switched off"),
    Refusal.ENDPOINT_OFF: ("switched off", "it is switched off"),
    Refusal.UNSIGNED: ("unsigned", "the account has no secret to sign it with"),
    Refusal.SUPPRESSED: ("suppressed", "the address bounced or called our mail spam"),
    Refusal.UNSUBSCRIBED: ("unsubscribed", "somebody has unsubscribed from the task's emails"),
    Refusal.NOTICES_OFF: ("switched off", "the account wants no such emails"),
    Refusal.ACCOUNT_OFF: ("account off", "the account is switched off"),
    Refusal.PRUNED: ("no longer kept", "what it carried is no longer kept"),
    Refusal.ATTEMPTED_TOO_OFTEN: ("limit", "it has been attempted too often"),
    Refusal.ADDRESS_QUOTA_USED: ("limit", "the address had had all emails of the hour"),
    Refusal.USER_QUOTA_USED: ("limit", "the user had had all notifications of the day"),
}
#: Reasons to skip a notice that are no refusals.
CARRIER = re.compile(re.escape(CARRIED).replace(re.escape("{carrier}"), "([0-9a-f-]{36})"))
NEEDLESS = (WITHDRAWN, UNSAID)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A send with all that is stored about it."""

    send: NotificationSend
    #: The newest attempts, in their order.
    attempts: Sequence[Attempt]
    #: Why it may not go out now, as a sentence.
    refusal: str | None
    #: The address that the task names, if it was not used because it is not verified.
    unverified: str | None = None
    #: Whether its task and its execution are still kept.
    has_task: bool
    has_execution: bool

    def about(self, *, attempt: int | None = None) -> About:
        """Return the ids."""
        return About(
            task_id=self.send.task_id if self.has_task else None,
            execution_id=self.send.execution_id if self.has_execution else None,
            send_id=self.send.pk,
            attempt=attempt,
        )

    @property
    def whom(self) -> str:
        """The send, to be read within a sentence."""
        return whom(self.send)

    @property
    def tells(self) -> str:
        """What it tells, to be read after "tells"."""
        return TOLD_BY[EventType(self.send.event_type)]

    @property
    def is_told(self) -> bool:
        """Whether it has reached its recipient, as far as is known."""
        return self.send.status in TOLD

    @property
    def is_waiting(self) -> bool:
        """Whether it has not ended."""
        return self.send.status in UNFINISHED

    @property
    def kind(self) -> Kind:
        """How its fate is colored."""
        if self.is_told:
            return Kind.GOOD
        if self.is_waiting:
            return Kind.WAITING
        return Kind.NEUTRAL if self.is_needless else Kind.BAD

    @property
    def is_needless(self) -> bool:
        """Whether it was skipped because nothing is missing without it."""
        error = self.send.error_message or ""
        return error in NEEDLESS or bool(CARRIER.fullmatch(error))

    @property
    def attempts_of_this_round(self) -> int:
        """How many attempts there were since it was recorded or delivered again."""
        return self.send.attempt_count - self.send.earlier_attempt_count

    @property
    def was_refused(self) -> bool:
        """Whether it ended because of a rule, and not because of an attempt."""
        last = self.attempts[-1].error_message if self.attempts else None
        return self.send.error_message != last

    def fate(self) -> str:
        """Return what became of it, to be read after `whom`, without a full stop."""
        error = self.send.error_message or ""
        match self.send.status:
            case SendStatus.SENT:
                fate = f"was accepted{_at(self.send.sent_at)}{self._ordinal()}"
            case SendStatus.DELIVERED:
                fate = f"was delivered, as the email provider reports{self._ordinal()}"
            case SendStatus.COMPLAINED:
                fate = "arrived, but its reader called it spam"
            case SendStatus.BOUNCED:
                fate = f"was returned: {_open(error)}"
            case SendStatus.SKIPPED:
                fate = f"was skipped{_because(error)}"
            case SendStatus.FAILED if self.was_refused:
                fate = f"was given up{_because(error)}"
            case SendStatus.FAILED:
                tries = counted(self.attempts_of_this_round, "attempt")
                fate = f"was given up after {tries}: {_open(error)}"
            case _ if self.refusal:
                fate = f"will not go out{_because(self.refusal)}"
            case _:
                fate = f"waits for attempt {self.send.attempt_count + 1}"
                fate += _at(self.send.next_attempt_at)
                fate += f"; the last error was: {_open(error)}" if error else ""
        return fate

    def _ordinal(self) -> str:
        number = self.send.attempt_count
        return f" at attempt {number}" if number > 1 else ""

    def chapter(self, *, now: datetime) -> Chapter:
        """Return the decisions about it, in their order."""
        told = "" if self.send.event_type == EventType.CONDITION_MET else f": tells {self.tells}"
        return Chapter(
            title=f"{upper_first(self.whom.removeprefix('the '))}{told}",
            decisions=tuple(self._decisions(now)),
            about=self.about(),
        )

    def _decision(
        self,
        title: str,
        sentence: str,
        kind: Kind,
        *,
        at: datetime | None = None,
        about: About | None = None,
    ) -> Decision:
        return Decision(
            at=at, title=title, sentence=sentence, kind=kind, about=about or self.about()
        )

    def _decisions(self, now: datetime) -> Iterator[Decision]:
        send = self.send
        if self.unverified:
            yield self._decision(
                "Unverified address",
                f"The task names {self.unverified}, which is not a verified address of the "
                f"account. So the email goes to the account's own address, {send.recipient}. "
                "Verify the address to change that.",
                Kind.BAD,
                at=send.created_at,
            )
        if send.status == SendStatus.SKIPPED and not self.attempts:
            yield self._skipped()
        else:
            yield self._decision(
                "Recorded",
                f"{upper_first(self.whom)} was recorded. It tells {self.tells}.",
                Kind.NEUTRAL,
                at=send.created_at,
            )
        yield from self._attempts()
        yield from self._outcome(now)
        yield from self._again()

    def _skipped(self) -> Decision:
        error = self.send.error_message or ""
        at = self.send.created_at
        if found := CARRIER.fullmatch(error):
            carrier = About(task_id=self.about().task_id, send_id=UUID(found[1]))
            return self._decision(
                "Told by another email", error, Kind.NEUTRAL, at=at, about=carrier
            )
        if error in NEEDLESS:
            return self._decision("Not needed", error, Kind.NEUTRAL, at=at)
        return self._decision(_titled("Skipped", error), error, Kind.BAD, at=at)

    def _attempts(self) -> Iterator[Decision]:
        hidden = self.send.attempt_count - len(self.attempts)
        if hidden > 0:
            yield self._decision(
                "Earlier attempts",
                f"{counted(hidden, 'earlier attempt')} not shown here.",
                Kind.NEUTRAL,
            )
        # An attempt after one that was accepted belongs to a redelivery, too.
        earlier = {attempt.number for attempt in self.attempts if attempt.error_message is None}
        earlier.add(self.send.earlier_attempt_count)
        for attempt in self.attempts:
            if attempt.number > 1 and attempt.number - 1 in earlier:
                yield self._redelivery(attempt.number - 1)
            yield self._attempt(attempt)

    def _redelivery(self, after: int) -> Decision:
        return self._decision(
            "Delivered again",
            f"Somebody had it delivered again after attempt {after}, with the full schedule of "
            f"{len(DELAYS) + 1} attempts, the same content and the same message id.",
            Kind.NEUTRAL,
        )

    def _attempt(self, attempt: Attempt) -> Decision:
        time = span(attempt.ended_at - attempt.started_at)
        has_failed = attempt.status == AttemptStatus.FAILED
        status = attempt.response_status
        answered = f"{self._receiver} answered {status}" if status else ""
        if has_failed:
            sentence = (attempt.error_message or "It failed").removesuffix(".")
            if answered and str(status) not in sentence:
                sentence += f" ({answered})"
        else:
            sentence = answered or f"{self._receiver} accepted it"
        sentence = f"{sentence}, after {time}."
        # A mail server's answer is the error already.
        answer = quoted(self.send.without_secrets(attempt.response_body) or "")
        if answer and answer not in sentence:
            sentence += f" Its answer: “{answer}”"
        return self._decision(
            f"Attempt {attempt.number} {'failed' if has_failed else 'accepted'}",
            sentence,
            Kind.BAD if has_failed else Kind.GOOD,
            at=attempt.started_at,
            about=self.about(attempt=attempt.number),
        )

    @property
    def _receiver(self) -> str:
        is_email = self.send.notification_type == NotificationType.EMAIL
        return "The mail server" if is_email else "The receiver"

    def _outcome(self, now: datetime) -> Iterator[Decision]:
        send = self.send
        error = send.error_message or ""
        if send.sent_at:
            since = span(send.sent_at - send.created_at)
            yield self._decision(
                "Sent",
                f"{self._receiver} has accepted it, {since} after it was recorded.",
                Kind.GOOD,
                at=send.sent_at,
            )
        match send.status:
            case SendStatus.DELIVERED:
                sentence = "The email provider reports that it has arrived."
                yield self._decision("Delivered", sentence, Kind.GOOD)
            case SendStatus.BOUNCED:
                sentence = f"The email provider reports that it was returned: {ended(error)}"
                yield self._decision("Bounced", sentence, Kind.BAD)
            case SendStatus.COMPLAINED:
                sentence = f"The email provider reports that its reader called it spam: {error}"
                yield self._decision("Called spam", ended(sentence), Kind.BAD)
            case SendStatus.FAILED:
                yield self._given_up(error)
            case SendStatus.QUEUED | SendStatus.RETRYING:
                yield from self._next(now)
            case SendStatus.SKIPPED if self.attempts:
                yield self._skipped()

    def _given_up(self, error: str) -> Decision:
        if self.was_refused:
            return self._decision(_titled("Gave up", error), error, Kind.BAD)
        made = self.attempts_of_this_round
        if made > len(DELAYS):
            sentence = f"All {made} attempts have failed. The last error was: {ended(error)}"
        else:
            sentence = (
                f"The answer to attempt {self.send.attempt_count} is final, so that another "
                f"attempt would be in vain: {ended(error)}"
            )
        at = self.attempts[-1].ended_at if self.attempts else None
        return self._decision("Gave up", sentence, Kind.BAD, at=at)

    def _next(self, now: datetime) -> Iterator[Decision]:
        send = self.send
        due_at = send.next_attempt_at or now
        if send.earlier_attempt_count and not self.attempts_of_this_round:
            yield self._redelivery(send.attempt_count)
        lease: Lease | None = getattr(send, "lease", None)
        if self.refusal:
            yield self._decision(_titled("Will not go out", self.refusal), self.refusal, Kind.BAD)
        elif lease and lease.until > now:
            yield self._decision(
                "Under way",
                f"A worker has claimed it until {moment(lease.until)}.",
                Kind.WAITING,
                at=now,
            )
        elif due_at > now:
            yield self._decision(
                "Will be retried" if self.attempts else "Waits",
                f"Attempt {send.attempt_count + 1} is due in {span(due_at - now)}."
                + ("" if self.attempts else _gathered(send)),
                Kind.WAITING,
                at=due_at,
            )
        else:
            is_late = now - due_at > LATE_AFTER
            sentence = f"Attempt {send.attempt_count + 1} has been due for {span(now - due_at)}."
            if is_late:
                sentence += (
                    " Either no worker runs, or the receiver is slow and has reached its "
                    "concurrency limit."
                )
            yield self._decision("Due", sentence, Kind.BAD if is_late else Kind.WAITING, at=due_at)

    def _again(self) -> Iterator[Decision]:
        """Yield whether it can be delivered again, if that would be of use."""
        if self.is_told or self.is_waiting or self.is_needless:
            return
        if self.refusal:
            # The reason has been told already, unless it is another one now.
            if self.refusal != self.send.error_message:
                title = _titled("Cannot be delivered again yet", self.refusal)
                yield self._decision(title, self.refusal, Kind.BAD)
        else:
            yield self._decision(
                "Can be delivered again",
                "No rule bars it now. Once what went wrong is mended, deliver it again.",
                Kind.NEUTRAL,
            )


def whom(send: NotificationSend) -> str:
    """Return a send by its channel and recipient, to be read within a sentence."""
    is_email = send.notification_type == NotificationType.EMAIL
    return f"the {'email to' if is_email else 'webhook'} {send.shown_recipient}"


def stories(
    sends: NotificationSendQuerySet,
    *,
    has_task: bool,
    executions: Iterable[UUID] = (),
    unverified: str | None = None,
    most: int = MOST_SENDS,
) -> list[Story]:
    """Return the stories of sends in the order of `sends`, by a few queries for all.

    Args:
        sends: which, in an order that an index has.
        has_task: whether their task is still kept.
        executions: the ids of the executions that are known to be kept.
        unverified: the address that the task names, if the account has not verified it.
        most: how many of the sends are told of.
    """
    found = [*with_refusal(sends).select_related("endpoint", "lease")[:most]]
    refusals = refusals_of(found)
    kept = {*executions}
    attempts = {
        send_id: [*group]
        for send_id, group in groupby(_attempts_of(found), key=lambda attempt: attempt.send_id)
    }
    return [
        Story(
            send=send,
            attempts=attempts.get(send.pk, []),
            refusal=refusals.get(send.pk),
            unverified=unverified if _is_instead(send, unverified) else None,
            has_task=has_task,
            has_execution=send.execution_id in kept,
        )
        for send in found
    ]


def _attempts_of(sends: Sequence[NotificationSend]) -> Iterable[Attempt]:
    if not any(send.attempt_count for send in sends):
        return []
    return (
        Attempt.objects.filter(
            send__in=[send.pk for send in sends],
            number__gt=F("send__attempt_count") - MOST_ATTEMPTS,
        )
        .order_by("send", "number")
        .defer("request_headers", "response_headers")
    )


def _is_instead(send: NotificationSend, unverified: str | None) -> bool:
    return (
        unverified is not None
        and send.notification_type == NotificationType.EMAIL
        and send.event_type == EventType.CONDITION_MET
        and send.recipient.lower() != unverified.lower()
    )


def _because(sentence: str) -> str:
    """Return why, to be read after a verb: in short if a rule of ours is the reason."""
    refusal = refusal_told_by(sentence)
    return f", because {SHORT[refusal][1]}" if refusal else f": {_open(sentence)}"


def _titled(title: str, sentence: str) -> str:
    refusal = refusal_told_by(sentence)
    return f"{title}: {SHORT[refusal][0]}" if refusal else title


def _at(at: datetime | None) -> str:
    return f" at {moment(at)}" if at else ""


def _open(sentence: str) -> str:
    return quoted(sentence).removesuffix(".")


def _gathered(send: NotificationSend) -> str:
    if send.event_type == EventType.CONDITION_MET or send.next_attempt_at == send.created_at:
        return ""
    return " An address gets at most one mail an hour about each kind of notice."
