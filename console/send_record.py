"""All that is recorded of a send, for its page: a timeline, and what it said."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from accounts.models import User
from console.words import EVENTS, OUTCOMES, look_of
from executions.models import Execution
from notifications.eligibility import with_refusal
from notifications.models import (
    ACCEPTED,
    UNFINISHED,
    Attempt,
    EventType,
    NotificationSend,
    NotificationType,
    SendStatus,
)
from notifications.redeliver import obstacle_to
from tasks.models import Task

#: The most attempts that are shown: the newest.
MOST_ATTEMPTS = 25
#: The most sends of the same visit that are shown.
MOST_SIBLINGS = 20
NOT_KEPT = "The visit that led to it is no longer kept."


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that happened to a send."""

    title: str
    #: When; None if that is not recorded.
    at: datetime | None = None
    #: The name of a class in the style sheet.
    look: str = ""
    #: A sentence, such as an error.
    text: str = ""
    #: What was found, as Markdown.
    finding: str = ""
    #: The attempt, if the step is one.
    attempt: Attempt | None = None


@dataclass(frozen=True, kw_only=True)
class Record:
    """A send with all that is recorded of it."""

    send: NotificationSend
    #: The visit that led to it; None if it is no longer kept.
    execution: Execution | None
    #: Whether its task is still there.
    has_task: bool
    #: The other sends that the same visit led to.
    siblings: Sequence[NotificationSend]
    #: The newest attempts, in their order.
    attempts: Sequence[Attempt]
    #: Why it cannot be delivered again now, as a sentence; None if it can.
    obstacle: str | None

    @property
    def event(self) -> str:
        """What it tells."""
        return EVENTS[self.send.event_type]

    @property
    def webhook_body(self) -> str | None:
        """The body that a webhook's receiver gets; None for an email, and once it is deleted."""
        payload = getattr(self.send, "payload", None)
        is_webhook = self.send.notification_type == NotificationType.WEBHOOK
        return payload.body if is_webhook and payload else None

    @cached_property
    def email_content(self) -> Mapping[str, Any]:
        """What an email is made from; empty for a webhook, and once it is deleted."""
        payload = getattr(self.send, "payload", None)
        if self.send.notification_type != NotificationType.EMAIL or not payload:
            return {}
        content: dict[str, Any] = json.loads(payload.body)
        return content

    def steps(self) -> Iterator[Step]:
        """Yield what happened, in its order."""
        send = self.send
        yield self._found()
        is_skipped = send.status == SendStatus.SKIPPED and not self.attempts
        yield Step(title="Recorded", at=send.created_at, look="" if is_skipped else "good")
        if hidden := send.attempt_count - len(self.attempts):
            yield Step(title=f"{hidden} earlier attempts", text="The API has them all.")
        earlier = {attempt.number for attempt in self.attempts if attempt.error_message is None}
        earlier.add(send.earlier_attempt_count)
        for attempt in self.attempts:
            if attempt.number > 1 and attempt.number - 1 in earlier:
                yield Step(title="Delivered again", text="Somebody asked for it.")
            yield _attempted(attempt)
        yield self._outcome()

    def _found(self) -> Step:
        is_met = self.send.event_type == EventType.CONDITION_MET
        look = "good" if is_met or self.send.event_type == EventType.RECOVERED else "bad"
        if (execution := self.execution) is None:
            finding = self.email_content.get("notification", "")
            return Step(title=self.event, look=look, text=NOT_KEPT, finding=finding)
        text = (
            ""
            if is_met
            else execution.error_message or (execution.result or {}).get("evidence", "")
        )
        return Step(
            title=self.event,
            at=execution.completed_at,
            look=look,
            text=text,
            finding=execution.notification or "" if is_met else "",
        )

    def _outcome(self) -> Step:
        send = self.send
        at = send.next_attempt_at if send.status in UNFINISHED else send.sent_at
        error = send.error_message if send.status not in ACCEPTED else None
        return Step(title=OUTCOMES[send.status], at=at, look=look_of(send.status), text=error or "")


def _attempted(attempt: Attempt) -> Step:
    answer = f", answered {attempt.response_status}" if attempt.response_status else ""
    has_failed = attempt.error_message is not None
    return Step(
        title=f"Attempt {attempt.number}: {'failed' if has_failed else 'accepted'}{answer}",
        at=attempt.started_at,
        look="bad" if has_failed else "good",
        text=attempt.error_message or "",
        attempt=attempt,
    )


def record_of(send_id: UUID, *, user: User) -> Record | None:
    """Return the record of a send of the user's, or None if there is none with this id.

    It takes five queries, and a sixth to say why an address gets no mail.
    """
    sends = NotificationSend.objects.for_user(user)
    send = with_refusal(sends).select_related("payload").filter(pk=send_id).first()
    if send is None:
        return None
    siblings = sends.filter(execution_id=send.execution_id).exclude(pk=send.pk)
    oldest_first = siblings.select_related("endpoint").order_by("created_at", "id")
    newest = send.attempts.order_by("-number")[:MOST_ATTEMPTS]
    obstacle = obstacle_to(send)
    return Record(
        send=send,
        execution=Execution.objects.for_user(user).filter(pk=send.execution_id).first(),
        has_task=Task.objects.for_user(user).filter(pk=send.task_id).exists(),
        siblings=[*oldest_first[:MOST_SIBLINGS]],
        attempts=[*newest][::-1],
        obstacle=obstacle.detail if obstacle else None,
    )
