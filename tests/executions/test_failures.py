"""How patient each kind of failure is."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.failures import FailureKind, next_attempt_at
from tests.support.factories import NOW

MINUTES = 60

#: The seconds between askings, until it is given up.
WAITS = {
    # 3 retries from 30 s, times 3
    FailureKind.RATE_LIMIT: [30, 90, 270],
    # 3 retries from 10 s, times 3
    FailureKind.TIMEOUT: [10, 30, 90],
    FailureKind.NETWORK: [10, 30, 90],
    # 2 retries from 60 s, times 3
    FailureKind.AGENT_ERROR: [60, 180],
    FailureKind.USER_ERROR: [],
    FailureKind.SYSTEM_ERROR: [5 * MINUTES],
}


def test_every_kind_of_failure_has_its_waits():
    assert set(WAITS) == set(FailureKind)


@pytest.mark.parametrize(
    ("kind", "attempt", "wait_s"),
    [
        (kind, attempt, wait_s)
        for kind, waits in WAITS.items()
        for attempt, wait_s in enumerate(waits, 1)
    ],
)
def test_a_failure_is_asked_again_after_its_wait(kind, attempt, wait_s):
    at = next_attempt_at(kind, attempt=attempt, now=NOW, jitter=0.5)

    assert at == NOW + timedelta(seconds=wait_s)


@pytest.mark.parametrize("kind", FailureKind)
@pytest.mark.parametrize("more", [1, 2, 30])
def test_a_failure_is_given_up_after_its_last_retry(kind, more):
    assert next_attempt_at(kind, attempt=len(WAITS[kind]) + more, now=NOW, jitter=0.5) is None


@pytest.mark.parametrize("kind", FailureKind)
def test_retries_end_within_ten_minutes(kind):
    at = NOW
    for attempt in range(1, 100):
        due = next_attempt_at(kind, attempt=attempt, now=at, jitter=1)
        if due is None:
            break
        at = due

    assert at - NOW <= timedelta(minutes=10)


@pytest.mark.parametrize(("asked_s", "wait_s"), [(10, 30), (30, 30), (31, None), (86400, None)])
def test_a_retry_that_would_come_before_the_server_wants_it_is_left_to_the_next_visit(
    asked_s, wait_s
):
    at = next_attempt_at(
        FailureKind.RATE_LIMIT,
        attempt=1,
        now=NOW,
        jitter=0.5,
        retry_after=NOW + timedelta(seconds=asked_s),
    )

    assert at == (None if wait_s is None else NOW + timedelta(seconds=wait_s))


@given(
    st.sampled_from([(kind, n) for kind, waits in WAITS.items() for n in range(len(waits))]),
    st.floats(0, 1),
)
def test_jitter_moves_a_wait_by_at_most_a_tenth(failure, jitter):
    kind, index = failure
    nominal = timedelta(seconds=WAITS[kind][index])

    at = next_attempt_at(kind, attempt=index + 1, now=NOW, jitter=jitter)

    assert at is not None
    assert 0.9 * nominal <= at - NOW <= 1.1 * nominal


@pytest.mark.parametrize(("jitter", "wait_s"), [(0, 27), (1, 33)])
def test_jitter_reaches_a_tenth_either_way(jitter, wait_s):
    at = next_attempt_at(FailureKind.RATE_LIMIT, attempt=1, now=NOW, jitter=jitter)

    assert at == NOW + timedelta(seconds=wait_s)
