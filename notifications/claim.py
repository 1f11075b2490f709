"""Take sends in hand: lease what is due, as far as the receivers' rations go."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction

from notifications.channels import Message
from notifications.models import (
    UNFINISHED,
    NotificationSend,
    Payload,
    WebhookConfig,
    WebhookEndpoint,
)
from notifications.payload import CONDITION_MET
from notifications.rations import Rations

#: How long a claim lasts. Longer than any attempt and the storing of its outcome can take.
LEASE = timedelta(seconds=120)

HEADERS = Payload._meta.get_field("headers")  # noqa: SLF001 - Django documents it

# By hand, as this runs tens of times a second: model instances would cost more than the queries.
FIND = """
SELECT id, host FROM notifications_notificationsend
WHERE status = ANY(%s) AND next_attempt_at <= %s AND (leased_until IS NULL OR leased_until <= %s)
  AND host <> ALL(%s)
ORDER BY next_attempt_at
LIMIT %s
FOR UPDATE SKIP LOCKED
"""
TAKE = """
UPDATE notifications_notificationsend AS send SET lease = %s, leased_until = %s
FROM notifications_payload AS payload
WHERE send.id = ANY(%s) AND payload.send_id = send.id
RETURNING send.id, send.user_id, send.notification_type, send.recipient, send.host,
          send.endpoint_id, send.attempt_count - send.earlier_attempt_count + 1,
          payload.body, payload.method, payload.headers
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """What one look at the due sends came to."""

    #: Leased, to be attempted now.
    messages: list[Message]
    #: Whether it is worth looking again at once: the limit was reached, so more may be due.
    more_may_be_due: bool


@transaction.atomic
def claim(*, limit: int, rations: Rations, now: datetime) -> Claim:
    """Lease up to `limit` due sends, the longest due first, and take their receivers' rations.

    Rows that another worker is claiming are passed over, and so are receivers whose ration is
    used up: their sends stay due. Sends to a webhook that has been switched off meanwhile end
    here. Costs 5 queries, whatever the length of the queue.
    """
    with connection.cursor() as cursor:
        # A lease that a crash of the server loses is one that ends early; the disk need not be
        # waited for.
        cursor.execute("SET LOCAL synchronous_commit = off")
        parameters: list[Any] = [[*UNFINISHED], now, now, rations.exhausted(), limit]
        cursor.execute(FIND, parameters)
        found: list[tuple[UUID, str]] = cursor.fetchall()
        taken = rations.take(host for _, host in found)
        ids = [pk for (pk, _), is_taken in zip(found, taken, strict=True) if is_taken]
        rows: list[tuple[Any, ...]] = []
        lease = uuid4()
        if ids:
            cursor.execute(TAKE, [lease, now + LEASE, ids])
            rows = cursor.fetchall()
    messages = messages_of(rows, lease=lease, now=now)
    refuse_switched_off(messages, rations)
    return Claim(messages, more_may_be_due=len(found) == limit)


def messages_of(rows: list[tuple[Any, ...]], *, lease: UUID, now: datetime) -> list[Message]:
    """Return the rows of TAKE as messages, with the secrets that sign them."""
    users = {user_id for _, user_id, *_ in rows}
    configs = WebhookConfig.objects.in_bulk(users) if users else {}
    secrets = {pk: tuple(config.valid_secrets(now=now)) for pk, config in configs.items()}
    return [
        Message(
            send_id=send_id,
            lease=lease,
            notification_type=notification_type,
            recipient=recipient,
            host=host,
            endpoint_id=endpoint_id,
            body=body,
            event_type=CONDITION_MET,
            method=method,
            headers=HEADERS.decrypted(headers) or {},
            secrets=secrets.get(user_id, ()),
            attempt=attempt,
        )
        for (
            send_id,
            user_id,
            notification_type,
            recipient,
            host,
            endpoint_id,
            attempt,
            body,
            method,
            headers,
        ) in rows
    ]


def refuse_switched_off(messages: list[Message], rations: Rations) -> None:
    """End the sends among `messages` whose webhook is switched off, and take them out."""
    off = WebhookEndpoint.objects.switched_off().in_bulk(
        {message.endpoint_id for message in messages if message.endpoint_id}
    )
    if not off:
        return
    for message in [message for message in messages if message.endpoint_id in off]:
        messages.remove(message)
        rations.give_back(message.host)
        because = off[message.endpoint_id].why_off()
        NotificationSend.objects.filter(pk=message.send_id).give_up(because)


def give_back(messages: Iterable[Message]) -> None:
    """End the leases of messages that were claimed but not attempted: they are due at once."""
    for message in messages:
        NotificationSend.objects.filter(pk=message.send_id, lease=message.lease).update(
            lease=None, leased_until=None
        )
