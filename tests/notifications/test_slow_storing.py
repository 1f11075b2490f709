"""While outcomes cannot be stored as fast as they come in, a worker claims little more."""

import asyncio

import pytest

from notifications.delivery.drain import Delivery
from notifications.models import NotificationSend
from tests.support.factories import make_queued_send
from tests.support.receivers import DEADLINE_S
from torale.pool import Pool

pytestmark = pytest.mark.django_db(transaction=True)


class SlowStoring(Delivery):
    """Stores nothing until it may."""

    per_claim = 2

    def __init__(self) -> None:
        super().__init__()
        self.may_store = asyncio.Event()
        self.stored = 0

    async def store(self, database, outcomes):
        """Wait until storing is allowed."""
        await self.may_store.wait()
        try:
            return await super().store(database, outcomes)
        finally:
            self.stored += len(outcomes)


def test_claims_wait_for_storing(owner, http_receiver):
    for _ in range(20):
        make_queued_send(owner, recipient=f"{http_receiver.url}/hook")

    async def main() -> int:
        kind, stop = SlowStoring(), asyncio.Event()
        working = asyncio.create_task(Pool(kind).run(stop))
        async with asyncio.timeout(DEADLINE_S):
            while len(http_receiver.requests) < kind.per_claim:  # noqa: ASYNC110 - as below
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.5)  # so long that all of them would be attempted
        attempted = len(http_receiver.requests)
        kind.may_store.set()
        async with asyncio.timeout(DEADLINE_S):
            while kind.stored < 20:  # noqa: ASYNC110 - counted by another task
                await asyncio.sleep(0.01)
        stop.set()
        await working
        return attempted

    assert 2 <= asyncio.run(main()) <= 10
    assert (
        NotificationSend.objects.filter(status="sent").count() == len(http_receiver.requests) == 20
    )
