"""The limits that an operator sets for the answers of the agent."""

from datetime import timedelta

import pytest

from executions.monitors.agent import AgentMonitor
from executions.monitors.agent.limits import Limits


@pytest.mark.parametrize(
    ("hours", "interval"),
    [
        (24, timedelta(hours=24)),
        (0.5, timedelta(minutes=30)),
        (5 / 60, timedelta(minutes=5)),
        (0.01, timedelta(minutes=5)),
        (0, timedelta(minutes=5)),
        (-1, timedelta(minutes=5)),
        (720, timedelta(days=30)),
        (721, timedelta(days=30)),
        (1e308, timedelta(days=30)),
        (float("inf"), timedelta(days=30)),
    ],
)
def test_an_interval_is_as_near_to_the_planned_one_as_it_may_be(hours, interval):
    limits = Limits(confidence=80, soonest=timedelta(minutes=5), latest=timedelta(days=30))

    assert limits.interval(hours) == interval


def test_the_limits_are_those_of_the_settings(settings):
    settings.TORALE_MIN_CONFIDENCE = 91
    settings.TORALE_MINIMUM_INTERVAL_MINUTES = 7
    settings.TORALE_MAXIMUM_INTERVAL_DAYS = 3

    assert Limits.of_settings() == Limits(
        confidence=91, soonest=timedelta(minutes=7), latest=timedelta(days=3)
    )


def test_the_longest_interval_wins_over_a_shortest_one_that_is_longer(settings):
    settings.TORALE_MINIMUM_INTERVAL_MINUTES = 3 * 24 * 60
    settings.TORALE_MAXIMUM_INTERVAL_DAYS = 1

    assert Limits.of_settings().interval(1) == timedelta(days=1)


@pytest.mark.parametrize(
    ("state", "hours"),
    [
        (None, 24),
        ({}, 24),
        ({"plan": None}, 24),
        ({"plan": "weekly"}, 24),
        ({"plan": {}}, 24),
        ({"plan": {"hours_between_visits": "6"}}, 24),
        ({"plan": {"hours_between_visits": 6}}, 6),
        ({"plan": {"hours_between_visits": 1.5}}, 1.5),
        ({"plan": {"hours_between_visits": 0.001}}, 5 / 60),
        ({"plan": {"hours_between_visits": 1e300}}, 720),
    ],
)
def test_the_time_between_visits_is_that_of_the_plan(state, hours):
    assert AgentMonitor().interval(state) == timedelta(hours=hours)
