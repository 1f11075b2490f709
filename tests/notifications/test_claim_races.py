"""Two workers at once, on connections of their own."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from django.db import connection

from notifications.channels import Outcome
from notifications.delivery.claim import Claim, claim, give_back
from notifications.delivery.concurrency import ConcurrencyLimits
from notifications.delivery.statements import DUE
from notifications.models import Lease, NotificationSend
from tests.support.database_clock import MOVE
from tests.support.factories import NOW, make_send
from tests.support.races import apart, wait_until_another_waits
from tests.support.receivers import DEADLINE_S
from tests.support.run_delivery import deliver, keep, take
from torale.database import connect

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_workers_never_claim_the_same_send(owner):
    for number in range(100):
        make_send(owner, status="queued", recipient=f"https://r{number}.example/")
    barrier = threading.Barrier(2, timeout=DEADLINE_S)
    claimed: list[list[str]] = []

    def work() -> None:
        mine: list[str] = []
        barrier.wait()
        while found := take(limit=7).messages:
            mine += [message.send_id for message in found]
        claimed.append(mine)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    first, second = map(set, claimed)
    assert first & second == set()
    assert len(first | second) == 100


def test_two_workers_deliver_each_send_once(owner, http_receiver):
    for number in range(200):
        make_send(owner, status="queued", recipient=f"{http_receiver.url}/{number}")
    workers = [threading.Thread(target=deliver) for _ in range(2)]

    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(http_receiver.requests) == 200
    assert NotificationSend.objects.filter(status="sent").count() == 200


LOCK = 4711


class Held:
    """A worker's connection whose claim has begun, and waits for a lock before it looks."""

    def __init__(self, database: psycopg.AsyncConnection[Any]) -> None:
        self._database = database

    async def execute(self, statement: str, parameters: Any, **_: Any) -> Any:
        ends = f"WHERE {DUE} ORDER BY"
        assert statement.count(ends) == 1
        held = f"CROSS JOIN (SELECT pg_advisory_xact_lock({LOCK})) AS lock {ends}"
        return await self._database.execute(statement.replace(ends, held), parameters)


def take_held() -> Claim:
    async def main() -> Claim:
        async with await connect() as database:
            await database.execute(MOVE, [NOW.isoformat()])
            limits = ConcurrencyLimits()
            return await claim(Held(database), most=100, limits=limits)  # type: ignore[arg-type]

    return asyncio.run(main())


def leave_leased(messages) -> None:
    """Do nothing: the other worker attempts them."""


def store_sent(messages) -> None:
    keep(*((message, Outcome(started_at=NOW, duration_ms=5)) for message in messages))


@pytest.mark.parametrize(
    ("then", "taken"),
    [(leave_leased, 0), (store_sent, 0), (give_back, 5)],
    ids=["leased", "sent", "given back"],
)
def test_a_claim_does_not_go_by_what_it_saw_when_it_began(owner, then, taken):
    for number in range(5):
        make_send(owner, status="queued", recipient=f"https://r{number}.example/")
    with ThreadPoolExecutor(1) as threads:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            try:
                late = threads.submit(apart, take_held)
                wait_until_another_waits()
                first = take().messages
                then(first)
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
        second = late.result().messages

    assert (len(first), len(second)) == (5, taken)
    leases = {str(lease.pk): str(lease.claim) for lease in Lease.objects.all()}
    holders = {leave_leased: first, store_sent: [], give_back: second}[then]
    assert leases == {message.send_id: message.claim for message in holders}
