from datetime import timedelta

import pytest

from tests.support.factories import NOW
from tests.support.races import at_once
from torale.limits import Limit, forget_old, hit
from torale.models import Usage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]

TWO_AN_HOUR = Limit("test", 2, timedelta(hours=1))


def test_within_the_limit_it_tells_how_many_are_left():
    verdicts = [hit(TWO_AN_HOUR, "olive") for _ in range(3)]

    assert [(verdict.allowed, verdict.remaining) for verdict in verdicts] == [
        (True, 1),
        (True, 0),
        (False, 0),
    ]
    assert verdicts[0].wait == timedelta(minutes=59, seconds=50)


def test_each_one_has_a_count_of_their_own():
    for _ in range(3):
        hit(TWO_AN_HOUR, "olive")

    assert hit(TWO_AN_HOUR, "sam").allowed


def test_the_next_window_begins_anew_however_often_it_was_asked(time_machine):
    for _ in range(50):
        hit(TWO_AN_HOUR, "olive")

    time_machine.shift(timedelta(hours=1))
    verdict = hit(TWO_AN_HOUR, "olive")

    assert (verdict.allowed, verdict.remaining) == (True, 1)


def test_old_counts_are_forgotten(time_machine):
    hit(TWO_AN_HOUR, "olive")
    time_machine.shift(timedelta(days=3))
    hit(TWO_AN_HOUR, "sam")

    assert forget_old(now=NOW + timedelta(days=3)) == 1
    assert Usage.objects.get().key == "test:sam"


@pytest.mark.django_db(transaction=True)
def test_simultaneous_callers_are_all_counted():
    verdicts = at_once(*[lambda: hit(TWO_AN_HOUR, "olive")] * 4)

    assert sorted(verdict.allowed for verdict in verdicts) == [False, False, True, True]
