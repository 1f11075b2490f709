"""Lease due sends to this worker, as far as their receivers' concurrency limits allow."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import psycopg
import structlog
from django.db import connection

from notifications.channels import Message
from notifications.delivery.concurrency import INITIAL_LIMIT, ConcurrencyLimits
from notifications.delivery.statements import CLAIM, GIVE_BACK
from notifications.eligibility import refusal_of, with_refusal
from notifications.models import UNFINISHED, NotificationSend
from torale.clock import Reading
from torale.outbound import networks_of

logger = structlog.get_logger(__name__)

#: How long a claim lasts. Longer than any attempt and the storing of its outcome can take.
SEND_LEASE = timedelta(seconds=120)


@dataclass(frozen=True, slots=True)
class Claim:
    """The result of one look at the due sends."""

    #: The database's time when they were leased.
    clock: Reading
    #: Leased, to be attempted now.
    messages: list[Message]
    #: Leased, but they may not go out any more: `refuse` ends them.
    refused: list[Message]
    #: Whether as many as asked for were found, so that more may be due.
    is_full: bool

    @property
    def more_may_be_due(self) -> bool:
        """Whether to look again at once: refused sends take no time."""
        return self.is_full or bool(self.refused)


async def claim(
    database: psycopg.AsyncConnection[Any], *, most: int, limits: ConcurrencyLimits
) -> Claim:
    """Lease up to `most` due sends, the longest due first, as far as their receivers' limits allow.

    Skips rows that another worker is claiming, and receivers that have reached their limit: their
    sends stay due. Costs one statement, whatever the length of the queue.
    """
    free = limits.known()
    lease = str(uuid4())
    cursor = await database.execute(
        CLAIM,
        {
            "unfinished": [*UNFINISHED],
            "exhausted": limits.exhausted(),
            "limit": most,
            "hosts": [*free.keys()],
            "free": [*free.values()],
            "first": INITIAL_LIMIT,
            "lease": lease,
            "lease_time": SEND_LEASE,
        },
    )
    [(now, found, rows)] = await cursor.fetchall()
    claimed = Claim(Reading(now), [], [], is_full=found == most)
    for row in orjson.loads(rows):
        (claimed.refused if row["refusal"] else claimed.messages).append(_message(row, lease))
    limits.begin(message.host for message in claimed.messages)
    return claimed


def _message(row: dict[str, Any], lease: str) -> Message:
    return Message(
        send_id=row["id"],
        lease=lease,
        notification_type=row["notification_type"],
        recipient=row["recipient"],
        host=row["host"],
        body=row["body"],
        event_type=row["event_type"],
        attempt=row["attempt"],
        endpoint_id=row["endpoint_id"],
        format=row["format"],
        method=row["method"],
        headers=_bytes(row["headers"]),
        secret=_bytes(row["secret"]),
        retired_secrets=_bytes(row["retired_secrets"]),
        networks=networks_of(email=row["email"], is_staff=row["is_staff"]),
    )


def _bytes(digits: str | None) -> bytes | None:
    return None if digits is None else bytes.fromhex(digits)


def refuse(messages: Sequence[Message]) -> None:
    """End sends that may not go out any more; give back those that may again."""
    sends = with_refusal(NotificationSend.objects.all()).in_bulk(
        [message.send_id for message in messages]
    )
    allowed = []
    for message in messages:
        send = sends.get(UUID(message.send_id))
        if send is None:
            continue
        if because := refusal_of(send):
            NotificationSend.objects.leased(message.send_id, message.lease).give_up(because)
        else:
            allowed.append(message)
    give_back(allowed)


def give_back(messages: Sequence[Message]) -> None:
    """End the leases of messages that were not attempted, so that they are due at once.

    Uses one statement: a worker that is stopped may have a thousand of them and has only seconds.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            GIVE_BACK,
            [[message.send_id for message in messages], [message.lease for message in messages]],
        )
