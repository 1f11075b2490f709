"""Lease due sends to this worker, as far as their receivers' concurrency limits allow."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import psycopg
import structlog
from django.db import connection, transaction

from notifications.channels import Message
from notifications.delivery.concurrency import ConcurrencyLimits
from notifications.delivery.statements import CLAIM, GIVE_BACK
from notifications.eligibility import refusal_of, with_refusal
from notifications.models import Lease, NotificationSend
from torale.clock import Reading
from torale.outbound.url_check import networks_of

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
    #: Whether as many as asked for were found, or not all receivers were looked at.
    is_full: bool
    #: The receiver with which the next claim goes on; empty to begin with the first.
    reached: str

    @property
    def more_may_be_due(self) -> bool:
        """Whether to look again at once: refused sends take no time."""
        return self.is_full or bool(self.refused)


async def claim(
    database: psycopg.AsyncConnection[Any],
    *,
    most: int,
    limits: ConcurrencyLimits,
    start: str = "",
) -> Claim:
    """Lease up to `most` due sends, as far as their receivers' limits allow.

    The longest due come first. If receivers that have reached their limit, or other claims, hold up
    the head of the queue, the other receivers take turns. Costs one statement, whatever the length
    of the queue.

    Args:
        database: the worker's connection.
        most: how many sends.
        limits: those of this worker's receivers.
        start: the receiver whose turn it is: where the last claim ended.
    """
    claim_id = str(uuid4())
    cursor = await database.execute(
        CLAIM,
        {
            "limit": most,
            "start": start,
            "free": orjson.dumps(limits.known()).decode(),
            "claim": claim_id,
            "lease_time": SEND_LEASE,
        },
        prepare=True,
    )
    [(now, found, reached, rows)] = await cursor.fetchall()
    is_full = found == most or reached not in {"", start}
    claimed = Claim(Reading(now), [], [], is_full=is_full, reached=reached)
    for row in orjson.loads(rows):
        (claimed.refused if row["refusal"] else claimed.messages).append(_message(row, claim_id))
    limits.begin(message.host for message in claimed.messages)
    return claimed


def _message(row: dict[str, Any], claim_id: str) -> Message:
    return Message(
        send_id=row["id"],
        claim=claim_id,
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
    ids = [message.send_id for message in messages]
    sends = with_refusal(NotificationSend.objects.all()).in_bulk(ids)
    allowed = []
    for message in messages:
        send = sends.get(UUID(message.send_id))
        if send is None:
            continue
        if because := refusal_of(send):
            _give_up(message, because)
        else:
            allowed.append(message)
    give_back(allowed)


@transaction.atomic
def _give_up(message: Message, because: str) -> None:
    send = NotificationSend.objects.filter(pk=message.send_id)
    send.select_for_update(no_key=True).first()
    ended, _ = Lease.objects.of_claim(message.send_id, message.claim).delete()
    if ended:
        send.give_up(because)


def give_back(messages: Sequence[Message]) -> None:
    """End the leases of messages that were not attempted, so that they are due at once.

    Uses one statement: a worker that is stopped may have a thousand of them and has only seconds.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            GIVE_BACK,
            [[message.send_id for message in messages], [message.claim for message in messages]],
        )
