"""Send webhooks through torale.outbound, one request each, signed as Standard Webhooks has it."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import lru_cache
from http import HTTPStatus
from http.client import responses

import structlog

from notifications.channels.protocol import Message, Outcome, Report
from notifications.channels.webhook.formats import target_of, wait_of
from notifications.channels.webhook.signing import sign
from notifications.models import Payload, WebhookConfig
from notifications.models.webhook import still_valid
from notifications.operator_errors import UNDECRYPTABLE
from tasks.destinations import OWN_FORMAT
from torale.clock import Reading
from torale.fields import UndecryptableValue
from torale.outbound.curl_sessions import CurlSession, CurlSessions
from torale.outbound.exchange import exchange
from torale.outbound.replies import Failure, Reply, Unreachable
from torale.retry_after import retry_after

logger = structlog.get_logger(__name__)

#: For the whole exchange.
ATTEMPT_TIMEOUT = timedelta(seconds=15)
#: Bytes of the answer that are stored.
READ_LIMIT = 4096
#: The status of a receiver that wants no more webhooks.
GONE = HTTPStatus.GONE
#: Statuses with which a receiver may say when to try again.
WITH_RETRY_AFTER = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)

#: The longest wait in seconds that is read from a body; a timedelta cannot hold any number.
LONGEST_WAIT_S = 10.0**9

_decrypted_headers = Payload._meta.get_field("headers").decrypted
# Cached, as a secret signs many sends. After a rotation, its ciphertext differs.
_decrypted_secret = lru_cache(1024)(WebhookConfig._meta.get_field("secret").decrypted)


class WebhookTransport:
    """Attempts webhooks over connections that are kept open."""

    batch_size = 1

    def __init__(self, sessions: CurlSessions) -> None:
        self._sessions = sessions

    async def attempt(
        self,
        messages: Sequence[Message],
        *,
        clock: Reading,
        begin_before: float,
        report: Report,
    ) -> None:
        """Attempt messages; if its secrets cannot be decrypted, the attempt fails."""
        for message in messages:
            started_at = clock.now()
            try:
                headers, secrets = decrypted(message, now=started_at)
            # A fault of one row, such as a value of another shape, must not stop the others.
            except (UndecryptableValue, TypeError, ValueError):
                logger.exception("secrets_unreadable", send_id=message.send_id)
                report(message, Outcome(started_at=started_at, duration_ms=0, error=UNDECRYPTABLE))
            else:
                session = self._sessions.of(message.networks)
                outcome = await send(
                    message, session, headers=headers, secrets=secrets, started_at=started_at
                )
                report(message, outcome)


@asynccontextmanager
async def opened(*, limit: int) -> AsyncIterator[WebhookTransport]:
    """Return a transport, to be used on the present event loop, with at most `limit` attempts."""
    async with CurlSessions(limit=limit) as sessions:
        yield WebhookTransport(sessions)


def decrypted(message: Message, *, now: datetime) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Return a webhook's own headers and the secrets that sign it.

    Raises:
        UndecryptableValue, TypeError, ValueError: they cannot be read.
    """
    headers = _decrypted_headers(message.headers) or {}
    if message.format != OWN_FORMAT:
        return headers, ()
    retired = _decrypted_secret(message.retired_secrets)
    return headers, (_decrypted_secret(message.secret), *still_valid(retired, now=now))


async def send(
    message: Message,
    session: CurlSession,
    *,
    headers: Mapping[str, str],
    secrets: Sequence[str],
    started_at: datetime,
) -> Outcome:
    """Attempt one delivery and return its outcome; only 2xx succeeds.

    Args:
        message: what to deliver.
        session: the connections to use.
        headers: the task's own.
        secrets: what to sign our own format with, the present one first.
        started_at: the database's time; it is part of the signature, and receivers refuse one that
            is some minutes off.
    """
    begun = time.monotonic()
    body = message.body.encode()
    sent = {"Content-Type": "application/json"}
    if message.format == OWN_FORMAT:
        sent |= sign(
            message_id=message.send_id,
            event_type=message.event_type,
            timestamp=int(started_at.timestamp()),
            body=body,
            secrets=secrets,
        )
    try:
        reply = await exchange(
            session,
            message.method,
            target_of(message.recipient, format_=message.format),
            headers={**headers, **sent},
            body=body,
            timeout=ATTEMPT_TIMEOUT,
            read_limit=READ_LIMIT,
        )
    except Unreachable as error:
        return Outcome(
            started_at=started_at,
            duration_ms=_since(begun),
            error=str(error),
            is_permanent=error.kind == Failure.NOT_ALLOWED,
            request_headers=sent,
        )
    duration_ms = _since(begun)
    is_gone = reply.status == GONE
    return Outcome(
        started_at=started_at,
        duration_ms=duration_ms,
        error=_error(reply.status),
        is_permanent=is_gone,
        is_gone=is_gone,
        retry_after=_asked_wait(message, reply, started_at=started_at),
        request_headers=sent,
        response_status=reply.status,
        response_headers=reply.headers,
        response_body=reply.body.decode(errors="replace"),
    )


def _asked_wait(message: Message, reply: Reply, *, started_at: datetime) -> timedelta | None:
    """Return the wait that the receiver asks for, in its body or in a header."""
    if reply.status not in WITH_RETRY_AFTER:
        return None
    wait_s = wait_of(reply.body, format_=message.format)
    if wait_s is not None:
        return timedelta(seconds=min(wait_s, LONGEST_WAIT_S))
    now = started_at + timedelta(milliseconds=reply.duration_ms)
    return retry_after(reply.headers.get("retry-after"), now=now)


def _error(status: int) -> str | None:
    if 200 <= status < 300:  # noqa: PLR2004 - "2xx is success"
        return None
    reason = f"The receiver answered {status} {responses.get(status, '')}".rstrip()
    if 300 <= status < 400:  # noqa: PLR2004
        return f"{reason}; redirects are not followed, use the final address."
    if status == GONE:
        return f"{reason}: it wants no more webhooks."
    return f"{reason}."


def _since(begun: float) -> int:
    return int((time.monotonic() - begun) * 1000)
