"""A pool of work that is claimed from the database, done, and stored; a worker has one per kind.

1. Lease what is due (commit). Crash after: the lease runs out, and it is due again.
2. Do it, holding no transaction. Crash after: it is done again.
3. Store many results in one statement, only where the lease is still the claim's.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

import psycopg
import structlog
from asgiref.sync import sync_to_async
from django.db import DatabaseError, close_old_connections

from torale.clock import Reading
from torale.database import Connection, connect

logger = structlog.get_logger(__name__)

#: Seconds between two looks when nothing wakes the pool, as nothing does when a retry falls due.
POLL_S = 1.0
#: Seconds that work under way has to end after the worker was told to stop.
WORK_GRACE_S = 16.0
#: Seconds for storing the last results after that; what is not stored is done again.
STORING_S = 3.0
#: Seconds after which results that another transaction held up are stored again.
HELD_UP_S = 0.1

Item = TypeVar("Item")
Result = TypeVar("Result")
Item_co = TypeVar("Item_co", covariant=True)
Result_co = TypeVar("Result_co", covariant=True)
Returned = TypeVar("Returned")
#: Takes an item and its result, on the event loop's thread.
Report = Callable[[Item, Result], None]


class Work(Protocol[Item_co, Result_co]):
    """Works on a batch."""

    def __call__(self, *, report: Report[Item_co, Result_co]) -> Coroutine[Any, Any, None]:
        """Work on all items, and report each result as it is known."""


@dataclass(frozen=True, slots=True)
class Batch(Generic[Item, Result]):
    """Items that are worked on together."""

    #: The items.
    items: Sequence[Item]
    #: Does the work and reports each result as it is known. An item without a report has not been
    #: worked on: it is given back, and due again at once.
    work: Work[Item, Result]


@dataclass(frozen=True, slots=True)
class Claimed(Generic[Item, Result]):
    """The result of one look at what is due."""

    #: What was leased.
    batches: Sequence[Batch[Item, Result]]
    #: The database's time when they were leased.
    clock: Reading
    #: Whether to look again at once.
    more_may_be_due: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored(Generic[Item, Result]):
    """How storing results ended."""

    #: The results whose rows another transaction has locked. They are stored later.
    held_up: Sequence[tuple[Item, Result]] = ()
    #: Whether claiming is worth it again because of what was stored.
    is_worth_claiming: bool = False


class Kind(Protocol[Item, Result]):
    """What is particular to one kind of work."""

    #: The name under which PostgreSQL tells that something may be due (NOTIFY, LISTEN).
    wake_up: str
    #: How many items are worked on at once.
    most_at_once: int
    #: How many are claimed by one statement: enough to make its cost small compared to the work.
    per_claim: int

    def open(self, stopping: threading.Event) -> AbstractAsyncContextManager[None]:
        """Open what all work uses; `stopping` is set when no further work may begin."""

    async def claim(
        self, database: psycopg.AsyncConnection[Any], *, most: int
    ) -> Claimed[Item, Result]:
        """Lease up to `most` items that are due, the longest due first."""

    def note_result(self, item: Item, result: Result) -> bool:
        """Count an item as done; return whether claiming is worth it again because of that."""

    def note_given_back(self, item: Item) -> None:
        """Count an item as not worked on."""

    def give_back(self, items: Sequence[Item]) -> None:
        """End the leases of items, so that they are due at once; called in a thread."""

    def broken(self, item: Item, *, now: datetime) -> Result:
        """Return the result of an item whose work raised an exception, which is a bug."""

    def name(self, item: Item) -> str:
        """Return the item's id for the log."""

    async def store(
        self, database: psycopg.AsyncConnection[Any], results: Sequence[tuple[Item, Result]]
    ) -> Stored[Item, Result]:
        """Store results. One that cannot be stored does not hold up the others."""


