"""Delivery as a kind of work: claim due sends, attempt them, store every outcome.

A receiver may get a send twice, with the same message id, if the worker is killed after an attempt.
"""

import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Any

import psycopg

from notifications.channels import CHANNELS, Message, Outcome, Transport
from notifications.delivery.claim import claim, give_back, refuse
from notifications.delivery.concurrency import ConcurrencyLimits
from notifications.delivery.store import store, switch_off_hopeless
from notifications.record import WAKE_UP
from torale.clock import Reading
from torale.errors import OUR_FAULT
from torale.pool import Batch, Claimed, Stored, in_thread

#: Attempts under way at once in one worker. Many receivers may hang until their time-out, each
#: with as many attempts as its concurrency limit allows.
MOST_ATTEMPTS_AT_ONCE = 1000
#: Sends claimed by one statement.
SENDS_PER_CLAIM = 100
#: Seconds after a claim in which an attempt must begin; later it is given back. So it ends within
#: its lease, even if the mail server takes all of its time-outs.
BEGIN_WITHIN_S = 30.0
#: Milliseconds after which an attempt counts as slow, and its receiver's limit falls.
SLOW_MS = 10_000


class Delivery:
    """What a pool needs to know of delivering sends."""

    wake_up = WAKE_UP
    most_at_once = MOST_ATTEMPTS_AT_ONCE
    per_claim = SENDS_PER_CLAIM

    def __init__(self) -> None:
        self._limits = ConcurrencyLimits()
        #: The receiver whose turn it is in the next claim.
        self._reached = ""
        self._transports: dict[str, Transport] = {}

    @asynccontextmanager
    async def open(self, stopping: threading.Event) -> AsyncIterator[None]:
        """Open a transport of each channel."""
        async with AsyncExitStack() as stack:
            for name, channel in CHANNELS.items():
                self._transports[name] = await stack.enter_async_context(
                    channel.open(limit=MOST_ATTEMPTS_AT_ONCE, stopping=stopping)
                )
            yield

    async def claim(
        self, database: psycopg.AsyncConnection[Any], *, most: int
    ) -> Claimed[Message, Outcome]:
        """Lease due sends, and end those that may not go out any more."""
        begin_before = time.monotonic() + BEGIN_WITHIN_S
        found = await claim(database, most=most, limits=self._limits, start=self._reached)
        self._reached = found.reached
        by_channel: defaultdict[str, list[Message]] = defaultdict(list)
        for message in found.messages:
            by_channel[message.notification_type].append(message)
        if found.refused:
            await in_thread(refuse, found.refused)
        return Claimed(
            [
                self._batch(name, messages[begin : begin + size], found.clock, begin_before)
                for name, messages in by_channel.items()
                for size in [self._transports[name].batch_size]
                for begin in range(0, len(messages), size)
            ],
            clock=found.clock,
            more_may_be_due=found.more_may_be_due,
        )

    def _batch(
        self, name: str, messages: Sequence[Message], clock: Reading, begin_before: float
    ) -> Batch[Message, Outcome]:
        attempt = self._transports[name].attempt
        work = partial(attempt, messages, clock=clock, begin_before=begin_before)
        return Batch(messages, work)

    def note_result(self, message: Message, outcome: Outcome) -> bool:
        """Adapt the receiver's limit to how long it took."""
        return self._limits.adapt(message.host, quickly=outcome.duration_ms < SLOW_MS)

    def note_given_back(self, message: Message) -> None:
        """Leave the receiver's limit as it is."""
        self._limits.end(message.host)

    def give_back(self, messages: Sequence[Message]) -> None:
        """End the leases of messages that were not attempted."""
        give_back(messages)

    def broken(self, message: Message, *, now: datetime) -> Outcome:
        """Return a failure that is our fault."""
        return Outcome(started_at=now, duration_ms=0, error=OUR_FAULT)

    def name(self, message: Message) -> str:
        """Return the send's id."""
        return message.send_id

    async def store(
        self,
        database: psycopg.AsyncConnection[Any],
        outcomes: Sequence[tuple[Message, Outcome]],
    ) -> Stored[Message, Outcome]:
        """Store the outcomes, and switch off webhooks that are hopeless."""
        await store(database, outcomes)
        if any(message.endpoint_id and outcome.error for message, outcome in outcomes):
            await in_thread(switch_off_hopeless, outcomes)
        return Stored()
