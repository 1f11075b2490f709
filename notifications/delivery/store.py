"""Store outcomes: the attempts, the new states of their sends, and whether endpoints fail."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import psycopg
import structlog
from django.db import DatabaseError, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.urls import reverse

from notifications.channels import Message, Outcome
from notifications.channels.email import address_of_notices
from notifications.delivery.retry import Done, GiveUp, RetryAfter, decide
from notifications.delivery.statements import STORE
from notifications.models import (
    AttemptStatus,
    EventType,
    NotificationSend,
    SendStatus,
    WebhookEndpoint,
)
from notifications.notices import record_notice
from tasks.events import Notice
from tasks.models import Task
from torale import clock
from torale.clock import DatabaseNow
from torale.uuid7 import uuid7

#: How long all attempts of an endpoint must have failed before it is switched off.
SWITCH_OFF_AFTER = timedelta(days=5)

# Plain strings: reading a member of an enum, or its value, takes a call of Python each time.
STATUS_OF_DECISION = {
    Done: SendStatus.SENT.value,
    RetryAfter: SendStatus.RETRYING.value,
    GiveUp: SendStatus.FAILED.value,
}
SUCCEEDED = AttemptStatus.SUCCEEDED.value
FAILED = AttemptStatus.FAILED.value

Ended = tuple[Message, Outcome]

#: How orjson writes it.
NUL = b"\\u0000"

#: Errors that a value causes, and would cause again; unlike those of a connection.
VALUE_ERRORS = (psycopg.DataError, psycopg.IntegrityError, orjson.JSONEncodeError)

logger = structlog.get_logger(__name__)


async def store(database: psycopg.AsyncConnection[Any], ended: Sequence[Ended]) -> int:
    """Store outcomes and return how many there were whose lease was still the claim's.

    An outcome whose lease has passed to another claim is dropped, as that claim stores its own.
    One that the database refuses does not hold up the others.
    """
    try:
        return await _store_together(database, ended)
    except VALUE_ERRORS as error:
        if len(ended) > 1:
            return sum([await store(database, [each]) for each in ended])
        [(message, outcome)] = ended
        logger.warning("outcome_unstorable", send_id=message.send_id, error=_gist(error))
    # Only what the receiver said can be at fault, not the new state of the send.
    bare = replace(
        outcome,
        request_headers=None,
        response_status=None,
        response_headers={},
        response_body=None,
        provider_message_id=None,
    )
    try:
        return await _store_together(database, [(message, bare)])
    except VALUE_ERRORS as error:
        # It is attempted again when its lease has run out.
        logger.warning("outcome_dropped", send_id=message.send_id, error=_gist(error))
        return 0


def _gist(error: Exception) -> str:
    # The lines after the first hold the row's values.
    return str(error).partition("\n")[0]


async def _store_together(database: psycopg.AsyncConnection[Any], ended: Sequence[Ended]) -> int:
    cursor = await database.execute(STORE, {"outcomes": _outcomes(ended)}, prepare=True)
    return cursor.rowcount


def switch_off_hopeless(ended: Sequence[Ended]) -> None:
    """Switch off the endpoints among `ended` that are gone, or have failed for too long.

    After a crash before this, or if an endpoint cannot be switched off now, it stays on until its
    next failure.
    """
    gone = {message.endpoint_id for message, outcome in ended if outcome.is_gone}
    failed = {message.endpoint_id: message.send_id for message, outcome in ended if outcome.error}
    hopeless = Q(pk__in=gone) | Q(
        pk__in=failed, failing_since__lte=DatabaseNow() - SWITCH_OFF_AFTER
    )
    for endpoint in WebhookEndpoint.objects.filter(hopeless, switched_off_at=None):
        because = (
            "it answered 410 Gone"
            if endpoint.pk in gone
            else f"every attempt has failed for {SWITCH_OFF_AFTER.days} days"
        )
        try:
            switch_off(endpoint, because=because, send_id=failed[endpoint.pk])
        # One endpoint must not stop the others.
        except (DatabaseError, NotificationSend.DoesNotExist):
            logger.exception("webhook_not_switched_off", endpoint_id=endpoint.pk)


@transaction.atomic
def switch_off(endpoint: WebhookEndpoint, *, because: str, send_id: str) -> None:
    """Send nothing to `endpoint` any more, and tell its owner once.

    Args:
        endpoint: the receiver that is of no use.
        because: why, as the end of a sentence.
        send_id: the send whose attempt showed it.

    Raises:
        NotificationSend.DoesNotExist: it has been pruned meanwhile.
    """
    send = NotificationSend.objects.get(pk=send_id)
    won = WebhookEndpoint.objects.filter(pk=endpoint.pk, switched_off_at=None).update(
        switched_off_at=DatabaseNow(),
        switched_off_because=because,
        failing_since=Coalesce("failing_since", DatabaseNow()),
    )
    if won:
        switch_on = reverse("webhook-endpoint-switch-on", args=[endpoint.public_id])
        redeliver = reverse("send-redeliver-matching")
        task = Task.objects.select_related("user").filter(pk=send.task_id).first()
        record_notice(
            EventType.SWITCHED_OFF,
            Notice(
                subject="Torale has switched off one of your webhooks",
                text=(
                    f"Torale sends nothing to {endpoint.url} any more, because {because}.\n\n"
                    f"Once it works again, switch it on: POST {switch_on}. What was not delivered "
                    f'meanwhile can be sent again: POST {redeliver} {{"status": "failed"}}.'
                ),
            ),
            user=endpoint.user,
            recipient=address_of_notices(task) if task else endpoint.user.email,
            task_id=send.task_id,
            task_name=send.task_name,
            execution_id=send.execution_id,
            now=clock.now(),
        )


def _row(message: Message, outcome: Outcome) -> dict[str, Any]:
    decision = decide(outcome, attempt=message.attempt, jitter=random.random())  # noqa: S311
    return {
        "send_id": message.send_id,
        "claim": message.claim,
        "status": STATUS_OF_DECISION[type(decision)],
        "error_message": outcome.error,
        "wait_s": decision.wait.total_seconds() if isinstance(decision, RetryAfter) else None,
        "attempt_id": uuid7(),
        "attempt_status": FAILED if outcome.error else SUCCEEDED,
        "started_at": outcome.started_at,
        "duration_ms": outcome.duration_ms,
        "request_headers": outcome.request_headers or None,
        "response_status": outcome.response_status,
        "response_headers": outcome.response_headers or None,
        "response_body": outcome.response_body,
        "provider_message_id": outcome.provider_message_id,
    }


def _outcomes(ended: Sequence[Ended]) -> str:
    """Return the rows of outcomes as JSON."""
    rows: Any = [_row(message, outcome) for message, outcome in ended]
    document = orjson.dumps(rows)
    if NUL in document:  # a look at each value takes longer, and few have one
        document = orjson.dumps(_without_nul(rows))
    return document.decode()


def _without_nul(value: Any) -> Any:
    """Return `value` with another character for NUL, which PostgreSQL stores nowhere."""
    match value:
        case str():
            return value.replace("\0", "\ufffd")
        case list():
            return [_without_nul(each) for each in value]
        case dict():
            return {name: _without_nul(each) for name, each in value.items()}
    return value
