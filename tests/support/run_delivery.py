"""Claim, deliver and store sends as a worker does."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.db.models import Q
from django.utils import timezone

from notifications.delivery.claim import Claim, claim
from notifications.delivery.concurrency import ConcurrencyLimits
from notifications.delivery.drain import Delivery
from notifications.delivery.store import Ended, store
from notifications.models import NotificationSend
from tests.support.database_clock import MOVE, workers_follow
from tests.support.factories import NOW
from tests.support.receivers import DEADLINE_S
from torale.database import connect
from torale.pool import Pool


def take(
    *,
    limit: int = 100,
    limits: ConcurrencyLimits | None = None,
    start: str = "",
    now: datetime = NOW,
) -> Claim:
    """Claim sends as a worker does, on a separate connection."""

    async def main() -> Claim:
        async with await connect() as database:
            await database.execute(MOVE, [now.isoformat()])
            return await claim(
                database, most=limit, limits=limits or ConcurrencyLimits(), start=start
            )

    return asyncio.run(main())


def keep(*ended: Ended, now: datetime = NOW) -> int:
    """Store outcomes as a worker does. Return how many sends it still had claimed."""

    async def main() -> int:
        async with await connect() as database:
            await database.execute(MOVE, [now.isoformat()])
            return await store(database, ended)

    return asyncio.run(main())


def nothing_is_due() -> bool:
    try:
        # One query: between two, a worker could claim a send that is due.
        in_hand_or_due = Q(lease__isnull=False) | Q(next_attempt_at__lte=timezone.now())
        return not NotificationSend.objects.filter(in_hand_or_due).exists()
    finally:
        close_old_connections()


def deliver(*, until: Callable[[], bool] = nothing_is_due) -> None:
    """Run the pool of deliveries until `until` returns true, and stop it as SIGTERM does."""

    async def main() -> None:
        stop = asyncio.Event()
        draining = asyncio.create_task(Pool(Delivery()).run(stop))
        async with asyncio.timeout(DEADLINE_S):
            while not draining.done() and not await sync_to_async(until)():  # noqa: ASYNC110
                await asyncio.sleep(0.01)  # another connection writes the row
        stop.set()
        await draining

    with workers_follow():
        asyncio.run(main())
