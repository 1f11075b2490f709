"""When a schedule has the next visit."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.visit_schedule import BadSchedule, check_zone, next_visit, parse
from tests.support.factories import NOW

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def visit(schedule: str, zone: str = "UTC", *, after=NOW, jitter=0.5) -> datetime:
    return next_visit(schedule, zone, after=after, interval=15 * MINUTE, jitter=jitter)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("auto", "auto"),
        (" Auto ", "auto"),
        ("every 30 minutes", "every 30 minutes"),
        ("Every  1 Hour", "every 1 hour"),
        ("every 7 days", "every 7 days"),
        ("*/5 * * * *", "*/5 * * * *"),
        ("0  9 * * MON-FRI", "0 9 * * MON-FRI"),
        ("0 0 L * *", "0 0 L * *"),
        ("0 0 29 2 *", "0 0 29 2 *"),
    ],
)
def test_a_schedule_is_stored_in_one_form(text, stored):
    assert parse(text, minimum=5 * MINUTE) == stored


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("every minute", "Write auto"),
        ("every -5 minutes", "Write auto"),
        ("every ٣٠ minutes", "Write auto"),
        ("@hourly", "Write auto"),
        ("1 2 3 4", "Write auto"),
        ("61 * * * *", "These are not five cron fields: bad minute."),
        ("0 0 31 2 *", "These are not five cron fields: bad day-of-month."),
        ("every 0 minutes", "only 0 minutes apart; here they must be at least 5 minutes apart."),
        ("*/4 * * * *", "only 4 minutes apart"),
        # 56 and 0 are four minutes apart.
        ("*/7 * * * *", "only 4 minutes apart"),
        # The last visit of a day and the first of the next one.
        ("1,59 0,23 * * *", "only 2 minutes apart"),
    ],
)
def test_what_is_no_schedule_is_told_what_to_write(text, said):
    with pytest.raises(BadSchedule) as refused:
        parse(text, minimum=5 * MINUTE)

    assert said in str(refused.value)


@given(st.lists(st.from_regex(r"[0-9LW*/,#-]{1,5}", fullmatch=True), min_size=5, max_size=5))
def test_whatever_five_words_are_written_there_is_a_visit_or_a_sentence(words):
    try:
        schedule = parse(" ".join(words), minimum=MINUTE)
    except BadSchedule as refused:
        assert str(refused)  # noqa: PT017 - either is right
    else:
        assert visit(schedule, "Europe/Berlin") > NOW


@given(st.floats(0, 1))
def test_intervals_vary_by_a_tenth(jitter):
    assert 54 * MINUTE <= visit("every 1 hour", jitter=jitter) - NOW <= 66 * MINUTE
    assert 13.5 * MINUTE <= visit("auto", jitter=jitter) - NOW <= 16.5 * MINUTE


def test_tasks_that_were_created_together_do_not_stay_together():
    assert visit("every 1 hour", jitter=0) != visit("every 1 hour", jitter=1)


@pytest.mark.parametrize("jitter", [0, 1])
def test_a_time_that_cron_fields_name_is_kept(jitter):
    assert visit("30 9 * * *", jitter=jitter) == datetime(2026, 3, 4, 9, 30, tzinfo=UTC)


def test_a_visit_at_its_own_time_is_followed_by_the_next_day():
    at = datetime(2026, 3, 4, 9, tzinfo=UTC)

    assert visit("0 9 * * *", after=at) == at + timedelta(days=1)


@pytest.mark.parametrize(
    ("schedule", "after", "at"),
    [
        # 9:00 in Berlin is 8:00 UTC in winter and 7:00 UTC in summer, from 29 March on.
        ("0 9 * * *", "2026-03-28T07:00Z", "2026-03-28T08:00Z"),
        ("0 9 * * *", "2026-03-28T09:00Z", "2026-03-29T07:00Z"),
        # 2:30 is skipped: the clock goes from 2:00 to 3:00, which is 1:00 UTC.
        ("30 2 * * *", "2026-03-28T12:00Z", "2026-03-29T01:00Z"),
        ("30 2 * * *", "2026-03-29T01:00Z", "2026-03-30T00:30Z"),
        # 2:30 comes twice on 25 October: at 0:30 and at 1:30 UTC.
        ("30 2 * * *", "2026-10-24T12:00Z", "2026-10-25T00:30Z"),
        ("30 2 * * *", "2026-10-25T00:30Z", "2026-10-26T01:30Z"),
        # Each hour stays each hour.
        ("30 * * * *", "2026-10-25T00:30Z", "2026-10-25T01:30Z"),
        ("30 * * * *", "2026-03-29T00:30Z", "2026-03-29T01:30Z"),
    ],
)
def test_cron_fields_follow_the_local_clock(schedule, after, at):
    found = visit(schedule, "Europe/Berlin", after=datetime.fromisoformat(after))

    assert found == datetime.fromisoformat(at)


def test_a_zone_that_was_removed_from_the_machine_counts_as_utc():
    assert visit("30 9 * * *", "Mars/Olympus") == datetime(2026, 3, 4, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/Ushuaia"])
def test_a_zone_of_the_iana_database_is_taken(name):
    check_zone(name)


@pytest.mark.parametrize("name", ["", "CET+1", "europe/berlin", "/etc/localtime", "localtime\0"])
def test_any_other_zone_is_told_what_to_write(name):
    with pytest.raises(BadSchedule, match=r"such as Europe/Berlin or UTC\.$"):
        check_zone(name)
