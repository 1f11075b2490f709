from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.channels import Outcome
from notifications.delivery.retry import DELAYS, Done, GiveUp, RetryAfter, decide
from tests.support.factories import NOW


def outcome(**fields) -> Outcome:
    return Outcome(started_at=NOW, duration_ms=1, **fields)


def seconds(**parts) -> float:
    return timedelta(**parts).total_seconds()


@pytest.mark.parametrize(
    ("attempt", "wait_s"),
    [
        (1, 5),
        (2, seconds(minutes=5)),
        (3, seconds(minutes=30)),
        (4, seconds(hours=2)),
        (5, seconds(hours=5)),
        (6, seconds(hours=10)),
        (7, seconds(hours=14)),
        (8, seconds(hours=20)),
        (9, seconds(hours=24)),
    ],
)
def test_a_failed_attempt_is_made_again_after(attempt, wait_s):
    decision = decide(outcome(error="500"), attempt=attempt, jitter=0.5)

    assert decision == RetryAfter(timedelta(seconds=wait_s))


def test_the_tenth_attempt_is_the_last():
    assert decide(outcome(error="500"), attempt=10, jitter=0.5) == GiveUp()


def test_what_was_accepted_is_done():
    assert decide(outcome(), attempt=1, jitter=0.5) == Done()


def test_a_permanent_failure_is_given_up_at_once():
    failed = outcome(error="410", is_permanent=True)

    assert decide(failed, attempt=1, jitter=0.5) == GiveUp()


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        pytest.param(timedelta(minutes=10), timedelta(minutes=10), id="longer than ours"),
        pytest.param(timedelta(0), timedelta(seconds=5), id="shorter than ours"),
        pytest.param(timedelta(days=30), timedelta(hours=24), id="capped at a day"),
    ],
)
def test_retry_after_is_honoured(asked, wait):
    asking = outcome(error="429", retry_after=asked)

    assert decide(asking, attempt=1, jitter=0.5) == RetryAfter(wait)


@given(attempt=st.integers(1, len(DELAYS)), jitter=st.floats(0, 1))
def test_the_wait_strays_by_at_most_a_tenth(attempt, jitter):
    decision = decide(outcome(error="500"), attempt=attempt, jitter=jitter)

    assert isinstance(decision, RetryAfter)
    assert abs(decision.wait / DELAYS[attempt - 1] - 1) <= 0.1 + 1e-6
