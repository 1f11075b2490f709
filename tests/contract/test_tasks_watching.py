"""The section "Tasks": when a task's pages are visited, and with which headers."""

import pytest

from executions.monitors import Answer
from tasks.models import Task
from tasks.run import claim, settle, start
from tests.support.api_calls import AT_NOW, QUESTION, TASKS, new_task, tell
from tests.support.factories import NOW, make_pending_execution

pytestmark = pytest.mark.usefixtures("at_now")


def url(task) -> str:
    return f"{TASKS}/{task['id']}"


def test_a_task_without_a_schedule_has_auto(owner_client):
    """`schedule` is `auto` (the default: the monitor's answer decides, after 15 minutes unless a
    setting says otherwise), … `timezone` (IANA name, default `UTC`)."""
    task = new_task(owner_client)
    tell(owner_client, task)

    shown = owner_client.get(url(task)).json()

    assert (shown["schedule"], shown["timezone"]) == ("auto", "UTC")
    # This answer leaves it to the scheduler: a day.
    assert shown["next_run"] == "2026-03-05T09:00:10Z"


@pytest.mark.parametrize(
    ("sent", "next_run"),
    [
        ({"schedule": "every 30 minutes"}, "2026-03-04T09:30:10Z"),
        ({"schedule": "every 2 days"}, "2026-03-06T09:00:10Z"),
        ({"schedule": "0 9 * * *"}, "2026-03-05T09:00:00Z"),
        ({"schedule": "0 9 * * *", "timezone": "America/New_York"}, "2026-03-04T14:00:00Z"),
    ],
)
def test_a_task_is_visited_on_its_schedule(owner_client, sent, next_run):
    """`every <n> minutes|hours|days`, or five cron fields, read in `timezone`"""
    task = new_task(owner_client, **sent)
    tell(owner_client, task)

    shown = owner_client.get(url(task)).json()

    assert {name: shown[name] for name in sent} == sent
    assert (task["next_run"], shown["next_run"]) == (AT_NOW, next_run)


@pytest.mark.parametrize(
    ("schedule", "visits"),
    [
        ("every 1 hour", ["2026-03-04T09:54:10Z", "2026-03-04T10:06:10Z"]),
        ("0 10 * * *", ["2026-03-04T10:00:00Z", "2026-03-04T10:00:00Z"]),
    ],
)
def test_only_intervals_vary(owner_client, schedule, visits):
    """Intervals vary by
    up to 10 %; a time that cron fields name is kept."""
    task = new_task(owner_client, schedule=schedule)
    answer = Answer(
        condition_met=False, notification=None, evidence="Seen.", confidence=100, state={}
    )

    found = []
    for jitter in (0, 1):
        execution = start(task=Task.objects.get(), now=NOW)
        claimed = claim(execution.pk, now=NOW)
        settle(claimed[0], answer, now=NOW, jitter=jitter)
        found.append(owner_client.get(url(task)).json()["next_run"])

    assert found == visits


@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_new_schedule_sets_the_next_visit(owner_client, method):
    """A new `schedule` or `timezone` of an active task sets `next_run`."""
    task = new_task(owner_client)
    change = getattr(owner_client, method)

    cron = change(url(task), {"schedule": "0 12 * * *"}, format="json").json()
    moved = change(url(task), {"timezone": "Europe/Berlin"}, format="json").json()
    auto = change(url(task), {"schedule": "auto"}, format="json").json()

    assert cron["next_run"] == "2026-03-04T12:00:00Z"
    assert moved["next_run"] == "2026-03-04T11:00:00Z"
    assert auto["next_run"] == "2026-03-04T09:15:10Z"


def test_sending_back_the_same_schedule_moves_no_visit(owner_client):
    """A new `schedule` or `timezone` of an active task sets `next_run`."""
    task = new_task(owner_client, schedule="every 1 hour")

    again = owner_client.put(url(task), task, format="json").json()

    assert again["next_run"] == task["next_run"] == AT_NOW


def test_a_paused_task_gets_a_schedule_and_no_visit(owner_client):
    """A new `schedule` or `timezone` of an active task sets `next_run`."""
    task = new_task(owner_client, state="paused")

    changed = owner_client.patch(url(task), {"schedule": "every 1 hour"}, format="json").json()

    assert (changed["schedule"], changed["next_run"]) == ("every 1 hour", None)


def test_a_visit_under_way_keeps_its_own_time(owner_client):
    """While a visit is under way `next_run` is that visit's own due time."""
    task = new_task(owner_client)
    make_pending_execution(Task.objects.get())

    changed = owner_client.patch(url(task), {"schedule": "every 1 hour"}, format="json").json()

    assert changed["next_run"] == AT_NOW


@pytest.mark.parametrize(
    ("member", "value", "said"),
    [
        ("schedule", "hourly", "Write auto, an interval such as every 30 minutes"),
        ("schedule", "0 9 * * * *", "Write auto, an interval such as every 30 minutes"),
        ("schedule", 15, "Write auto, an interval such as every 30 minutes"),
        ("schedule", "", "Write auto, an interval such as every 30 minutes"),
        ("schedule", "0 25 * * *", "These are not five cron fields: bad hour."),
        ("schedule", "every 4 minutes", "Two visits would be only 4 minutes apart"),
        ("schedule", "* * * * *", "Two visits would be only 1 minute apart"),
        ("timezone", "Berlin", "Write the IANA name of a time zone, such as Europe/Berlin"),
        ("timezone", "../etc/passwd", "Write the IANA name of a time zone"),
    ],
)
def test_another_schedule_is_422_and_says_what_to_write(owner_client, member, value, said):
    """Any other value is
    422 that says what to write, as is one that leaves less than 5 minutes (setting) between two
    visits."""
    response = owner_client.post(TASKS, {**QUESTION, member: value}, format="json")

    assert response.status_code == 422
    [fault] = response.json()["detail"]
    assert fault["loc"] == ["body", member]
    assert fault["msg"].startswith(said)


def test_the_shortest_wait_is_a_setting(owner_client, settings):
    """less than 5 minutes (setting) between two visits"""
    settings.TORALE_MINIMUM_INTERVAL_MINUTES = 1

    assert new_task(owner_client, schedule="* * * * *")["schedule"] == "* * * * *"
