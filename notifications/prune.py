"""Delete old sends: their bodies first, and the records later."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from notifications.models import Attempt, NotificationSend, Payload
from notifications.models.send import NotificationSendQuerySet

#: Sends pruned in one transaction, which holds their row locks for a few milliseconds.
SENDS_PER_TRANSACTION = 1000
#: Bodies are kept for this fraction (1/3) of the time for which records are kept.
BODIES_SHARE = 3


def to_prune(
    *, older_than: timedelta, now: datetime
) -> tuple[NotificationSendQuerySet, NotificationSendQuerySet]:
    """Return the sends whose bodies `prune` deletes, and those whose records it deletes."""
    finished = NotificationSend.objects.finished()
    with_payload = finished.filter(
        created_at__lt=now - older_than / BODIES_SHARE, payload__isnull=False
    )
    return with_payload, finished.filter(created_at__lt=now - older_than)


def prune(
    *,
    older_than: timedelta,
    now: datetime,
    must_end: Callable[[], bool] = lambda: False,
    tell: Callable[[int], None] = lambda _: None,
) -> tuple[int, int]:
    """Delete the bodies, and later the records, of sends that ended long ago.

    Unfinished sends are never touched. Works in batches by id, the oldest first, so that only few
    rows are locked at a time. If it is stopped, the next run goes on.

    Args:
        older_than: age of the records that are deleted; bodies go after a third of it.
        now: the time of the request.
        must_end: asked before each batch.
        tell: called with the size of each batch that is done.

    Returns:
        How many sends lost their bodies, and how many were deleted.
    """
    with_payload, old = to_prune(older_than=older_than, now=now)
    return (
        _in_batches(with_payload, _forget_bodies, must_end, tell),
        _in_batches(old, _forget, must_end, tell),
    )


def _in_batches(
    sends: NotificationSendQuerySet,
    act: Callable[[list[UUID]], None],
    must_end: Callable[[], bool],
    tell: Callable[[int], None],
) -> int:
    """Call `act` with batches of `sends`, in the order of their ids; return how many there were.

    Each batch is locked first, so that sends that are redelivered meanwhile are left alone.
    """
    count, last = 0, UUID(int=0)
    while not must_end():
        with transaction.atomic():
            batch = list(
                sends.filter(pk__gt=last)
                .order_by("pk")
                .select_for_update(of=("self",))
                .values_list("pk", flat=True)[:SENDS_PER_TRANSACTION]
            )
            if not batch:
                break
            act(batch)
        count, last = count + len(batch), batch[-1]
        tell(len(batch))
    return count


def _forget_bodies(batch: list[UUID]) -> None:
    Attempt.objects.filter(send__in=batch).update(
        request_headers=None, response_headers=None, response_body=None
    )
    Payload.objects.filter(send__in=batch).delete()


def _forget(batch: list[UUID]) -> None:
    NotificationSend.objects.filter(pk__in=batch).delete()
