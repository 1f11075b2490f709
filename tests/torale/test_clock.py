"""The database's clock: all machines go by it, and indexes serve comparisons with it."""

import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from time_machine import travel

from notifications.delivery.claim import SEND_LEASE
from notifications.delivery.statements import CLAIM
from tasks.models import Task
from tests.support.database_clock import fast_machine
from tests.support.factories import NOW
from tests.support.races import at_once
from torale import clock
from torale.limits import Limit, hit

pytestmark = pytest.mark.django_db


def test_it_is_the_databases_time_whatever_this_machine_believes():
    before = datetime.now(UTC)

    with fast_machine():
        told = clock.now()

    assert abs(told - before) < timedelta(minutes=1)
    assert told.utcoffset() == timedelta(0)


def test_it_goes_on_within_a_transaction():
    first = clock.now()

    assert clock.now() > first


def test_it_costs_one_statement(django_assert_num_queries):
    with django_assert_num_queries(1):
        clock.now()


def test_a_test_can_move_it(time_machine):
    time_machine.move_to(NOW, tick=False)

    assert clock.now() == NOW


def test_a_clock_that_a_test_moved_stays_there_when_a_savepoint_is_rolled_back():
    with ExitStack() as savepoint:
        savepoint.enter_context(transaction.atomic())
        with travel(NOW, tick=False):
            assert clock.now() == NOW
            transaction.set_rollback(True)
            savepoint.close()

            assert clock.now() == NOW


@pytest.mark.django_db(transaction=True)
def test_a_clock_that_a_test_moved_is_right_again_after_a_rolled_back_transaction():
    with travel(NOW, tick=False):
        assert clock.now() == NOW
    with transaction.atomic():
        clock.now()
        transaction.set_rollback(True)

    assert clock.now() > NOW


def test_a_reading_is_carried_on_without_the_machines_clock():
    reading = clock.Reading(NOW, arrived=time.monotonic() - 90)

    with fast_machine():
        told = reading.now()

    assert timedelta(seconds=90) <= told - NOW < timedelta(minutes=2)


def test_a_reading_in_a_zone_that_puts_its_clocks_back_is_carried_on_by_the_second():
    before = datetime(2026, 10, 25, 2, 59, 50, tzinfo=ZoneInfo("Europe/Berlin"))
    reading = clock.Reading(before, arrived=time.monotonic() - 90)

    assert reading.now().timestamp() - before.timestamp() == pytest.approx(90, abs=30)


def test_the_index_of_due_sends_serves_the_claim(only_index_scans):
    parameters: dict[str, Any] = {
        "limit": 100,
        "start": "",
        "free": "{}",
        "claim": uuid4(),
        "lease_time": SEND_LEASE,
    }
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {CLAIM}", parameters)
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "Index Scan using send_due" in plan
    assert "Index Cond: (next_attempt_at <= COALESCE(" in plan, "the function is not inlined"


def test_the_index_of_due_tasks_serves_a_comparison_with_it(only_index_scans):
    plan = Task.objects.active().filter(next_run_at__lte=clock.DatabaseNow()).explain()

    assert "task_due" in plan
    assert "Index Cond: (next_run_at <= COALESCE(" in plan, "the function is not inlined"


def test_a_fast_clock_does_not_open_a_second_window():
    twice_a_day = Limit("test", 2, timedelta(days=1))
    for _ in range(2):
        hit(twice_a_day, "olive")

    with fast_machine(ahead=timedelta(days=1)):
        verdict = hit(twice_a_day, "olive")

    assert not verdict.allowed
    assert timedelta(0) < verdict.wait <= timedelta(days=1)


def test_a_count_takes_its_window_from_one_clock(django_assert_num_queries):
    with django_assert_num_queries(1):
        hit(Limit("test", 2, timedelta(minutes=1)), "olive")


@pytest.mark.django_db(transaction=True)
def test_what_one_thread_moves_another_has_too(time_machine):
    time_machine.move_to(NOW, tick=False)

    assert at_once(clock.now) == [NOW]
