"""Forget what is older than anyone wants to know: bodies first, the record of the send later."""

from datetime import datetime, timedelta

from django.db import transaction

from notifications.models import Attempt, NotificationSend, Payload

#: Sends pruned in one transaction: their row locks are held for some milliseconds only.
BATCH = 1000
#: What was sent and answered is kept for this part of the time the record is kept.
BODIES_SHARE = 3


def prune(*, older_than: timedelta, now: datetime) -> tuple[int, int]:
    """Delete the bodies, and later the records, of sends that ended long ago.

    Unfinished sends are never touched. Works in batches by ids, oldest first, so that neither the
    table nor much of it is ever locked; stopped in between, it goes on the next time.

    Args:
        older_than: age of the records that are deleted; bodies go after a third of it.
        now: the time of the request.

    Returns:
        How many sends lost their bodies, and how many were deleted.
    """
    bodies = records = 0
    finished = NotificationSend.objects.finished()
    with_payload = finished.filter(
        created_at__lt=now - older_than / BODIES_SHARE, payload__isnull=False
    )
    while batch := list(with_payload.order_by("created_at").values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            Attempt.objects.filter(send__in=batch).update(
                request_headers=None, response_headers=None, response_body=None
            )
            Payload.objects.filter(send__in=batch).delete()
        bodies += len(batch)
    old = finished.filter(created_at__lt=now - older_than)
    while batch := list(old.order_by("created_at").values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            records += len(batch)
            NotificationSend.objects.filter(pk__in=batch).delete()
    return bodies, records
