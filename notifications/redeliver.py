"""Deliver again what has ended: one send, or all that match."""

from datetime import datetime

from django.db import transaction

from notifications.models import UNFINISHED, EmailSuppression, NotificationSend
from notifications.models.send import NotificationSendQuerySet
from notifications.record import wake_workers
from torale.errors import Conflict


class StillInFlight(Conflict):
    """The send has not ended: it is queued or retrying, and will be attempted by itself."""


class NotDeliverable(Conflict):
    """There is nothing to send, or nobody to send it to."""


@transaction.atomic
def redeliver_one(*, send: NotificationSend, now: datetime) -> NotificationSend:
    """Queue `send` again, with the same payload and message id, and return it.

    Raises:
        StillInFlight: it is queued or retrying.
        NotDeliverable: its payload has been pruned, its webhook is switched off, or its address
            gets no more mail.
    """
    ours = NotificationSend.objects.filter(pk=send.pk)
    if not ours.deliverable().requeue(now=now):
        send.refresh_from_db()
        if send.status in UNFINISHED:
            raise StillInFlight(StillInFlight.__doc__)
        raise NotDeliverable(_why_not(send))
    wake_workers()
    send.refresh_from_db()
    return send


@transaction.atomic
def redeliver_all(*, sends: NotificationSendQuerySet, now: datetime) -> int:
    """Queue again all of `sends` that have ended and can be delivered; return how many.

    One statement: they are queued all or none.
    """
    count = sends.deliverable().requeue(now=now)
    if count:
        wake_workers()
    return count


def _why_not(send: NotificationSend) -> str:
    if send.endpoint and send.endpoint.switched_off_at:
        return send.endpoint.why_off()
    if suppression := EmailSuppression.objects.of(send.recipient).first():
        return suppression.why()
    return "What it carried is no longer kept (see TORALE_RETENTION_DAYS)."
