"""Write down who is to be told, in the transaction that says why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.dispatch import receiver
from yarl import URL

from accounts.verification import is_verified
from executions.models import Execution
from notifications.channels.email.payload import email_body
from notifications.channels.webhook.payload import webhook_body
from notifications.eligibility import refusal_of, use_quota, with_refusal
from notifications.models import (
    EventType,
    NotificationSend,
    NotificationType,
    Payload,
    WebhookConfig,
    WebhookEndpoint,
)
from tasks.models import Task
from tasks.signals import condition_met
from torale.fields import kept

#: PostgreSQL's channel on which workers hear that sends were recorded (NOTIFY).
CHANNEL = "torale_sends"


@dataclass(frozen=True, slots=True)
class Destination:
    """One recipient."""

    #: The channel.
    notification_type: NotificationType
    #: Email address or URL.
    recipient: str
    #: What attempts are rationed by.
    host: str = ""
    #: The webhook's endpoint.
    endpoint: WebhookEndpoint | None = None
    #: Whether it is the account's default webhook.
    is_default_webhook: bool = False


@receiver(condition_met, dispatch_uid="record_sends")
def record(*, task: Task, execution: Execution, now: datetime, **_: Any) -> None:
    """Record the sends in the transaction that stores the answer."""
    record_sends(task=task, execution=execution, now=now)


@transaction.atomic
def record_sends(*, task: Task, execution: Execution, now: datetime) -> list[NotificationSend]:
    """Store one send per channel of `task`, and wake the workers when this commits.

    A send is queued, or skipped with the reason. Recording the same execution again adds nothing:
    each channel has one send (constraint `send_one_per_channel`).

    Sends go to the email and the webhook that the task names; without a webhook of its own, to the
    account's default webhook. If it names neither and nothing goes to the default webhook, because
    there is none or it is switched off, an email goes to the account's own address, unless the task
    is muted.
    """
    recorded = NotificationSend.objects.filter(execution_id=execution.pk)
    already = {*recorded.values_list("notification_type", flat=True)}
    destinations = [
        destination
        for destination in destinations_of(task)
        if destination.notification_type not in already
    ]
    sends, is_told = _record(destinations, task, execution, now)
    is_named = task.notification_email or task.webhook_url
    if not (already or is_named or is_told or task.is_muted):
        sends += _record([_mailbox(task, wanted=task.user.email)], task, execution, now)[0]
    if sends:
        wake_workers()
    return sends


def _record(
    destinations: Sequence[Destination], task: Task, execution: Execution, now: datetime
) -> tuple[list[NotificationSend], bool]:
    """Store sends, those that may not go out as skipped; say whether any of them may."""
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
            is_for_default_webhook=destination.is_default_webhook,
            created_at=now,
            next_attempt_at=now,
        )
        for destination in destinations
    ]
    NotificationSend.objects.bulk_create(sends)
    Payload.objects.bulk_create(
        [payload_of(send, task=task, execution=execution) for send in sends]
    )
    stored = with_refusal(NotificationSend.objects.filter(pk__in=[send.pk for send in sends]))
    refusals = {send.pk: refusal_of(send) for send in stored}
    for send in sends:
        if because := refusals[send.pk] or use_quota(send):
            send.skip(because)
    return sends, not all(refusals.values())


def destinations_of(task: Task) -> list[Destination]:
    """Return where notifications of `task` go, its owner's address left aside."""
    found = []
    if task.notification_email:
        found.append(_mailbox(task, wanted=task.notification_email))
    config = WebhookConfig.objects.filter(user=task.user_id).first()
    if url := task.webhook_url or (config and config.url):
        if config is None:
            WebhookConfig.objects.get_or_create(user=task.user)
        found.append(_webhook(task, url))
    return found


def payload_of(send: NotificationSend, *, task: Task, execution: Execution) -> Payload:
    """Return what `send` carries, whatever becomes of its task."""
    if send.notification_type == NotificationType.EMAIL:
        return Payload(send=send, body=email_body(task=task, execution=execution))
    is_own = not send.is_for_default_webhook
    return Payload(
        send=send,
        body=webhook_body(
            message_id=str(send.pk), event_type=send.event_type, task=task, execution=execution
        ),
        method=task.webhook_method if is_own else "POST",
        # Headers that cannot be decrypted go along as they are: each attempt fails, until the
        # operator has put their key back.
        headers=(kept(task, "webhook_headers") or None) if is_own else None,
    )


def wake_workers() -> None:
    """Tell every worker, when this transaction commits and not without it, that sends are due."""
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {CHANNEL}")


def _mailbox(task: Task, *, wanted: str) -> Destination:
    """An address that its owner has not verified might be anybody's: the account's is taken."""
    address = wanted if is_verified(user=task.user, email=wanted) else task.user.email
    return Destination(NotificationType.EMAIL, address)


def _webhook(task: Task, url: str) -> Destination:
    endpoint, _ = WebhookEndpoint.objects.get_or_create(user=task.user, url=url)
    parsed = URL(url)
    return Destination(
        NotificationType.WEBHOOK,
        url,
        host=f"{parsed.host}:{parsed.port}",
        endpoint=endpoint,
        is_default_webhook=not task.webhook_url,
    )
