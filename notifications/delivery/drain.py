"""The drain: claim due sends, attempt them holding no transaction, store every outcome.

1. Lease due sends (commit). Crash after: the lease runs out, and they are due again.
2. Attempt them. Crash after: a receiver may get one twice, with the same message id.
3. Store outcomes in one statement, only where the lease is still the claim's.
"""

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from typing import Any

import psycopg
import structlog
from asgiref.sync import sync_to_async
from django.db import DatabaseError, close_old_connections

from notifications.channels import CHANNELS, Message, Outcome, Transport
from notifications.delivery.claim import claim, give_back, refuse
from notifications.delivery.concurrency import ConcurrencyLimits
from notifications.delivery.store import store, switch_off_hopeless
from notifications.record import WAKE_UP
from torale.clock import Reading
from torale.database import connect
from torale.errors import OUR_FAULT

logger = structlog.get_logger(__name__)

#: Attempts under way at once in one worker. Many receivers may hang until their time-out, each
#: with as many attempts as its concurrency limit allows.
MOST_ATTEMPTS_AT_ONCE = 1000
#: Sends claimed by one statement: enough to make its cost small compared to the attempts.
SENDS_PER_CLAIM = 100
#: Seconds between two looks when nothing wakes the drain, as nothing does when a retry falls due.
POLL_S = 1.0
#: Seconds after a claim in which an attempt must begin; later it is given back. So it ends within
#: its lease, even if the mail server takes all of its time-outs.
BEGIN_WITHIN_S = 30.0
#: Seconds that attempts under way have to end after the worker was told to stop. The time-out of a
#: webhook is shorter.
ATTEMPTS_GRACE_S = 16.0
#: Seconds for storing the last outcomes after that; what is not stored is attempted again.
STORING_S = 3.0
#: Milliseconds after which an attempt counts as slow, and its receiver's limit falls.
SLOW_MS = 10_000


