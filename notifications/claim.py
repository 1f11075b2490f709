"""Take sends in hand: lease what is due, as far as the receivers' rations go."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import uuid4

import orjson
import psycopg

from notifications.channels import Message
from notifications.models import (
    UNFINISHED,
    NotificationSend,
    Payload,
    WebhookConfig,
    WebhookEndpoint,
)
from notifications.payload import CONDITION_MET
from notifications.rations import FIRST, Rations

#: How long a claim lasts. Longer than any attempt and the storing of its outcome can take.
LEASE = timedelta(seconds=120)

# One statement, as each turn of a busy event loop that a further one waits for takes longer than
# the statement; one JSON document, as it is several times quicker to read than rows of columns.
CLAIM = """
WITH due AS MATERIALIZED (
    SELECT id, host, next_attempt_at FROM notifications_notificationsend
    WHERE status = ANY(%(unfinished)s) AND next_attempt_at <= %(now)s
      AND (leased_until IS NULL OR leased_until <= %(now)s)
      AND host <> ALL(%(exhausted)s)
    ORDER BY next_attempt_at
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
), placed AS (
    SELECT id, host, row_number() OVER (PARTITION BY host ORDER BY next_attempt_at) AS place
    FROM due
), within_ration AS (
    SELECT placed.id FROM placed
    LEFT JOIN unnest(%(hosts)s::text[], %(free)s::integer[]) AS ration (host, free) USING (host)
    WHERE placed.place <= coalesce(ration.free, %(first)s)
), taken AS (
    UPDATE notifications_notificationsend AS send
    SET lease = %(lease)s, leased_until = %(leased_until)s
    FROM within_ration, notifications_payload AS payload
    WHERE send.id = within_ration.id AND payload.send_id = send.id
    RETURNING send.*, payload.body, payload.method, payload.headers
), message AS (
    SELECT taken.id, notification_type, recipient, host, endpoint_id, body, method,
           attempt_count - earlier_attempt_count + 1 AS attempt,
           encode(headers, 'hex') AS headers,
           encode(config.secret, 'hex') AS secret,
           CASE WHEN config.previous_expires_at > %(now)s
                THEN encode(config.previous_secret, 'hex') END AS previous_secret,
           endpoint.switched_off_at IS NOT NULL AS is_switched_off
    FROM taken
    LEFT JOIN notifications_webhookendpoint AS endpoint ON endpoint.id = taken.endpoint_id
    LEFT JOIN notifications_webhookconfig AS config ON config.user_id = endpoint.user_id
)
SELECT (SELECT count(*) FROM due), (SELECT coalesce(json_agg(message), '[]')::text FROM message)
"""

_decrypted_headers = Payload._meta.get_field("headers").decrypted  # noqa: SLF001 - documented
# A secret signs many sends, and its ciphertext is another one after a rotation.
_decrypted_secret = lru_cache(1024)(
    WebhookConfig._meta.get_field("secret").decrypted  # noqa: SLF001 - documented
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What one look at the due sends came to."""

    #: Leased, to be attempted now.
    messages: list[Message]
    #: Leased, but their webhook has been switched off: to be ended by `refuse`.
    refused: list[Message]
    #: Whether it is worth looking again at once: the limit was reached, so more may be due.
    more_may_be_due: bool


async def claim(
    database: psycopg.AsyncConnection[Any], *, limit: int, rations: Rations, now: datetime
) -> Claim:
    """Lease up to `limit` due sends, the longest due first, and take their receivers' rations.

    Rows that another worker is claiming are passed over, and so are receivers whose ration is
    used up: their sends stay due. One statement, whatever the length of the queue.
    """
    free = rations.known()
    lease = str(uuid4())
    cursor = await database.execute(
        CLAIM,
        {
            "unfinished": [*UNFINISHED],
            "now": now,
            "exhausted": rations.exhausted(),
            "limit": limit,
            "hosts": [*free.keys()],
            "free": [*free.values()],
            "first": FIRST,
            "lease": lease,
            "leased_until": now + LEASE,
        },
    )
    found, rows = await cursor.fetchone() or (0, "[]")
    claimed: dict[bool, list[Message]] = {False: [], True: []}
    for row in orjson.loads(rows):
        claimed[row["is_switched_off"]].append(_message(row, lease))
    rations.take(message.host for message in claimed[False])
    return Claim(claimed[False], claimed[True], more_may_be_due=found == limit)


def _message(row: dict[str, Any], lease: str) -> Message:
    return Message(
        send_id=row["id"],
        lease=lease,
        notification_type=row["notification_type"],
        recipient=row["recipient"],
        host=row["host"],
        endpoint_id=row["endpoint_id"],
        body=row["body"],
        event_type=CONDITION_MET,
        method=row["method"],
        headers=_decrypted_headers(bytes.fromhex(row["headers"])) if row["headers"] else {},
        secrets=tuple(
            _decrypted_secret(bytes.fromhex(row[name]))
            for name in ("secret", "previous_secret")
            if row[name]
        ),
        attempt=row["attempt"],
    )


def refuse(messages: Sequence[Message]) -> None:
    """End sends whose webhook has been switched off since they were recorded."""
    endpoints = WebhookEndpoint.objects.in_bulk({message.endpoint_id for message in messages})
    for message in messages:
        because = endpoints[message.endpoint_id].why_off()
        NotificationSend.objects.leased(message.send_id, message.lease).give_up(because)


def give_back(messages: Iterable[Message]) -> None:
    """End the leases of messages that were claimed but not attempted: they are due at once."""
    for message in messages:
        NotificationSend.objects.leased(message.send_id, message.lease).update(
            lease=None, leased_until=None
        )