class Pool(Generic[Item, Result]):
    """Does what is due, for as long as its worker lives.

    It is refilled as items end, so that a slow one holds up no other. Results are stored together,
    as many as have come in meanwhile.
    """

    def __init__(self, kind: Kind[Item, Result]) -> None:
        self._kind = kind
        #: How many places must be free before a claim is made.
        self._worthwhile = max(1, kind.per_claim // 2)
        self._wake = asyncio.Event()
        #: Results that nobody has begun to store. Not a Queue: that would cost more than all else
        #: that the pool does for an item.
        self._results: list[tuple[Item, Result]] = []
        self._there_are_results = asyncio.Event()
        self._all_is_stored = asyncio.Event()
        self._all_is_stored.set()
        self._working: set[asyncio.Task[None]] = set()
        #: Claimed, and neither done nor given back. By identity: this worker may claim an item
        #: again whose lease has run out meanwhile.
        self._in_hand: dict[int, Item] = {}
        self._stopping = threading.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then finish what is under way and give back the rest."""
        helpers = [
            asyncio.create_task(self._store_results()),
            asyncio.create_task(self._wake_at(stop)),
        ]
        try:
            async with self._kind.open(self._stopping):
                while not stop.is_set():
                    try:
                        await self._claim_until(stop)
                    except Exception:  # what is under way must end and be stored all the same
                        logger.exception("claiming_failed", kind=self._kind.wake_up)
                        await asyncio.sleep(POLL_S)
                await self._finish()
        finally:
            for task in (*helpers, *self._working):
                task.cancel()
            await asyncio.gather(*helpers, *self._working, return_exceptions=True)

    async def _claim_until(self, stop: asyncio.Event) -> None:
        # Claiming need not wait for the disk: if the database server crashes and loses a lease, the
        # lease only ends early.
        async with (
            await connect(synchronous_commit="off") as database,
            self._listening(database),
        ):
            while not stop.is_set():
                self._wake.clear()
                if not await self._fill(database):
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._wake.wait(), POLL_S)

    async def _fill(self, database: psycopg.AsyncConnection[Any]) -> bool:
        """Claim as much as there is room for, start it; return whether more may be due."""
        kind = self._kind
        free = min(kind.per_claim, kind.most_at_once - len(self._in_hand))
        if free < self._worthwhile:
            return False  # an item that ends wakes the pool; claiming singly costs too much
        if self._storing_is_behind():
            return False  # storing wakes the pool
        claimed = await kind.claim(database, most=free)
        for batch in claimed.batches:
            for item in batch.items:
                self._in_hand[id(item)] = item
            task = asyncio.create_task(self._work(batch, claimed.clock))
            self._working.add(task)
            task.add_done_callback(self._ended)
        return claimed.more_may_be_due

    def _storing_is_behind(self) -> bool:
        """Whether a claim should wait for results to be stored.

        Until then their items are leased, and a claim reads what is leased to get past it. So a
        pool that ran far ahead would slow down the storing, too.
        """
        return len(self._results) >= self._kind.per_claim

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._working.discard(task)
        if not task.cancelled() and (error := task.exception()):
            # Their leases run out, and they are done again.
            logger.error("giving_back_failed", kind=self._kind.wake_up, exc_info=error)

    async def _work(self, batch: Batch[Item, Result], clock: Reading) -> None:
        try:
            await batch.work(report=self._note_result)
        except Exception:  # a bug must end as a record, not in an endless loop
            names = [self._kind.name(item) for item in batch.items]
            logger.exception("work_broke", kind=self._kind.wake_up, ids=names)
            for item in batch.items:
                self._note_result(item, self._kind.broken(item, now=clock.now()))
        if left := [item for item in batch.items if id(item) in self._in_hand]:
            await self._give_back(left)

    def _note_result(self, item: Item, result: Result) -> None:
        if not self._in_hand.pop(id(item), None):
            return  # it was given back meanwhile, and another attempt decides
        is_worth_claiming = self._kind.note_result(item, result)
        there_is_room = self._kind.most_at_once - len(self._in_hand) == self._worthwhile
        if is_worth_claiming or there_is_room:
            self._wake.set()
        self._results.append((item, result))
        self._there_are_results.set()
        self._all_is_stored.clear()

    async def _give_back(self, items: Sequence[Item]) -> None:
        for item in items:
            del self._in_hand[id(item)]
            self._kind.note_given_back(item)
        if items:
            await in_thread(self._kind.give_back, items)

    async def _finish(self) -> None:
        """Wait for what is under way, store it, and give back the rest.

        What is given back is done by another worker at once. After a crash in here, it is done when
        its leases have run out.
        """
        self._stopping.set()
        if self._working:
            await asyncio.wait(self._working, timeout=WORK_GRACE_S)
        async with asyncio.timeout(STORING_S):
            await self._give_back([*self._in_hand.values()])
            await self._all_is_stored.wait()

    async def _store_results(self) -> None:
        """Store results as they come in; keep them while the database is away."""
        results: list[tuple[Item, Result]] = []
        while True:
            try:
                async with await connect() as database:
                    while True:
                        if not results:
                            await self._there_are_results.wait()
                        if self._storing_is_behind():
                            self._wake.set()  # a claim has waited for what is taken now
                        results += self._results
                        self._results.clear()
                        self._there_are_results.clear()
                        stored = await self._kind.store(database, results)
                        if stored.is_worth_claiming:
                            self._wake.set()
                        results = [*stored.held_up]
                        if results:
                            await asyncio.sleep(HELD_UP_S)
                        elif not self._results:
                            self._all_is_stored.set()
            except Exception:  # what was done must be stored, whatever is wrong now
                logger.exception("results_not_stored", kind=self._kind.wake_up, count=len(results))
                await asyncio.sleep(POLL_S)

    @asynccontextmanager
    async def _listening(self, claiming: Connection) -> AsyncIterator[None]:
        """Listen for as long as one connection claims.

        When that is lost, because another server has taken over, the server that this process
        listens to may say nothing more.
        """
        if claiming.is_pooled:
            yield  # the pool looks every POLL_S
            return
        listening = asyncio.create_task(self._listen())
        try:
            yield
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _listen(self) -> None:
        """Wake the pool whenever any process says that something may be due."""
        while True:
            try:
                async with await connect() as listening:
                    await listening.execute(f"LISTEN {self._kind.wake_up}")
                    self._wake.set()
                    async for _ in listening.notifies():
                        self._wake.set()
            except (psycopg.Error, DatabaseError) as error:
                logger.warning("listening_failed", kind=self._kind.wake_up, error=str(error))
                await asyncio.sleep(POLL_S)

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._wake.set()


async def in_thread(
    act: Callable[..., Returned], *arguments: Any, executor: ThreadPoolExecutor | None = None
) -> Returned:
    """Have Django do something in a thread, on a connection that goes back to its pool.

    Args:
        act: what to call.
        arguments: its arguments.
        executor: the threads; by default the one thread that all parts of the worker share.
    """

    def acted() -> Returned:
        try:
            return act(*arguments)
        finally:
            close_old_connections()

    return await sync_to_async(acted, thread_sensitive=executor is None, executor=executor)()
