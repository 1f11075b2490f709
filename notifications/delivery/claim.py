"""Take sends in hand: lease what is due, as far as the receivers' rations go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

import orjson
import psycopg
import structlog
from django.db import connection

from notifications.channels.protocol import Message
from notifications.delivery.concurrency import FIRST, Rations
from notifications.delivery.statements import CLAIM, GIVE_BACK
from notifications.eligibility import refusal_of, with_refusal
from notifications.models import UNFINISHED, NotificationSend, Payload, WebhookConfig
from notifications.models.webhook import still_valid
from torale.clock import Reading
from torale.fields import UndecryptableValue
from torale.outbound import networks_of

logger = structlog.get_logger(__name__)

#: How long a claim lasts. Longer than any attempt and the storing of its outcome can take.
LEASE = timedelta(seconds=120)

_decrypted_headers = Payload._meta.get_field("headers").decrypted  # noqa: SLF001 - documented
# A secret signs many sends, and its ciphertext is another one after a rotation.
_decrypted_secret = lru_cache(1024)(
    WebhookConfig._meta.get_field("secret").decrypted  # noqa: SLF001 - documented
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What one look at the due sends came to."""

    #: The database's time when they were leased.
    clock: Reading
    #: Leased, to be attempted now.
    messages: list[Message]
    #: Leased, but not to be attempted (any more), for a `Refusal`: to be ended by `refuse`.
    refused: list[Message]
    #: Leased, but their secrets cannot be decrypted: each fails as one attempt, to be seen.
    unreadable: list[Message]
    #: Whether it is worth looking again at once: the limit was reached, so more may be due.
    more_may_be_due: bool


async def claim(database: psycopg.AsyncConnection[Any], *, limit: int, rations: Rations) -> Claim:
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
            "exhausted": rations.exhausted(),
            "limit": limit,
            "hosts": [*free.keys()],
            "free": [*free.values()],
            "first": FIRST,
            "lease": lease,
            "lease_time": LEASE,
        },
    )
    [(now, found, rows)] = await cursor.fetchall()
    found_rows = orjson.loads(rows)
    any_refused = any(row["refusal"] for row in found_rows)
    # Those cost no attempt, so that the next may be taken at once.
    claimed = Claim(Reading(now), [], [], [], more_may_be_due=found == limit or any_refused)
    for row in found_rows:
        if row["refusal"]:
            claimed.refused.append(_message(row, lease))
            continue
        try:
            headers, secrets = _decrypted(row, now)
        # One row's fault, such as a value of another shape, must not stop the others.
        except (UndecryptableValue, TypeError, ValueError):
            logger.exception("secrets_unreadable", send_id=row["id"])
            claimed.unreadable.append(_message(row, lease))
        else:
            claimed.messages.append(_message(row, lease, headers, secrets))
    rations.take(message.host for message in claimed.messages)
    return claimed


def _message(
    row: dict[str, Any],
    lease: str,
    headers: Mapping[str, str] | None = None,
    secrets: tuple[str, ...] = (),
) -> Message:
    return Message(
        send_id=row["id"],
        lease=lease,
        notification_type=row["notification_type"],
        recipient=row["recipient"],
        host=row["host"],
        endpoint_id=row["endpoint_id"],
        body=row["body"],
        event_type=row["event_type"],
        method=row["method"],
        headers=headers or {},
        networks=networks_of(email=row["email"], is_staff=row["is_staff"]),
        secrets=secrets,
        attempt=row["attempt"],
    )


def _decrypted(
    row: dict[str, Any], now: datetime
) -> tuple[Mapping[str, str] | None, tuple[str, ...]]:
    """Return a webhook's own headers and the secrets that sign it; nothing for an email.

    Raises:
        UndecryptableValue, TypeError, ValueError: they cannot be read, or there is no secret.
    """
    if row["endpoint_id"] is None:
        return None, ()
    if not row["secret"]:
        raise ValueError("there is no secret, and no webhook goes out unsigned")
    headers = _decrypted_headers(bytes.fromhex(row["headers"])) if row["headers"] else None
    retired = _decrypted_secret(bytes.fromhex(row["retired_secrets"]))
    present = _decrypted_secret(bytes.fromhex(row["secret"]))
    return headers, (present, *still_valid(retired, now=now))


def refuse(messages: Sequence[Message]) -> None:
    """End sends that must not be attempted any more; give back those that may again by now."""
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
    """End the leases of messages that were claimed but not attempted: they are due at once.

    One statement for all: a worker that is told to stop has seconds for up to a thousand.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            GIVE_BACK,
            [[message.send_id for message in messages], [message.lease for message in messages]],
        )
