"""When a task is visited again after it failed."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.next_visit import after_failure
from tests.support.factories import NOW

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

#: The minutes to the next visit after one, two, three … failed runs.
WAITS = {
    5 * MINUTE: [1, 2, 4, 5, 5, 5, 5, 5, 5],
    15 * MINUTE: [1, 2, 4, 8, 15, 15, 15, 15, 15],
    HOUR: [1, 2, 4, 8, 16, 32, 60, 60, 60],
    DAY: [1, 2, 4, 8, 16, 32, 60, 60, 60],
    7 * DAY: [1, 2, 4, 8, 16, 32, 60, 60, 60],
}


@pytest.mark.parametrize("interval", WAITS, ids=str)
def test_the_waits_double_up_to_the_interval_or_an_hour(interval):
    waits = [
        (after_failure(failed_runs=runs, now=NOW, regular_at=NOW + interval) - NOW) / MINUTE
        for runs in range(1, 10)
    ]

    assert waits == WAITS[interval]


def test_a_regular_visit_that_comes_sooner_is_not_missed():
    at = after_failure(failed_runs=7, now=NOW, regular_at=NOW + 10 * MINUTE)

    assert at == NOW + 10 * MINUTE


def test_a_regular_visit_that_was_missed_while_failing_is_made_up_at_once():
    assert after_failure(failed_runs=7, now=NOW, regular_at=NOW - HOUR) == NOW


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        (timedelta(seconds=10), MINUTE),
        (2 * HOUR, 2 * HOUR),
        (DAY, DAY),
        (30 * DAY, DAY),
        (-HOUR, MINUTE),
    ],
    ids=str,
)
def test_a_server_may_ask_for_a_longer_wait_up_to_a_day_but_not_for_a_shorter(asked, wait):
    at = after_failure(
        failed_runs=1, now=NOW, regular_at=NOW + 15 * MINUTE, retry_after=NOW + asked
    )

    assert at == NOW + wait


durations = st.timedeltas(timedelta(0), 40 * DAY)


@given(st.integers(1, 10**9), durations)
def test_a_failed_visit_never_puts_a_task_off_by_more_than_an_hour(runs, interval):
    at = after_failure(failed_runs=runs, now=NOW, regular_at=NOW + interval)

    assert NOW <= at <= NOW + min(interval, HOUR)


@given(st.integers(1, 10**9), durations, durations)
def test_no_server_silences_a_task_for_more_than_a_day(runs, interval, asked):
    at = after_failure(
        failed_runs=runs, now=NOW, regular_at=NOW + interval, retry_after=NOW + asked
    )

    assert min(NOW + asked, NOW + DAY) <= at <= NOW + max(min(interval, HOUR), min(asked, DAY))


@given(st.integers(1, 1000), durations)
def test_the_next_wait_is_never_shorter_than_the_last(runs, interval):
    waits = [
        after_failure(failed_runs=count, now=NOW, regular_at=NOW + interval)
        for count in (runs, runs + 1)
    ]

    assert waits == sorted(waits)
