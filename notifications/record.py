"""Record the sends that a met condition leads to, in the transaction that stores the answer."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from executions.models import Execution
from notifications.channels import CHANNELS, Destination
from notifications.channels.email import owners_address
from notifications.eligibility import look_up_refusals, refusal_of, use_quota
from notifications.models import EventType, NotificationSend, Payload
from tasks.models import Task
from torale.database import wake

#: The name under which PostgreSQL tells workers that sends were recorded (NOTIFY, LISTEN).
WAKE_UP = "torale_sends"


@transaction.atomic(savepoint=False)
def record_sends(*, task: Task, execution: Execution, now: datetime) -> list[NotificationSend]:
    """Store one send per channel of `task`, and wake the workers when this commits.

    A send is queued, or skipped with the reason. Recording the same execution again adds nothing:
    each channel has one send (constraint `send_one_per_channel`).

    Sends go to the email and the webhook that the task names; without a webhook of its own, to the
    account's default webhook. If it names neither and nothing goes to the default webhook, because
    there is none or it is switched off, an email goes to the account's own address, unless the task
    is muted.
    """
    recorded = NotificationSend.objects.filter(
        execution_id=execution.pk, event_type=EventType.CONDITION_MET
    )
    already = {*recorded.values_list("notification_type", flat=True)}
    found = [channel.destination_of(task) for channel in CHANNELS.values()]
    destinations = [each for each in found if each and each.notification_type not in already]
    sends, is_told = _record(destinations, task, execution, now)
    is_named = any(each.is_named for each in found if each)
    if not (already or is_named or is_told or task.is_muted):
        sends += _record([owners_address(task)], task, execution, now)[0]
    if sends:
        wake(WAKE_UP)
    return sends


def _record(
    destinations: Sequence[Destination], task: Task, execution: Execution, now: datetime
) -> tuple[list[NotificationSend], bool]:
    """Store sends, and skip those that may not go out; return them and whether any of them may."""
    if not destinations:
        return [], False
    sends = [
        NotificationSend(
            user_id=task.user_id,
            task_id=task.pk,
            task_name=task.name,
            execution_id=execution.pk,
            event_type=EventType.CONDITION_MET,
            notification_type=destination.notification_type,
            recipient=destination.recipient,
            host=destination.host,
            endpoint=destination.endpoint,
            is_for_default_webhook=destination.is_for_default_webhook,
            created_at=now,
            next_attempt_at=now,
        )
        for destination in destinations
    ]
    # The rule reads the payloads, so they come first.
    Payload.objects.bulk_create(
        [
            CHANNELS[send.notification_type].payload_of(send, task=task, execution=execution)
            for send in sends
        ]
    )
    look_up_refusals(sends)
    refusals = [refusal_of(send) for send in sends]
    for send, refusal in zip(sends, refusals, strict=True):
        if because := refusal or use_quota(send):
            send.mark_skipped(because)
    NotificationSend.objects.bulk_create(sends)
    return sends, not all(refusals)
