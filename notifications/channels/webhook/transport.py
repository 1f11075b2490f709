"""Webhooks: one signed request a send (Standard Webhooks), through the guarded door."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import responses

import aiohttp

from notifications.channels.protocol import Message, Outcome
from notifications.channels.webhook.signing import sign
from torale import outbound

#: For the whole exchange.
TIMEOUT = timedelta(seconds=15)
#: Bytes of the answer that are kept.
READ_LIMIT = 4096
#: Receivers that say when to come again.
WITH_RETRY_AFTER = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


async def send(
    message: Message, session: aiohttp.ClientSession, *, started_at: datetime
) -> Outcome:
    """Attempt one delivery and say how it ended; 2xx is accepted, redirects are not followed.

    Args:
        message: what to deliver.
        session: the connections to use.
        started_at: the database's time; the signature bears it, and receivers refuse one that is
            some minutes off.
    """
    begun = time.monotonic()
    body = message.body.encode()
    sent = {
        "Content-Type": "application/json",
        **sign(
            message_id=message.send_id,
            event_type=message.event_type,
            timestamp=int(started_at.timestamp()),
            body=body,
            secrets=message.secrets,
        ),
    }
    try:
        reply = await outbound.exchange(
            session,
            message.method,
            message.recipient,
            headers={**message.headers, **sent},
            body=body,
            timeout=TIMEOUT,
            read_limit=READ_LIMIT,
        )
    except outbound.Unreachable as error:
        return Outcome(
            started_at=started_at,
            duration_ms=_since(begun),
            error=str(error),
            is_permanent=error.kind == outbound.Failure.NOT_ALLOWED,
            request_headers=sent,
        )
    duration_ms = _since(begun)
    return Outcome(
        started_at=started_at,
        duration_ms=duration_ms,
        error=_error(reply.status),
        is_permanent=reply.status == HTTPStatus.GONE,
        retry_after=(
            retry_after(
                reply.headers.get("retry-after"),
                now=started_at + timedelta(milliseconds=duration_ms),
            )
            if reply.status in WITH_RETRY_AFTER
            else None
        ),
        request_headers=sent,
        response_status=reply.status,
        response_headers=reply.headers,
        response_body=reply.body.decode(errors="replace"),
    )


def retry_after(value: str | None, *, now: datetime) -> timedelta | None:
    """Return the wait that a `Retry-After` (RFC 9110 §10.2.3) asks for; None if unreadable."""
    if value is None:
        return None
    if (seconds := value.strip()).isdecimal():
        # Ten digits are three centuries; int() refuses some thousands.
        return timedelta(seconds=int(seconds[:10]))
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(timedelta(0), at.replace(tzinfo=at.tzinfo or UTC) - now)


def _error(status: int) -> str | None:
    if 200 <= status < 300:  # noqa: PLR2004 - "2xx is success"
        return None
    reason = f"The receiver answered {status} {responses.get(status, '')}".rstrip()
    if 300 <= status < 400:  # noqa: PLR2004
        return f"{reason}; redirects are not followed, use the final address."
    if status == HTTPStatus.GONE:
        return f"{reason}: it wants no more webhooks."
    return f"{reason}."


def _since(begun: float) -> int:
    return int((time.monotonic() - begun) * 1000)
