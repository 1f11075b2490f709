"""The drain: claim due sends, attempt them holding no transaction, store every outcome.

1. Lease due sends (commit). Crash after: the lease runs out, and they are due again.
2. Attempt them. Crash after: a receiver may get one twice, with the same message id.
3. Store outcomes in one statement, only where the lease is still the claim's.
"""

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

import orjson
import psycopg
import structlog
from django.db import close_old_connections, connection, transaction
from django.utils import timezone

from notifications.channels import Message, Outcome, email, webhook
from notifications.models import (
    AttemptStatus,
    NotificationSend,
    NotificationType,
    SigningSecret,
    Status,
)
from notifications.record import CHANNEL
from notifications.retry import Done, GiveUp, RetryAt, decide
from torale import outbound

logger = structlog.get_logger(__name__)

T = TypeVar("T")

#: How long a claim lasts. Longer than any attempt and the storing of its outcome can take.
LEASE = timedelta(seconds=90)
#: Attempts under way at once in one worker.
CONCURRENCY = 200
#: Sends claimed at once, and outcomes stored at once: enough to make a query's cost small beside
#: the attempts'.
BATCH = 100
#: Seconds between two looks when nothing wakes the drain: retries fall due silently.
POLL = 1.0

STORE = """
WITH outcome AS (
    SELECT * FROM unnest(
        %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::timestamptz[], %s::text[],
        %s::timestamptz[], %s::integer[], %s::jsonb[], %s::smallint[], %s::jsonb[], %s::text[]
    ) AS outcome (
        send_id, lease, status, error_message, next_attempt_at, attempt_status,
        started_at, duration_ms, request_headers, response_status, response_headers, response_body
    )
), settled AS (
    UPDATE notifications_notificationsend AS send
    SET status = outcome.status,
        error_message = outcome.error_message,
        next_attempt_at = outcome.next_attempt_at,
        attempt_count = send.attempt_count + 1,
        lease = NULL,
        leased_until = NULL
    FROM outcome
    WHERE send.id = outcome.send_id AND send.lease = outcome.lease
    RETURNING send.id AS send_id, send.attempt_count AS number
)
INSERT INTO notifications_attempt (
    send_id, number, started_at, duration_ms, status, request_headers, response_status,
    response_headers, response_body, error_message
)
SELECT settled.send_id, settled.number, started_at, duration_ms, attempt_status, request_headers,
       response_status, response_headers, response_body, error_message
FROM settled JOIN outcome USING (send_id)
"""


@transaction.atomic
def claim(*, limit: int, now: datetime) -> list[Message]:
    """Lease up to `limit` due sends, the longest due first, and return them as messages.

    Rows that another worker is claiming are passed over. Costs at most 4 queries.
    """
    due = NotificationSend.objects.due(now).order_by("next_attempt_at")
    ids = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:limit])
    if not ids:
        return []
    lease = uuid4()
    NotificationSend.objects.filter(pk__in=ids).update(lease=lease, leased_until=now + LEASE)
    sends = NotificationSend.objects.filter(pk__in=ids).select_related("payload")
    secrets = SigningSecret.objects.in_bulk({send.user_id for send in sends})
    return [
        Message(
            send_id=send.pk,
            lease=lease,
            notification_type=send.notification_type,
            recipient=send.recipient,
            body=send.payload.body,
            method=send.payload.method,
            headers=send.payload.headers or {},
            secrets=tuple(secrets[send.user_id].valid(now=now)) if send.user_id in secrets else (),
            attempt=send.attempt_count + 1,
        )
        for send in sends
    ]


def give_back(messages: Iterable[Message]) -> None:
    """End the leases of messages that were claimed but not attempted: they are due at once."""
    for message in messages:
        NotificationSend.objects.filter(pk=message.send_id, lease=message.lease).update(
            lease=None, leased_until=None
        )


def store(outcomes: Sequence[tuple[Message, Outcome]], *, now: datetime) -> int:
    """Store outcomes and their attempts in one statement; return how many were still ours.

    An outcome whose lease has passed to another claim is dropped: that claim's own will be stored.
    """
    rows = [_row(message, outcome, now) for message, outcome in outcomes]
    with connection.cursor() as cursor:
        cursor.execute(STORE, [list(column) for column in zip(*rows, strict=True)])
        return int(cursor.rowcount)


def _row(message: Message, outcome: Outcome, now: datetime) -> tuple[Any, ...]:
    decision = decide(outcome, attempt=message.attempt, now=now, jitter=random.random())  # noqa: S311
    status = {Done: Status.SENT, RetryAt: Status.RETRYING, GiveUp: Status.FAILED}[type(decision)]
    return (
        message.send_id,
        message.lease,
        status.value,
        outcome.error,
        decision.at if isinstance(decision, RetryAt) else None,
        (AttemptStatus.FAILED if outcome.error else AttemptStatus.SUCCEEDED).value,
        outcome.started_at,
        outcome.duration_ms,
        _json(outcome.request_headers),
        outcome.response_status,
        _json(outcome.response_headers),
        outcome.response_body,
    )


