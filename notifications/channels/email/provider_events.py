"""What an email provider reports back -> the status of the send, and who gets no more mail."""

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

#: What each event that matters here makes of a send.
STATUSES = {
    EventType.DELIVERED: SendStatus.DELIVERED,
    EventType.BOUNCED: SendStatus.BOUNCED,
    EventType.REJECTED: SendStatus.BOUNCED,
    EventType.FAILED: SendStatus.BOUNCED,
    EventType.COMPLAINED: SendStatus.COMPLAINED,
}
#: What a send may be before. Reports come late, twice and out of order: none undoes a graver one.
BEFORE = {
    SendStatus.DELIVERED: [SendStatus.SENT],
    SendStatus.BOUNCED: [SendStatus.SENT, SendStatus.DELIVERED],
    SendStatus.COMPLAINED: [SendStatus.SENT, SendStatus.DELIVERED],
}
#: Reasons that the address itself is at fault, so that further mail would be in vain.
HARD = (RejectReason.INVALID, RejectReason.BOUNCED)
#: How providers themselves (Postmark, Amazon SES, Mailgun) call a bounce that may pass; Anymail
#: gives these the same reason as the others.
SOFT = ("'SoftBounce'", "'Transient'", "'temporary'")


@receiver(tracking, dispatch_uid="note_provider_event")
@transaction.atomic
def note(event: AnymailTrackingEvent, **_: Any) -> None:
    """Store what `event` says; one about no send of ours, or that says nothing new, is ignored.

    A hard bounce and a complaint also bar the address from further mail.
    """
    status = STATUSES.get(event.event_type)
    # An event without an id is of no mail of ours; most attempts have none, either.
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
    """Say whether `event` is a bounce that will come again."""
    return event.reject_reason in HARD and not any(word in repr(event.esp_event) for word in SOFT)
