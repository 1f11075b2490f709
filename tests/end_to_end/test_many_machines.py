"""Nothing is lost or told twice on several machines, whatever is killed, paused or upgraded."""

import csv
import gc
import io
import json
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.support.fleet import LATER, Caller, Fleet, World
from tests.support.needed import needs

pytestmark = [pytest.mark.e2e, needs("pgbouncer")]

#: Seconds in which at least one more visit or send must end.
STANDSTILL_S = 120
#: Seconds in which none ends, before time is let pass for those that are left.
STILL_S = 5
#: A migration that adds a column, as the next version may have it.
MIGRATION = """
from django.db import migrations, models


class Migration(migrations.Migration):
    additive = True
    dependencies = [("tasks", "0010_permissions_of_the_desk")]
    operations = [
        migrations.AddField("task", "next", models.TextField(null=True), preserve_default=True)
    ]
"""
#: Web servers and workers.
MACHINES = 5
#: One in so many tasks has an email besides its webhook.
MAIL_SHARE = 10


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()
    gc.collect()  # or what its end leaves unclosed would be found in another test


@pytest.fixture
def fleet(tmp_path, world) -> Iterator[Fleet]:
    made = Fleet(tmp_path, world)
    yield made
    made.close()


def blows(fleet: Fleet, chance: random.Random) -> list[Callable[[], None]]:  # noqa: C901
    """Return what is done to the fleet, each once or more."""

    def worker():
        return chance.choice(fleet.workers)

    def kill_worker():
        worker().replace(signal.SIGKILL, fleet.tree)

    def end_worker():
        worker().replace(signal.SIGTERM, fleet.tree)

    def pause_worker_beyond_its_leases():
        paused = worker()
        paused.signal(signal.SIGSTOP)
        fleet.database.sql(LATER)
        time.sleep(chance.uniform(1, 2))
        paused.signal(signal.SIGCONT)

    def kill_web():
        fleet.replace_web(chance.choice(fleet.webs), signal.SIGKILL)

    def end_web():
        fleet.replace_web(chance.choice(fleet.webs), signal.SIGTERM)

    def kill_database():
        fleet.database.signal(signal.SIGKILL)
        time.sleep(chance.uniform(0, 1))
        fleet.database.start()

    def restart_database():
        fleet.database.signal(signal.SIGINT)
        time.sleep(chance.uniform(0, 1))
        fleet.database.start()

    def pause_database():
        fleet.database.signal(signal.SIGSTOP)
        time.sleep(chance.uniform(0.5, 1.5))
        fleet.database.signal(signal.SIGCONT)

    def kill_pooler():
        fleet.pooler.stop()
        time.sleep(chance.uniform(0, 1))
        fleet.pooler.start()

    def pause_pooler():
        fleet.pooler.command("PAUSE")
        time.sleep(chance.uniform(0, 1))
        fleet.pooler.command("RESUME")

    return [
        *(kill_worker, kill_worker, end_worker, pause_worker_beyond_its_leases),
        *(kill_web, end_web, kill_database, restart_database, pause_database),
        *(kill_pooler, pause_pooler),
    ]


@pytest.mark.parametrize(
    "tasks",
    [
        pytest.param(2_000, marks=pytest.mark.timeout(900)),
        pytest.param(20_000, marks=[pytest.mark.slow, pytest.mark.timeout(1800)]),
    ],
)
def test_three_machines_lose_nothing_and_tell_nothing_twice_through_blows_and_an_upgrade(
    fleet, world, tasks
):
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    fleet.make_next_version(MIGRATION)
    fleet.run("manage.py", "migrate", "-v0")
    key = fleet.run("tests/support/fleet_tasks.py", str(tasks), str(world.port), str(MAIL_SHARE))
    fleet.start()

    begun = time.monotonic()

    def note(what: str) -> None:
        visits, sends = fleet.left()
        print(f"{time.monotonic() - begun:3.0f} s: {visits} visits, {sends} sends left; {what}")

    def strike(blow: Callable[[], None]) -> None:
        note(blow.__name__)
        blow()

    chosen = blows(fleet, chance)
    chance.shuffle(chosen)
    with Caller(fleet.webs, key, seed) as caller:
        while len(chosen) > MACHINES:
            strike(chosen.pop())
        for machine in fleet.upgrade():
            note(f"{machine.folder.name} has the next version")
            strike(chosen.pop())
        until_all_have_ended(fleet)
    note(f"{caller.outcomes}")

    assert caller.failures == []
    assert caller.outcomes["200"] > 100
    assert {machine.process.poll() for machine in (*fleet.webs, *fleet.workers)} == {None}
    told: Counter[str] = Counter()
    for body in dict(world.webhooks).values():
        told[json.loads(body)["data"]["task"]["id"]] += 1
    # Each task was told once: one message, which may have been delivered more than once.
    assert len(told) == tasks
    assert set(told.values()) == {1}
    assert len(set(world.webhooks)) == tasks
    assert len(set(world.mails)) == tasks // MAIL_SHARE
    _, answer = fleet.webs[0].call("GET", "/api/v1/notifications/sends.csv", key=key)
    sends = [*csv.DictReader(io.StringIO(answer[""]))]
    assert len(sends) == tasks + tasks // MAIL_SHARE
    assert {send["status"] for send in sends} == {"sent"}
    assert {send["id"] for send in sends} >= {identifier for identifier, _ in world.webhooks}
    assert every_outcome_is_recorded(fleet) == [(tasks, tasks, len(sends))]


def until_all_have_ended(fleet: Fleet) -> None:
    """Let time pass whenever nothing happens, until no visit and no send is left."""
    fewest, last_ended = None, time.monotonic()
    last_passed = last_ended
    while any(left := fleet.left()):
        now = time.monotonic()
        if fewest is None or left < fewest:
            fewest, last_ended = left, now
        assert now - last_ended < STANDSTILL_S, left
        if now - max(last_ended, last_passed) > STILL_S:
            fleet.database.sql(LATER)
            last_passed = now
        time.sleep(0.2)


def every_outcome_is_recorded(fleet: Fleet) -> list[tuple[int, ...]]:
    """Return how many visits, tasks that were visited, and successful attempts are recorded."""
    return fleet.database.sql(
        """
        SELECT (SELECT count(*) FROM executions_execution WHERE status = 'success'),
               (SELECT count(DISTINCT task_id) FROM executions_execution WHERE status = 'success'),
               (SELECT count(*) FROM notifications_attempt WHERE status = 'succeeded')
        """
    )