def _json(headers: Any) -> str | None:
    # PostgreSQL's jsonb holds no NUL.
    return orjson.dumps(dict(headers)).decode().replace("\\u0000", "") if headers else None


class Drain:
    """Delivers what is due, for as long as its worker lives.

    A pool of attempts that is filled up as they end, so that a slow receiver holds one place and
    not a whole batch; outcomes are stored in whatever number has come together meanwhile.
    """

    def __init__(self) -> None:
        self._wake = asyncio.Event()
        self._outcomes: asyncio.Queue[tuple[Message, Outcome]] = asyncio.Queue()
        self._attempts: set[asyncio.Task[None]] = set()
        # One thread claims and stores; mail has its own, as a slow mail server must not stop it.
        self._database = ThreadPoolExecutor(1, "drain-database")
        self._mail = ThreadPoolExecutor(1, "drain-mail")

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set; then finish what is under way and give back the rest."""
        storing = asyncio.create_task(self._store_outcomes())
        listening = asyncio.create_task(self._listen())
        stopping = asyncio.create_task(self._wake_at(stop))
        try:
            async with outbound.open_session(limit=CONCURRENCY) as session:
                while not stop.is_set():
                    self._wake.clear()
                    if not await self._fill(session):
                        with suppress(TimeoutError):
                            await asyncio.wait_for(self._wake.wait(), POLL)
                if self._attempts:
                    await asyncio.wait(self._attempts)
            await self._outcomes.join()
        finally:
            for task in (listening, stopping, storing, *self._attempts):
                task.cancel()
            await asyncio.gather(listening, stopping, storing, return_exceptions=True)
            self._database.submit(close_old_connections)
            self._database.shutdown()
            self._mail.shutdown()

    async def _fill(self, session: Any) -> bool:
        """Claim as many as there are places for and start them; say whether more may be due."""
        free = min(BATCH, CONCURRENCY - len(self._attempts))
        if free < min(BATCH, CONCURRENCY) // 2:
            return False  # an attempt that ends wakes us; claiming singly would cost too much
        messages = await self._query(partial(claim, limit=free, now=timezone.now()))
        emails = []
        for message in messages:
            if message.notification_type == NotificationType.EMAIL:
                emails.append(message)
            else:
                self._start(self._attempt_webhook(message, session))
        if emails:
            self._start(self._attempt_emails(emails))
        return len(messages) == free

    def _start(self, attempt: Any) -> None:
        task = asyncio.create_task(attempt)
        self._attempts.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._attempts.discard(task)
        if len(self._attempts) <= CONCURRENCY - BATCH // 2:
            self._wake.set()
        if not task.cancelled() and (error := task.exception()):
            # Its lease runs out, and the send is attempted again.
            logger.error("attempt_broke", exc_info=error)

    async def _attempt_webhook(self, message: Message, session: Any) -> None:
        self._outcomes.put_nowait((message, await webhook.send(message, session)))

    async def _attempt_emails(self, messages: list[Message]) -> None:
        loop = asyncio.get_running_loop()

        def send() -> None:
            for outcome in email.send_batch(messages):
                loop.call_soon_threadsafe(self._outcomes.put_nowait, outcome)

        await loop.run_in_executor(self._mail, send)

    async def _store_outcomes(self) -> None:
        while True:
            outcomes = [await self._outcomes.get()]
            while not self._outcomes.empty():
                outcomes.append(self._outcomes.get_nowait())
            while True:
                try:
                    await self._query(partial(store, outcomes, now=timezone.now()))
                    break
                except Exception:  # the database is away: what was delivered must still be stored
                    logger.exception("outcomes_not_stored", count=len(outcomes))
                    await asyncio.sleep(POLL)
            for _ in outcomes:
                self._outcomes.task_done()

    async def _listen(self) -> None:
        """Wake the drain whenever sends were recorded anywhere."""
        while True:
            try:
                parameters = await self._query(_listening_parameters)
                async with await psycopg.AsyncConnection.connect(
                    **parameters, autocommit=True
                ) as listening:
                    await listening.execute(f"LISTEN {CHANNEL}")
                    self._wake.set()
                    async for _ in listening.notifies():
                        self._wake.set()
            except psycopg.Error as error:
                logger.warning("listening_failed", error=str(error))
                await asyncio.sleep(POLL)

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._wake.set()

    async def _query(self, query: Callable[[], T]) -> T:
        """Run a query in the drain's own thread, on a connection that is checked first."""

        def checked() -> T:
            try:
                return query()
            finally:
                close_old_connections()

        return await asyncio.get_running_loop().run_in_executor(self._database, checked)


def _listening_parameters() -> dict[str, Any]:
    parameters = connection.get_connection_params()
    return {
        name: value
        for name, value in parameters.items()
        if name not in ("cursor_factory", "context", "prepare_threshold")
    }
