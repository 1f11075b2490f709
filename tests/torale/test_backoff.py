"""Delays with jitter."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torale.backoff import jittered

delays = st.timedeltas(timedelta(0), timedelta(days=30))
jitters = st.floats(0, 1)


@pytest.mark.parametrize(
    ("delay", "jitter", "moved"),
    [
        (timedelta(seconds=5), 0, timedelta(seconds=4.5)),  # 5 x 0.9
        (timedelta(seconds=5), 0.5, timedelta(seconds=5)),  # 5 x 1
        (timedelta(seconds=5), 1, timedelta(seconds=5.5)),  # 5 x 1.1
        (timedelta(hours=10), 0.25, timedelta(hours=9.5)),  # 10 x 0.95
        (timedelta(0), 1, timedelta(0)),
    ],
    ids=["earliest", "nominal", "latest", "between", "at once"],
)
def test_a_delay_is_moved_by_up_to_a_tenth(delay, jitter, moved):
    assert jittered(delay, jitter=jitter) == moved


@given(delays, jitters)
def test_a_delay_stays_within_a_tenth_of_its_length(delay, jitter):
    moved = jittered(delay, jitter=jitter)

    rounding = timedelta(microseconds=1)
    assert delay * 0.9 - rounding <= moved <= delay * 1.1 + rounding


@given(delays, jitters, jitters)
def test_a_larger_random_number_never_makes_the_delay_shorter(delay, one, other):
    earlier, later = sorted([one, other])

    assert jittered(delay, jitter=earlier) <= jittered(delay, jitter=later)
