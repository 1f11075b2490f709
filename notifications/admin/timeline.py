"""What became of a send, in order, as an operator may see it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from executions.models import Execution
from executions.rendering import html_of
from notifications.models import (
    ACCEPTED,
    UNFINISHED,
    Attempt,
    NotificationSend,
    SendStatus,
)

#: The most attempts that one page shows.
ATTEMPTS_A_PAGE = 20
#: Headers whose values are for the receiver or its visitors only.
SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "set-cookie"})
MASK = "•••"

#: The title of a send's last step, by its status.
OUTCOMES = {
    SendStatus.SENT: "Accepted by the receiver",
    SendStatus.DELIVERED: "Delivered, as the email provider reports",
    SendStatus.FAILED: "Given up",
    SendStatus.SKIPPED: "Skipped: nothing was sent",
    SendStatus.BOUNCED: "Returned, as the email provider reports",
    SendStatus.COMPLAINED: "Called spam by its reader, as the email provider reports",
    SendStatus.QUEUED: "Waits for its first attempt",
    SendStatus.RETRYING: "Waits for another attempt",
}


@dataclass(frozen=True)
class Step:
    """One thing that happened to a send."""

    title: str
    at: datetime | None = None
    #: `good`, `bad`, `waiting`, or empty.
    tone: str = ""
    error: str | None = None
    attempt: Attempt | None = None
    request_headers: list[tuple[str, str]] = field(default_factory=list)
    response_headers: list[tuple[str, str]] = field(default_factory=list)
    response_body: str | None = None


@dataclass(frozen=True)
class Timeline:
    """The life of a send."""

    execution: Execution | None
    #: What was found, as HTML.
    finding: str
    attempts: list[Step]
    #: The number before which older attempts are shown, if there are any.
    older: int | None
    #: Whether the newest attempts are among those shown.
    are_newest: bool
    body: str | None
    outcome: Step


def timeline_of(send: NotificationSend, *, before: str = "") -> Timeline:
    """Return the timeline of a send.

    Args:
        send: the send.
        before: show the attempts before this number instead of the newest.
    """
    attempts = send.attempts.all()
    if before.isascii() and before.isdigit() and len(before) < len("10000"):
        attempts = attempts.filter(number__lt=int(before))
    else:
        before = ""
    newest = [*attempts.order_by("-number")[: ATTEMPTS_A_PAGE + 1]]
    shown = newest[:ATTEMPTS_A_PAGE][::-1]
    execution = Execution.objects.filter(pk=send.execution_id).first()
    payload = getattr(send, "payload", None)
    return Timeline(
        execution=execution,
        finding=html_of(execution.notification or "") if execution else "",
        attempts=[_attempted(attempt, send) for attempt in shown],
        older=shown[0].number if len(newest) > ATTEMPTS_A_PAGE else None,
        are_newest=not before,
        body=send.without_secrets(payload.body) if payload else None,
        outcome=_outcome(send),
    )


def masked(headers: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Return headers as an operator may see them: without signatures, cookies and credentials."""
    return [
        (name, MASK if _is_secret(name) else str(value)) for name, value in (headers or {}).items()
    ]


def _is_secret(name: str) -> bool:
    return name.lower() in SECRET_HEADERS or "signature" in name.lower()


def _attempted(attempt: Attempt, send: NotificationSend) -> Step:
    answer = f", answered {attempt.response_status}" if attempt.response_status else ""
    return Step(
        title=f"Attempt {attempt.number}: {attempt.get_status_display().lower()}{answer}",
        at=attempt.started_at,
        tone="bad" if attempt.error_message else "good",
        error=attempt.error_message,
        attempt=attempt,
        request_headers=masked(attempt.request_headers),
        response_headers=[
            (name, send.without_secrets(value) or "")
            for name, value in masked(attempt.response_headers)
        ],
        response_body=send.without_secrets(attempt.response_body),
    )


def _outcome(send: NotificationSend) -> Step:
    if send.status in UNFINISHED:
        tone, at = "waiting", send.next_attempt_at
    else:
        tone, at = ("good" if send.status in ACCEPTED else "bad"), send.sent_at
    return Step(
        OUTCOMES[SendStatus(send.status)],
        at=at,
        tone="" if send.status == SendStatus.SKIPPED else tone,
        error=None if send.status in ACCEPTED else send.error_message,
    )
