"""Claim executions, ask their questions and store the results as a worker does."""

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import time_machine
from asgiref.sync import sync_to_async
from django.db import close_old_connections, connection

from executions.models import Execution
from tasks.visits.claim import NOBODY, Claim, parameters, read
from tasks.visits.drain import Visits
from tasks.visits.statements import CLAIM
from tests.support.database_clock import MOVE
from tests.support.receivers import DEADLINE_S
from torale.database import connect
from torale.pool import Pool


def take(
    *, most: int = 100, free: int = 300, after: UUID = NOBODY, now: datetime | None = None
) -> Claim:
    """Claim what is due, on Django's connection, so that it sees what a test has not committed."""
    with time_machine.travel(now or datetime.now(UTC), tick=False), connection.cursor() as cursor:
        cursor.execute(CLAIM, parameters(most=most, free=free, after=after))
        return read(cursor.fetchone(), after=after)


def claimed(execution_id: UUID | str, *, now: datetime | None = None) -> Execution | None:
    """Claim everything that is due; return this execution, or None if it was not due."""
    Execution.objects.recover(now=now or datetime.now(UTC))
    taken = {str(visit.execution.pk): visit.execution for visit in take(now=now).visits}
    return taken.get(str(execution_id))


def visit() -> None:
    """Claim what is due now, ask, and store the results."""

    async def main() -> None:
        kind = Visits()
        async with await connect() as database, kind.open(threading.Event()):
            if time_machine.escape_hatch.is_travelling():
                await database.execute(MOVE, [datetime.now(UTC).isoformat()])
            found = await kind.claim(database, most=100)
            results = []
            for batch in found.batches:
                await batch.work(report=lambda item, result: results.append((item, result)))
            # What another transaction holds up is stored later, as by the pool.
            while results:
                results = [*(await kind.store(database, results)).held_up]

    asyncio.run(main())


def work(*, until: Callable[[], bool], workers: int = 1) -> None:
    """Run the pools of visits of so many workers until `until` returns true; stop as by SIGTERM."""

    def is_over() -> bool:
        try:
            return until()
        finally:
            close_old_connections()

    async def main() -> None:
        stop = asyncio.Event()
        pools = [Pool(Visits()).run(stop) for _ in range(workers)]
        working = asyncio.gather(*pools)
        async with asyncio.timeout(DEADLINE_S):
            while not working.done() and not await sync_to_async(is_over)():  # noqa: ASYNC110
                await asyncio.sleep(0.01)  # another connection writes the row
        stop.set()
        await working

    asyncio.run(main())
