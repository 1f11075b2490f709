"""Deliver sends again that have ended: one of them, or all that match."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from notifications.eligibility import (
    MOST_ATTEMPTS_OF_A_SEND,
    Refusal,
    deliverable,
    refusal_of,
    use_quota,
    with_refusal,
)
from notifications.models import UNFINISHED, NotificationSend, SendStatus
from notifications.models.send import NotificationSendQuerySet
from notifications.record import WAKE_UP
from torale.database import wake
from torale.errors import Conflict


class StillInFlight(Conflict):
    """The send has not ended."""

    detail = "The send has not ended: it is queued or retrying, and will be attempted by itself."


class NotDeliverable(Conflict):
    """There is nothing to send, or nobody to send it to."""


def obstacle_to(send: NotificationSend) -> StillInFlight | NotDeliverable | None:
    """Return why `send` cannot be delivered again now; None if it can, as far as no limit is used.

    Args:
        send: a send from `with_refusal`.
    """
    if send.status in UNFINISHED:
        return StillInFlight()
    if because := refusal_of(send):
        return NotDeliverable(because)
    if send.attempt_count >= MOST_ATTEMPTS_OF_A_SEND:
        return NotDeliverable(Refusal.ATTEMPTED_TOO_OFTEN.sentence(send))
    return None


@transaction.atomic
def redeliver_one(*, send: NotificationSend, now: datetime) -> NotificationSend:
    """Queue `send` again, with the same payload and message id, and return it.

    A skipped send counts towards the limits now, as it did not when it was recorded.

    Raises:
        StillInFlight: it is queued or retrying.
        NotDeliverable: it may not go out; the message says why.
    """
    ours = NotificationSend.objects.filter(pk=send.pk)
    was_skipped = send.status == SendStatus.SKIPPED
    if not deliverable(ours).requeue(now=now):
        raise obstacle_to(with_refusal(ours).get()) or NotDeliverable
    if was_skipped and (because := use_quota(send)):
        raise NotDeliverable(because)  # which takes the queueing back
    wake(WAKE_UP)
    send.refresh_from_db()
    return send


@transaction.atomic
def redeliver_all(*, sends: NotificationSendQuerySet, now: datetime) -> int:
    """Queue again all of `sends` that have ended and can be delivered; return how many.

    They are queued in one transaction, all or none. Those that were skipped count towards the
    limits, and are queued as far as those allow.
    """
    ended = deliverable(sends)
    skipped = ended.filter(status=SendStatus.SKIPPED)
    allowed = [pk for user_id in skipped.user_ids() for pk in _allowed(skipped, user_id)]
    count = ended.exclude(status=SendStatus.SKIPPED).requeue(now=now)
    if allowed:
        count += skipped.filter(pk__in=allowed).requeue(now=now)
    if count:
        wake(WAKE_UP)
    return count


def _allowed(skipped: NotificationSendQuerySet, user_id: UUID) -> Iterator[UUID]:
    # Two calls at once could lock rows of the user's count in different orders, and wait for each
    # other. Recording sends does not wait for this lock.
    User.objects.select_for_update(no_key=True).get(pk=user_id)
    for send in skipped.filter(user_id=user_id).order_by("pk").iterator(chunk_size=100):
        if use_quota(send):
            return
        yield send.pk
