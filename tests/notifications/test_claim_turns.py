"""Nobody waits for ever: what is due and allowed is claimed within a bounded number of claims."""

import asyncio
import random
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import connection, transaction

from notifications.channels import Outcome
from notifications.delivery.claim import Claim, claim
from notifications.delivery.concurrency import ConcurrencyLimits
from notifications.delivery.statements import CLAIM, HEAD, HOSTS_PER_CLAIM, STORE
from notifications.models import Lease, NotificationSend, Payload, WebhookConfig
from tests.support.database_clock import MOVE
from tests.support.factories import NOW, make_endpoint
from tests.support.plans import Plan
from tests.support.run_delivery import keep, take
from torale.database import connect
from torale.uuid7 import uuid7

pytestmark = pytest.mark.django_db(transaction=True)

MOST = 10


def queue(owner, sends: list[tuple[str, timedelta]]) -> None:
    """Store sends of a host each, and when they are due, counted from NOW."""
    WebhookConfig.objects.get_or_create(user=owner)
    endpoint = make_endpoint(owner)
    recorded = NotificationSend.objects.bulk_create(
        NotificationSend(
            user=owner,
            task_id=uuid7(),
            execution_id=uuid7(),
            notification_type="webhook",
            recipient=endpoint.url,
            endpoint=endpoint,
            host=host,
            next_attempt_at=NOW + due,
        )
        for host, due in sends
    )
    Payload.objects.bulk_create(Payload(send=send, body="{}") for send in recorded)


@pytest.fixture
def _small_claims(monkeypatch):
    """Look at 30 sends and 4 hosts, so that short queues take the ways of long ones."""
    small, count = re.subn(rf"\b{HEAD}\b", "30", CLAIM)
    small, count_of_hosts = re.subn(rf"\b{HOSTS_PER_CLAIM}\b", "4", small)
    assert (count, count_of_hosts) == (2, 2)
    monkeypatch.setattr("notifications.delivery.claim.CLAIM", small)


@pytest.mark.usefixtures("_small_claims")
@pytest.mark.parametrize("seed", range(4))
def test_all_that_is_due_and_allowed_is_claimed(owner, seed):
    chance = random.Random(seed)
    hosts = [f"h{number}.example:443" for number in range(chance.randint(1, 15))]
    dead = {*chance.sample(hosts, chance.randint(0, min(3, len(hosts))))}
    sends = [
        (host, timedelta(seconds=chance.randint(-1000, 0 if chance.random() < 0.8 else 1000)))
        for host in hosts
        for _ in range(chance.choice([1, 5, 50 if host in dead else 12]))
    ]
    chance.shuffle(sends)
    queue(owner, sends)
    limits = ConcurrencyLimits()
    for host in dead:  # each has one place
        limits.begin([host])
        limits.adapt(host, quickly=False)
    due = {
        str(pk)
        for pk in NotificationSend.objects.filter(next_attempt_at__lte=NOW)
        .exclude(host__in=dead)
        .values_list("pk", flat=True)
    }

    claimed: list[str] = []
    of_dead: list[str] = []
    claims, idle, start = 0, 0, ""
    while idle < len(hosts):  # more than it takes to look at each of them once
        found = take(limit=MOST, limits=limits, start=start)
        claims, start = claims + 1, found.reached
        idle = 0 if found.messages else idle + 1
        claimed += [message.send_id for message in found.messages]
        of_dead += [message.host for message in found.messages if message.host in dead]
        quick = [message for message in found.messages if message.host not in dead]
        keep(*((message, Outcome(started_at=NOW, duration_ms=5)) for message in quick))
        for message in quick:
            limits.adapt(message.host, quickly=True)

    assert len(claimed) == len({*claimed})
    assert due <= {*claimed}
    assert len(of_dead) == len({*of_dead})
    # Hosts are passed by four at a time, and what is due is claimed in turns.
    assert claims <= len(due) + 3 * len(hosts)


@pytest.mark.usefixtures("_small_claims")
def test_hosts_take_turns_behind_a_head_that_is_held_up(owner):
    queue(owner, [("dead:443", timedelta(seconds=-1000))] * 40)
    queue(owner, [(f"h{number}:443", timedelta()) for number in range(9) for _ in range(20)])
    limits = ConcurrencyLimits()
    limits.begin(["dead:443"] * 8)

    def hosts(found: Claim) -> list[str]:
        return sorted({message.host for message in found.messages})

    first = take(limit=MOST, limits=limits)
    second = take(limit=MOST, limits=limits, start=first.reached)
    third = take(limit=MOST, limits=limits, start=second.reached)

    assert [len(each.messages) for each in (first, second, third)] == [10, 10, 10]
    assert hosts(first) == ["h0:443", "h1:443"]
    assert hosts(second) == ["h1:443", "h2:443"]
    assert hosts(third) == ["h2:443", "h3:443"]


@pytest.mark.parametrize("locked", [150, 1100], ids=["some", "the whole head"])
def test_sends_that_another_transaction_has_locked_hold_up_no_others(owner, locked):
    queue(owner, [(f"h{number % 20}:443", timedelta(number)) for number in range(-1300, 0)])

    with transaction.atomic():
        due = NotificationSend.objects.order_by("next_attempt_at")
        assert len(due.select_for_update()[:locked]) == locked
        found = take(limit=100)

    assert len(found.messages) == 100


def test_sends_of_a_host_that_other_workers_have_do_not_hide_its_others(owner):
    queue(owner, [("h:443", timedelta(number)) for number in range(-1100, 0)])
    leased = NotificationSend.objects.order_by("next_attempt_at")[:1050]
    Lease.objects.bulk_create(
        Lease(send=send, claim=uuid7(), until=NOW + timedelta(minutes=2)) for send in leased
    )

    assert len(take(limit=8).messages) == 8


