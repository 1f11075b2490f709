from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from desk.cards import percent, time_text
from desk.chart import ORDER, Part, chart_of, round_number
from desk.periods import Period, hours
from desk.sends import Bar, SendFigures
from notifications.admin.sends import COLORS
from notifications.models import SendStatus

MORNING = datetime(2026, 3, 4, 9, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("least", "rounded"),
    [(0, 2), (1, 2), (3, 4), (10, 10), (11, 20), (61, 80), (999, 1000), (1001, 2000)],
)
def test_the_upper_end_is_a_round_number(least, rounded):
    assert round_number(least) == rounded


def test_the_parts_of_a_bar_are_as_high_as_their_counts():
    since = datetime(2026, 3, 4, tzinfo=UTC)
    bar = Bar(
        since=since,
        until=since + timedelta(days=1),
        counts={SendStatus.FAILED: 5, SendStatus.SENT: 10},
    )
    figures = SendFigures(
        bars=(bar,), is_by_hour=False, latency_since=since, p50_ms=None, p95_ms=None
    )

    [column] = chart_of(figures).columns

    assert [(part.status, part.height) for part in column.parts] == [("sent", 50), ("failed", 25)]
    assert (column.text, column.label) == ("Wednesday 4 Mar: 10 sent, 5 failed", "4 Mar")


def test_every_status_has_a_color_of_its_own_which_is_that_of_the_lists():
    parts = [Part(status=status, count=1, height=1) for status in SendStatus]

    assert {*ORDER} == {*SendStatus}
    assert len({part.css for part in parts}) == len(parts)
    assert all(COLORS.get(part.status, "plain") in part.css for part in parts)


def test_every_color_is_in_the_stylesheet():
    css = Path(str(finders.find("desk/home.css"))).read_text()

    for status in SendStatus:
        selector = Part(status=status, count=1, height=1).css.replace(" ", ".")
        assert f".{selector} {{" in css


def test_the_last_24_hours_end_with_this_hour():
    found = hours(MORNING)

    assert len(found) == 25
    assert (found[0].isoformat(), found[-1].isoformat()) == (
        "2026-03-03T10:00:00+00:00",
        "2026-03-04T10:00:00+00:00",
    )


@pytest.mark.parametrize(
    ("period", "first"),
    [(Period.DAY, "2026-03-03"), (Period.WEEK, "2026-02-26"), (Period.MONTH, "2026-02-03")],
)
def test_the_days_of_a_period_end_with_today(period, first):
    days = period.days(MORNING)

    assert days[0].date().isoformat() == first
    assert days[-1].date().isoformat() == "2026-03-05"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.123, "123 ms"),
        (1.25, "1.2 s"),
        (59, "59.0 s"),
        (60, "1 min"),
        (7200, "2 h"),
        (9e5, "10 d"),
    ],
)
def test_a_time_is_told_in_its_largest_unit(seconds, text):
    assert time_text(seconds) == text


@pytest.mark.parametrize(
    ("part", "text"), [(1, "100%"), (0.99999, "99.9%"), (0.5, "50%"), (0, "0%")]
)
def test_a_rate_is_only_complete_if_nothing_failed(part, text):
    assert percent(part) == text
