import threading
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction

from tests.support.factories import NOW
from tests.support.races import apart, at_once, wait_until_another_waits
from tests.support.receivers import DEADLINE_S
from torale.limits import Limit, forget, forget_old, hit
from torale.models import Usage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]

TWO_AN_HOUR = Limit("test", 2, timedelta(hours=1))


def test_beyond_the_limit_it_tells_how_long_to_wait():
    verdicts = [hit(TWO_AN_HOUR, "olive") for _ in range(3)]

    assert [verdict.allowed for verdict in verdicts] == [True, True, False]
    assert verdicts[2].wait == timedelta(minutes=59, seconds=50)


def test_each_one_has_a_count_of_their_own():
    for _ in range(3):
        hit(TWO_AN_HOUR, "olive")

    assert hit(TWO_AN_HOUR, "sam").allowed


def test_the_next_window_begins_anew_however_often_it_was_asked(time_machine):
    for _ in range(50):
        hit(TWO_AN_HOUR, "olive")

    time_machine.shift(timedelta(hours=1))
    verdicts = [hit(TWO_AN_HOUR, "olive") for _ in range(3)]

    assert [verdict.allowed for verdict in verdicts] == [True, True, False]


@pytest.mark.parametrize("most", [0, 1, 7, 8, 10])
def test_the_shards_allow_together_as_many_as_the_limit(most, time_machine):
    limit = Limit("test", most, timedelta(hours=1), shards=8)

    first = [hit(limit, "olive").allowed for _ in range(most + 2)]
    time_machine.shift(timedelta(hours=1))
    second = [hit(limit, "olive").allowed for _ in range(most + 2)]

    assert first == second == [True] * most + [False, False]
    assert Usage.objects.count() == min(most, 8)


def test_a_lower_limit_counts_from_now_on():
    for _ in range(10):
        hit(Limit("test", 10, timedelta(hours=1), shards=8), "olive")

    assert not hit(Limit("test", 5, timedelta(hours=1), shards=8), "olive").allowed


def test_a_count_that_is_forgotten_begins_anew():
    limit = Limit("test", 5, timedelta(hours=1), shards=3)
    for _ in range(5):
        hit(limit, "olive")

    forget(limit, "olive")

    assert [hit(limit, "olive").allowed for _ in range(6)] == [True] * 5 + [False]


def test_old_counts_are_forgotten(time_machine):
    hit(TWO_AN_HOUR, "olive")
    time_machine.shift(timedelta(days=3))
    hit(TWO_AN_HOUR, "sam")

    assert forget_old(now=NOW + timedelta(days=3)) == 1
    assert Usage.objects.get().key == "test:sam:0"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("shards", [1, 8])
def test_simultaneous_callers_are_all_counted(shards):
    limit = Limit("test", 3, timedelta(hours=1), shards)

    verdicts = at_once(*[lambda: hit(limit, "olive")] * 9)

    assert sorted(verdict.allowed for verdict in verdicts) == [False] * 6 + [True] * 3


@pytest.mark.django_db(transaction=True)
def test_callers_who_use_up_a_limit_do_not_deadlock():
    limit = Limit("test", 10, timedelta(days=1), shards=8)
    begin = threading.Barrier(10, timeout=DEADLINE_S)
    allowed: list[bool] = []
    refused_by_the_database: list[OperationalError] = []

    def use_up() -> None:
        for who in range(120):
            begin.wait()
            for _ in range(3):
                try:
                    with transaction.atomic():
                        allowed.append(hit(limit, str(who)).allowed)
                except OperationalError as error:
                    refused_by_the_database.append(error)

    at_once(*[use_up] * 10)

    assert refused_by_the_database == []
    assert allowed.count(True) == 120 * limit.most


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("existing", [0, 1, 4])
def test_as_many_transactions_as_there_are_shards_count_at_once_without_waiting(existing):
    limit = Limit("test", 4, timedelta(hours=1), shards=4)
    Usage.objects.bulk_create(
        Usage(key=key, window_start=NOW - timedelta(hours=2), count=1)
        for key in [*limit.shares("olive")][:existing]
    )
    all_have_counted = threading.Barrier(4, timeout=DEADLINE_S)

    @transaction.atomic
    def hold() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1ms'")
        allowed = hit(limit, "olive").allowed
        all_have_counted.wait()
        return allowed

    assert at_once(*[hold] * 4) == [True] * 4
    assert not hit(limit, "olive").allowed


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.parametrize("is_counted_already", [True, False])
def test_the_last_one_is_allowed_if_the_transaction_that_took_it_is_rolled_back(
    is_kept, is_counted_already
):
    limit = Limit("test", 1 + is_counted_already, timedelta(hours=1))
    if is_counted_already:
        hit(limit, "olive")
    later = []
    thread = threading.Thread(target=apart, args=[lambda: later.append(hit(limit, "olive"))])

    with transaction.atomic():
        hit(limit, "olive")
        thread.start()
        wait_until_another_waits()
        transaction.set_rollback(not is_kept)
    thread.join(DEADLINE_S)

    assert [verdict.allowed for verdict in later] == [not is_kept]