@pytest.mark.usefixtures("_small_claims")
def test_after_the_last_host_it_is_the_first_ones_turn(owner):
    queue(owner, [("dead:443", timedelta(seconds=-1000))] * 40 + [("a:443", timedelta())])
    limits = ConcurrencyLimits()
    limits.begin(["dead:443"] * 8)

    first = take(limits=limits, start="b:443")
    second = take(limits=limits, start=first.reached)

    assert (first.messages, first.is_full) == ([], False)
    assert [message.host for message in second.messages] == ["a:443"]


@pytest.mark.usefixtures("_small_claims")
def test_leases_of_others_at_the_head_hold_up_nobody(owner):
    queue(owner, [("busy:443", timedelta(seconds=-1000))] * 40)
    queue(owner, [("other:443", timedelta())])
    busy = NotificationSend.objects.filter(host="busy:443")
    Lease.objects.bulk_create(
        Lease(send=send, claim=uuid4(), until=NOW + timedelta(minutes=1)) for send in busy
    )

    found = take(limit=MOST)

    assert [message.host for message in found.messages] == ["other:443"]


class Explaining:
    """A worker's connection that also keeps the plan of what it executes."""

    def __init__(self, database: psycopg.AsyncConnection[Any]) -> None:
        self._database = database
        self.plan: Plan = {}

    async def execute(self, statement: str, parameters: Any, **_: Any) -> Any:
        async with self._database.transaction(force_rollback=True):
            explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}"
            cursor = await self._database.execute(explain, parameters)
            [[[explained]]] = await cursor.fetchall()
            self.plan = explained["Plan"]
        return await self._database.execute(statement, parameters)


def explained_claim(limits: ConcurrencyLimits) -> tuple[Claim, Plan]:
    async def main() -> tuple[Claim, Plan]:
        async with await connect() as database:
            await database.execute(MOVE, [NOW.isoformat()])
            explaining = Explaining(database)
            found = await claim(explaining, most=100, limits=limits)  # type: ignore[arg-type]
            return found, explaining.plan

    return asyncio.run(main())


#: Tables that stay small beside the queue.
SMALL = ("accounts_", "tasks_", "notifications_webhook", "notifications_emailsuppression")


def scans(plan: Plan) -> set[tuple[str, str]]:
    """Return how a plan reads the tables that grow, and by which indexes."""
    table: str = plan.get("Relation Name", "")
    found: set[tuple[str, str]] = set()
    if table and plan["Node Type"] != "ModifyTable" and not table.startswith(SMALL):
        found.add((plan["Node Type"], plan.get("Index Name", table)))
    return found.union(*(scans(part) for part in plan.get("Plans", [])))


def sends_read(plan: Plan) -> int:
    """Return how many rows of sends a plan has read, also those that it did not need.

    Buffers would tell of the rows that earlier tests have deleted, too.
    """
    read = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
    is_scan = plan.get("Relation Name") == NotificationSend._meta.db_table
    own = read * plan["Actual Loops"] if is_scan else 0
    return round(own + sum(map(sends_read, plan.get("Plans", []))))


BY_INDEX = {
    ("Index Scan", "send_due"),
    ("Index Scan", "send_due_at_host"),
    ("Index Only Scan", "send_due_at_host"),
    ("Index Scan", "notifications_notificationsend_pkey"),
    ("Index Scan", "notifications_lease_pkey"),
    ("Index Scan", "notifications_payload_pkey"),
}


@pytest.mark.parametrize("is_analyzed", [True, False])
def test_a_claim_past_a_long_queue_of_an_exhausted_host_reads_little(owner, is_analyzed):
    """Also if the planner does not know of the queue yet."""
    queue(owner, [("later:443", timedelta(days=1))] * 1000)
    vacuum()
    queue(owner, [("dead:443", timedelta(seconds=-1000))] * 20_000)
    queue(owner, [(f"h{number}:443", timedelta()) for number in range(20)])
    if is_analyzed:
        vacuum()
    limits = ConcurrencyLimits()
    limits.begin(["dead:443"] * 8)

    found, plan = explained_claim(limits)

    assert len(found.messages) == 20
    assert scans(plan) <= BY_INDEX
    assert sends_read(plan) < 1.5 * HEAD


@pytest.mark.parametrize("statement", [CLAIM, STORE], ids=["CLAIM", "STORE"])
def test_the_plan_that_is_kept_is_right_though_the_queue_was_empty(owner, statement):
    queue(owner, [("h:443", timedelta())] * 1000)
    NotificationSend.objects.update(status="sent", next_attempt_at=None)
    vacuum()
    names: dict[str, str] = {}

    def numbered(name: re.Match[str]) -> str:
        return names.setdefault(name[1], f"${len(names) + 1}")

    async def main() -> Plan:
        async with await connect() as database:
            explain = re.sub(r"%\((\w+)\)s", numbered, statement)
            cursor = await database.execute(f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {explain}")
            [[[explained]]] = await cursor.fetchall()
            plan: Plan = explained["Plan"]
            return plan

    plan = asyncio.run(main())

    assert scans(plan) <= BY_INDEX | {
        ("Bitmap Heap Scan", ""),
        ("Bitmap Index Scan", "notifications_lease_pkey"),
    }


def vacuum() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "VACUUM ANALYZE notifications_notificationsend, notifications_lease, "
            "notifications_payload"
        )
