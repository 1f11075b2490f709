"""Write down who is to be told, in the transaction that says why."""

from datetime import datetime

from django.db import connection, transaction

from executions.models import Execution
from notifications.models import (
    NotificationSend,
    NotificationType,
    Payload,
    SigningSecret,
)
from notifications.payload import email_body, webhook_body
from tasks.models import Task

#: PostgreSQL's channel on which workers hear that sends were recorded (NOTIFY).
CHANNEL = "torale_sends"


@transaction.atomic
def record_sends(*, task: Task, execution: Execution, now: datetime) -> list[NotificationSend]:
    """Store one queued send per channel of `task`, and wake the workers when this commits.

    Recording the same execution again adds nothing: each channel has one send (constraint
    `send_one_per_channel`). The wake-up reaches every worker, at the commit and not without it.
    """
    recorded = []
    if task.notification_email:
        send = _send(task, execution, NotificationType.EMAIL, _address(task), now)
        recorded.append((send, Payload(send=send, body=email_body(task=task, execution=execution))))
    if task.webhook_url:
        SigningSecret.objects.get_or_create(user=task.user)
        send = _send(task, execution, NotificationType.WEBHOOK, task.webhook_url, now)
        body = webhook_body(message_id=str(send.pk), task=task, execution=execution)
        recorded.append(
            (
                send,
                Payload(
                    send=send,
                    body=body,
                    method=task.webhook_method,
                    headers=task.webhook_headers or None,
                ),
            )
        )
    already = set(
        NotificationSend.objects.filter(execution=execution).values_list(
            "notification_type", flat=True
        )
    )
    new = [(send, payload) for send, payload in recorded if send.notification_type not in already]
    NotificationSend.objects.bulk_create([send for send, _ in new])
    Payload.objects.bulk_create([payload for _, payload in new])
    if new:
        wake_workers()
    return [send for send, _ in new]


def wake_workers() -> None:
    """Tell every worker, when this transaction commits, that sends are due."""
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {CHANNEL}")


def _send(
    task: Task, execution: Execution, type_: NotificationType, recipient: str, now: datetime
) -> NotificationSend:
    return NotificationSend(
        user_id=task.user_id,
        task=task,
        execution=execution,
        notification_type=type_,
        recipient=recipient,
        created_at=now,
        next_attempt_at=now,
    )


def _address(task: Task) -> str:
    """Return where the email goes: only the account's own address is known to be the user's."""
    return task.user.email
