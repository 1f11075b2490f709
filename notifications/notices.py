"""Record what Torale has to say of its own work: that a task fails, or a webhook was switched off.

Each notice is a send, so that the record shows every mail. An address gets at most one mail an hour
about each kind of event: the first notice goes out at once, and those that follow within the hour
go out together in one later mail. The first of these carries the others: its send is queued, and
theirs are skipped with a reason that names it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction
from django.db.models import Max

from accounts.models import User
from notifications.channels.email.payload import notices_body
from notifications.eligibility import refusal_of, with_refusal
from notifications.models import EventType, NotificationSend, NotificationType, Payload, SendStatus
from notifications.models.send import NotificationSendQuerySet
from notifications.record import WAKE_UP
from tasks.events import Notice
from torale.database import wake

#: How long a mail keeps the next one of its kind waiting.
MAIL_EVERY = timedelta(hours=1)
#: How far back mails are looked for: a mail server that is down delays them.
LOOKED_BACK = timedelta(days=1)
#: The events that are gathered; the others are told at once.
GATHERED = {EventType.FAILING, EventType.RECOVERED, EventType.WARNING}

CARRIED = "The email of the send {carrier} tells it, together with others of this hour."
WITHDRAWN = "The task worked again before this email was due."
UNSAID = "The email that the task fails had not been sent yet, so there is nothing to take back."


@transaction.atomic
def record_notice(  # noqa: PLR0913 - what a send consists of
    event_type: EventType,
    notice: Notice,
    *,
    user: User,
    recipient: str,
    task_id: UUID,
    task_name: str,
    execution_id: UUID,
    now: datetime,
) -> NotificationSend:
    """Store a notice as a send, queued or skipped with the reason, and return it.

    Args:
        event_type: what it tells.
        notice: the words.
        user: whom it tells.
        recipient: the address it goes to.
        task_id: the task that it is about.
        task_name: the name of that task.
        execution_id: the execution that it comes from.
        now: when there was something to tell.
    """
    # The notices of one user wait for each other here, so that two cannot both be the first.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    send = NotificationSend.objects.create(
        user=user,
        task_id=task_id,
        task_name=task_name,
        execution_id=execution_id,
        event_type=event_type,
        notification_type=NotificationType.EMAIL,
        recipient=recipient,
        created_at=now,
        next_attempt_at=now,
    )
    Payload.objects.create(send=send, body=notices_body([_part(send, notice)]))
    is_unsaid = event_type == EventType.RECOVERED and _withdraw(send, now=now)
    if because := refusal_of(with_refusal(NotificationSend.objects.filter(pk=send.pk)).get()):
        send.skip(because)
    elif is_unsaid:
        send.skip(UNSAID)
    elif event_type in GATHERED:
        _gather(send, now=now)
    wake(WAKE_UP)
    return send


def _part(send: NotificationSend, notice: Notice) -> dict[str, Any]:
    return {
        "send_id": send.pk,
        "task_id": send.task_id,
        "subject": notice.subject,
        "text": notice.text,
    }


def _gather(send: NotificationSend, *, now: datetime) -> None:
    """Let an email that waits carry `send`; if none does, have it wait until the hour is over."""
    others = _latest(send, send.event_type, now=now).filter(recipient=send.recipient)
    if carrier := _waiting(others).first():
        parts = _parts(carrier) + _parts(send)
        Payload.objects.filter(send=carrier).update(body=notices_body(parts))
        send.skip(CARRIED.format(carrier=carrier.pk))
        return
    # One that is being attempted counts as a mail of now.
    last = now if others.unfinished().exists() else others.aggregate(at=Max("sent_at"))["at"]
    if last and last + MAIL_EVERY > now:
        send.next_attempt_at = last + MAIL_EVERY
        send.save(update_fields=["next_attempt_at"])


def _withdraw(recovered: NotificationSend, *, now: datetime) -> bool:
    """Take back that a task fails if the email has not left; return whether it was taken back."""
    for carrier in _waiting(_latest(recovered, EventType.FAILING, now=now)):
        parts = _parts(carrier)
        rest = [part for part in parts if part["task_id"] != str(recovered.task_id)]
        if len(rest) == len(parts):
            continue
        if carrier.task_id == recovered.task_id:
            due_at = carrier.next_attempt_at
            carrier.skip(WITHDRAWN)
            if rest:
                _carry(rest, due_at=due_at)
        else:
            Payload.objects.filter(send=carrier).update(body=notices_body(rest))
            gone = [part["send_id"] for part in parts if part not in rest]
            _skipped(gone).update(error_message=WITHDRAWN)
        return True
    return False


def _carry(parts: Sequence[dict[str, Any]], *, due_at: datetime | None) -> None:
    """Have the first of the sends that were carried go out and carry the others."""
    carrier, *others = [part["send_id"] for part in parts]
    _skipped([carrier]).update(status=SendStatus.QUEUED, error_message=None, next_attempt_at=due_at)
    Payload.objects.filter(send=carrier).update(body=notices_body(parts))
    _skipped(others).update(error_message=CARRIED.format(carrier=carrier))


def _latest(send: NotificationSend, event_type: str, *, now: datetime) -> NotificationSendQuerySet:
    """Return the other notices of the user about an event that went out, or are about to."""
    return NotificationSend.objects.filter(
        user_id=send.user_id, event_type=event_type, created_at__gt=now - LOOKED_BACK
    ).exclude(pk=send.pk)


def _waiting(sends: NotificationSendQuerySet) -> NotificationSendQuerySet:
    """Keep those that nobody has attempted or is about to, and lock them against that."""
    queued = sends.filter(status=SendStatus.QUEUED, attempt_count=0).order_by("pk")
    locked = [*queued.select_for_update().values_list("pk", flat=True)]
    # By another query: the first does not see the lease of a claim that it waited for.
    return queued.filter(pk__in=locked, lease=None)


def _skipped(ids: Sequence[str]) -> NotificationSendQuerySet:
    return NotificationSend.objects.filter(pk__in=ids, status=SendStatus.SKIPPED)


def _parts(send: NotificationSend) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = orjson.loads(send.payload.body)["notices"]
    return parts