class Drain:
    """Delivers what is due, for as long as its worker lives.

    It is a pool of attempts that is refilled as they end, so that a slow receiver holds up its own
    attempts and not a whole batch. Outcomes are stored together, as many as have come in meanwhile.
    """

    def __init__(self) -> None:
        self._limits = ConcurrencyLimits()
        self._wake = asyncio.Event()
        self._outcomes: asyncio.Queue[tuple[Message, Outcome]] = asyncio.Queue()
        self._attempts: set[asyncio.Task[None]] = set()
        #: Claimed, and neither attempted nor given back. By identity: this worker may claim a send
        #: again whose lease has run out meanwhile.
        self._in_hand: dict[int, Message] = {}
        self._stopping = threading.Event()
        self._transports: dict[str, Transport] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set, then finish what is under way and give back the rest."""
        storing = asyncio.create_task(self._store_outcomes())
        helpers = [
            storing,
            asyncio.create_task(self._listen()),
            asyncio.create_task(self._wake_at(stop)),
        ]
        try:
            async with AsyncExitStack() as stack:
                for name, channel in CHANNELS.items():
                    self._transports[name] = await stack.enter_async_context(
                        channel.open(limit=MOST_ATTEMPTS_AT_ONCE, stopping=self._stopping)
                    )
                while not stop.is_set():
                    try:
                        await self._claim_until(stop)
                    except Exception:  # what is under way must end and be stored all the same
                        logger.exception("claiming_failed")
                        await asyncio.sleep(POLL_S)
                await self._finish()
        finally:
            for task in (*helpers, *self._attempts):
                task.cancel()
            await asyncio.gather(*helpers, *self._attempts, return_exceptions=True)

    async def _claim_until(self, stop: asyncio.Event) -> None:
        async with await connect() as database:
            # Claiming need not wait for the disk: if the database server crashes and loses a lease,
            # the lease only ends early.
            await database.execute("SET synchronous_commit = off")
            while not stop.is_set():
                self._wake.clear()
                if not await self._fill(database):
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._wake.wait(), POLL_S)

    async def _fill(self, database: psycopg.AsyncConnection[Any]) -> bool:
        """Claim as many sends as there is room for, start them; return whether more may be due."""
        free = min(SENDS_PER_CLAIM, MOST_ATTEMPTS_AT_ONCE - len(self._in_hand))
        if free < SENDS_PER_CLAIM // 2:
            return False  # an attempt that ends wakes the drain; claiming singly costs too much
        begin_before = time.monotonic() + BEGIN_WITHIN_S
        found = await claim(database, most=free, limits=self._limits)
        by_channel: defaultdict[str, list[Message]] = defaultdict(list)
        for message in found.messages:
            self._in_hand[id(message)] = message
            by_channel[message.notification_type].append(message)
        for name, messages in by_channel.items():
            transport = self._transports[name]
            for begin in range(0, len(messages), transport.batch_size):
                batch = messages[begin : begin + transport.batch_size]
                self._start(self._attempt(transport, batch, found.clock, begin_before))
        if found.refused:
            await in_thread(refuse, found.refused)
        return found.more_may_be_due

    def _start(self, attempt: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(attempt)
        self._attempts.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._attempts.discard(task)
        if not task.cancelled() and (error := task.exception()):
            # Their leases run out, and the sends are attempted again.
            logger.error("giving_back_failed", exc_info=error)

    async def _attempt(
        self, transport: Transport, messages: list[Message], clock: Reading, begin_before: float
    ) -> None:
        try:
            await transport.attempt(
                messages, clock=clock, begin_before=begin_before, report=self._note_outcome
            )
        except Exception:  # a bug in a channel must end as a record, not in an endless loop
            logger.exception("attempt_broke", send_ids=[message.send_id for message in messages])
            for message in messages:
                failure = Outcome(started_at=clock.now(), duration_ms=0, error=OUR_FAULT)
                self._note_outcome(message, failure)
        await self._give_back([m for m in messages if id(m) in self._in_hand])

    def _note_outcome(self, message: Message, outcome: Outcome) -> None:
        if not self._in_hand.pop(id(message), None):
            return  # it was given back meanwhile, and another attempt decides
        claimable = self._limits.adapt(message.host, quickly=outcome.duration_ms < SLOW_MS)
        if claimable or len(self._in_hand) == MOST_ATTEMPTS_AT_ONCE - SENDS_PER_CLAIM // 2:
            self._wake.set()
        self._outcomes.put_nowait((message, outcome))

    async def _give_back(self, messages: list[Message]) -> None:
        for message in messages:
            del self._in_hand[id(message)]
            self._limits.end(message.host)
        if messages:
            await in_thread(give_back, messages)

    async def _finish(self) -> None:
        """Wait for what is under way, store it, and give back the rest.

        What is given back is attempted by another worker at once. After a crash in here, it is
        attempted when its leases have run out.
        """
        self._stopping.set()
        if self._attempts:
            await asyncio.wait(self._attempts, timeout=ATTEMPTS_GRACE_S)
        async with asyncio.timeout(STORING_S):
            await self._give_back([*self._in_hand.values()])
            await self._outcomes.join()

    async def _store_outcomes(self) -> None:
        """Store outcomes as they come in; keep them while the database is away."""
        outcomes: list[tuple[Message, Outcome]] = []
        while True:
            try:
                async with await connect() as database:
                    while True:
                        if not outcomes:
                            outcomes.append(await self._outcomes.get())
                        while not self._outcomes.empty():
                            outcomes.append(self._outcomes.get_nowait())
                        await self._store(database, outcomes)
                        for _ in outcomes:
                            self._outcomes.task_done()
                        outcomes.clear()
            except Exception:  # what was delivered must be stored, whatever is wrong now
                logger.exception("outcomes_not_stored", count=len(outcomes))
                await asyncio.sleep(POLL_S)

    async def _store(
        self, database: psycopg.AsyncConnection[Any], outcomes: list[tuple[Message, Outcome]]
    ) -> None:
        await store(database, outcomes)
        if any(message.endpoint_id and outcome.error for message, outcome in outcomes):
            await in_thread(switch_off_hopeless, outcomes)

    async def _listen(self) -> None:
        """Wake the drain whenever any process has recorded sends."""
        while True:
            try:
                async with await connect() as listening:
                    await listening.execute(f"LISTEN {WAKE_UP}")
                    self._wake.set()
                    async for _ in listening.notifies():
                        self._wake.set()
            except (psycopg.Error, DatabaseError) as error:
                logger.warning("listening_failed", error=str(error))
                await asyncio.sleep(POLL_S)

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._wake.set()


async def in_thread(act: Callable[..., None], *arguments: Any) -> None:
    """Have Django do something in a thread, on a connection that goes back to its pool."""

    def acted() -> None:
        try:
            act(*arguments)
        finally:
            close_old_connections()

    await sync_to_async(acted)()
