"""Store how attempts ended, what becomes of their sends, and how the receivers have fared."""

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import orjson
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce

from accounts.notices import send_notice
from notifications.channels import Message, Outcome
from notifications.models import AttemptStatus, NotificationType, Status, WebhookEndpoint
from notifications.retry import Done, GiveUp, RetryAt, decide
from torale.uuid7 import uuid7

#: A webhook that has done nothing but fail for so long is switched off.
PATIENCE = timedelta(days=5)

STORE = """
WITH outcome AS (
    SELECT * FROM unnest(
        %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[],
        %s::text[], %s::timestamptz[], %s::integer[], %s::jsonb[], %s::smallint[], %s::jsonb[],
        %s::text[], %s::text[], %s::uuid[]
    ) AS outcome (
        send_id, lease, status, error_message, next_attempt_at, sent_at,
        attempt_status, started_at, duration_ms, request_headers, response_status, response_headers,
        response_body, provider_message_id, attempt_id
    )
), settled AS (
    UPDATE notifications_notificationsend AS send
    SET status = outcome.status,
        error_message = outcome.error_message,
        next_attempt_at = outcome.next_attempt_at,
        sent_at = outcome.sent_at,
        attempt_count = send.attempt_count + 1,
        lease = NULL,
        leased_until = NULL
    FROM outcome
    WHERE send.id = outcome.send_id AND send.lease = outcome.lease
    RETURNING send.id AS send_id, send.attempt_count AS number
)
INSERT INTO notifications_attempt (
    id, send_id, number, started_at, duration_ms, status, request_headers, response_status,
    response_headers, response_body, error_message, provider_message_id
)
SELECT attempt_id, settled.send_id, settled.number, started_at, duration_ms, attempt_status,
       request_headers, response_status, response_headers, response_body, error_message,
       provider_message_id
FROM settled JOIN outcome USING (send_id)
RETURNING send_id
"""

STATUSES = {Done: Status.SENT, RetryAt: Status.RETRYING, GiveUp: Status.FAILED}

Ended = tuple[Message, Outcome]


@transaction.atomic
def store(ended: Sequence[Ended], *, now: datetime) -> int:
    """Store outcomes and their attempts in one statement; return how many were still ours.

    An outcome whose lease has passed to another claim is dropped: that claim's own will be stored.
    A webhook that is gone, or has failed for too long, is switched off in the same transaction,
    and its owner told.
    """
    rows = [_row(message, outcome, now) for message, outcome in ended]
    with connection.cursor() as cursor:
        cursor.execute(STORE, [list(column) for column in zip(*rows, strict=True)])
        stored = {send_id for (send_id,) in cursor.fetchall()}
    note_endpoints([pair for pair in ended if pair[0].send_id in stored], now=now)
    return len(stored)


def note_endpoints(ended: Sequence[Ended], *, now: datetime) -> None:
    """Keep how the webhooks among `ended` have fared; switch off those that it is no use to call.

    Costs one query while all is well.
    """
    fared: dict[int, bool] = {}
    gone: set[int] = set()
    for message, outcome in ended:
        if message.notification_type == NotificationType.WEBHOOK and message.endpoint_id:
            accepted = fared.get(message.endpoint_id, False) or outcome.error is None
            fared[message.endpoint_id] = accepted
            if outcome.response_status == HTTPStatus.GONE:
                gone.add(message.endpoint_id)
    recovered = [pk for pk, accepted in fared.items() if accepted]
    failed = [pk for pk, accepted in fared.items() if not accepted]
    endpoints = WebhookEndpoint.objects
    if recovered:
        endpoints.failing().filter(pk__in=recovered).update(failing_since=None)
    if failed:
        endpoints.filter(pk__in=failed, failing_since=None).update(failing_since=now)
    if failed or gone:
        hopeless = Q(pk__in=gone) | Q(pk__in=failed, failing_since__lte=now - PATIENCE)
        # In the order of their ids, so that two workers do not wait for each other.
        for endpoint in endpoints.filter(hopeless, switched_off_at=None).order_by("pk"):
            switch_off(
                endpoint,
                because=(
                    "it answered 410 Gone"
                    if endpoint.pk in gone
                    else f"every attempt has failed for {PATIENCE.days} days"
                ),
                now=now,
            )


def switch_off(endpoint: WebhookEndpoint, *, because: str, now: datetime) -> None:
    """Send nothing to `endpoint` any more and tell its owner, once."""
    won = WebhookEndpoint.objects.filter(pk=endpoint.pk, switched_off_at=None).update(
        switched_off_at=now,
        switched_off_because=because,
        failing_since=Coalesce("failing_since", now),
    )
    if won:
        send_notice(
            user=endpoint.user,
            subject="Torale has switched off one of your webhooks",
            text=(
                f"Torale sends nothing to {endpoint.url} any more, because {because}.\n\n"
                "Once it works again, switch it on: PUT /api/v1/webhooks/config "
                '{"enabled": true}. What was not delivered meanwhile can be sent again: '
                'POST /api/v1/notifications/sends/redeliver {"status": "failed"}.'
            ),
        )


def _row(message: Message, outcome: Outcome, now: datetime) -> tuple[Any, ...]:
    decision = decide(outcome, attempt=message.attempt, now=now, jitter=random.random())  # noqa: S311
    return (
        message.send_id,
        message.lease,
        STATUSES[type(decision)].value,
        _text(outcome.error),
        decision.at if isinstance(decision, RetryAt) else None,
        now if isinstance(decision, Done) else None,
        (AttemptStatus.FAILED if outcome.error else AttemptStatus.SUCCEEDED).value,
        outcome.started_at,
        outcome.duration_ms,
        _json(outcome.request_headers),
        outcome.response_status,
        _json(outcome.response_headers),
        _text(outcome.response_body),
        outcome.provider_message_id,
        uuid7(),
    )


def _text(value: str | None) -> str | None:
    # PostgreSQL's text holds no NUL, and neither does its jsonb.
    return value.replace("\0", "\ufffd") if value else value


def _json(headers: Mapping[str, str] | None) -> str | None:
    return orjson.dumps(dict(headers)).decode().replace("\\u0000", "") if headers else None
