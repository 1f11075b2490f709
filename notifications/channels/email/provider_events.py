"""Store what email providers report: the status of a send, and addresses to suppress."""

from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason, tracking
from django.db import transaction
from django.dispatch import receiver

from notifications.models import (
    Attempt,
    EmailSuppression,
    NotificationSend,
    SendStatus,
    Suppression,
)

#: The status that a send gets by each kind of event; others are ignored.
STATUS_OF_EVENT = {
    EventType.DELIVERED: SendStatus.DELIVERED,
    EventType.BOUNCED: SendStatus.BOUNCED,
    EventType.REJECTED: SendStatus.BOUNCED,
    EventType.FAILED: SendStatus.BOUNCED,
    EventType.COMPLAINED: SendStatus.COMPLAINED,
}
#: The statuses that each status may replace. Reports come late, twice and out of order; none may
#: undo a more serious one.
BEFORE = {
    SendStatus.DELIVERED: [SendStatus.SENT],
    SendStatus.BOUNCED: [SendStatus.SENT, SendStatus.DELIVERED],
    SendStatus.COMPLAINED: [SendStatus.SENT, SendStatus.DELIVERED],
}
#: Reasons that concern the address itself, so that further mail would bounce, too.
HARD = (RejectReason.INVALID, RejectReason.BOUNCED)
#: What providers (Postmark, Amazon SES, Mailgun) call a bounce that may pass. Anymail gives these
#: the same reason as the others.
SOFT = ("'SoftBounce'", "'Transient'", "'temporary'")


@receiver(tracking, dispatch_uid="note_provider_event")
@transaction.atomic
def note(event: AnymailTrackingEvent, **_: Any) -> None:
    """Store what `event` says, unless it is about another system's mail or says nothing new.

    After a hard bounce or a complaint, the address gets no more mail.
    """
    status = STATUS_OF_EVENT.get(event.event_type)
    # An event without an id is about another system's mail, and must not match the many attempts
    # that have no id.
    if status is None or not event.message_id:
        return
    attempts = Attempt.objects.filter(provider_message_id=event.message_id)
    sends = NotificationSend.objects.filter(pk__in=attempts.values("send"))
    recipients = [*sends.values_list("recipient", flat=True)]
    said = event.description or event.mta_response or f"The provider says: {event.event_type}."
    sends.filter(status__in=BEFORE[status]).update(
        status=status, error_message=None if status == SendStatus.DELIVERED else said
    )
    if status == SendStatus.COMPLAINED or is_hard_bounce(event):
        for address in recipients:
            EmailSuppression.objects.get_or_create(
                address=address.lower(), defaults={"reason": Suppression(status.value)}
            )


def is_hard_bounce(event: AnymailTrackingEvent) -> bool:
    """Return whether `event` is a bounce that is expected to happen again."""
    return event.reject_reason in HARD and not any(word in repr(event.esp_event) for word in SOFT)
