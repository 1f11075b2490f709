"""End sends that await an attempt, because an operator gives up on them."""

from django.db import transaction

from notifications.models import Lease, NotificationSend
from notifications.models.send import NotificationSendQuerySet
from torale.clock import DatabaseNow

GIVEN_UP = "An operator gave up on it."
#: The error of a send that a worker was delivering at that moment.
GIVEN_UP_IN_FLIGHT = (
    "An operator gave up on it during an attempt. Whether that has arrived is not recorded."
)


@transaction.atomic
def give_up_all(*, sends: NotificationSendQuerySet) -> list[NotificationSend]:
    """End those of `sends` that are queued or retrying as failed; return them, as they are now.

    They are not attempted again unless they are delivered again. A worker that is delivering one
    loses its lease, so the outcome of its attempt is dropped: it is no attempt in the record, and
    its receiver counts neither as failing nor as working because of it.
    """
    # Each send is locked before its lease is deleted, as Lease says.
    waiting = sends.unfinished().order_by("pk").select_for_update(no_key=True)
    ids = [*waiting.values_list("pk", flat=True)]
    leases = Lease.objects.filter(send__in=ids)
    in_flight = {*leases.filter(until__gt=DatabaseNow()).values_list("send", flat=True)}
    leases.delete()
    given_up = NotificationSend.objects.filter(pk__in=ids)
    given_up.filter(pk__in=in_flight).give_up(GIVEN_UP_IN_FLIGHT)
    given_up.exclude(pk__in=in_flight).give_up(GIVEN_UP)
    return [*given_up.order_by("pk")]
