"""`manage.py tasks list|pause|resume|complete|run`."""

import csv
import json
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from executions.models import Execution
from tests.support.factories import (
    NOW,
    days,
    make_execution,
    make_pending_execution,
    make_task,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


def run(*arguments: object, err: StringIO | None = None) -> str:
    out = StringIO()
    call_command("tasks", *map(str, arguments), stdout=out, stderr=err or StringIO())
    return out.getvalue()


def names(*arguments: str) -> list[str]:
    """Return the names of the tasks that are listed."""
    shown = run("list", "--format=csv", *arguments)
    return [row["name"] for row in csv.DictReader(shown.splitlines())]


@pytest.fixture
def _some_of_each(owner, stranger):
    make_task(owner, name="calm", next_run_at=NOW + days(1))
    make_task(owner, name="paused", state="paused")
    make_task(stranger, name="due", next_run_at=NOW - days(1))
    fields = {"next_run_at": NOW + days(1), "failed_run_count": 2}
    make_task(stranger, name="failing", failing_since=NOW, **fields)
    make_task(stranger, name="failing long", failing_since=NOW - days(1), **fields)


@pytest.mark.usefixtures("_some_of_each")
@pytest.mark.parametrize(
    ("options", "found"),
    [
        ((), ["failing long", "failing", "due", "paused", "calm"]),
        (("--limit", "2"), ["failing long", "failing"]),
        (("--state", "paused"), ["paused"]),
        (("--user", "owner@example.com"), ["paused", "calm"]),
        (("--failing",), ["failing long", "failing"]),
        (("--overdue",), ["due"]),
        (("--failing", "--user", "owner@example.com"), []),
    ],
    ids=str,
)
def test_the_tasks_that_match_are_listed(options, found):
    assert names(*options) == found


def test_a_row_says_how_the_last_visit_ended(owner):
    task = make_task(owner, name="Lamp", failed_run_count=1, failing_since=NOW)
    make_execution(task, created_at=NOW - days(1))
    make_execution(task, status="failed", error_message="It answered 503.", failure_kind="network")

    [row] = json.loads(run("list", "--format", "json"))

    assert row == {
        "id": str(task.pk),
        "name": "Lamp",
        "user": "owner@example.com",
        "state": "active",
        "next_run_at": "2026-03-04T09:00:10Z",
        "failed_runs": 1,
        "failing_since": "2026-03-04T09:00:10Z",
        "last_run_at": "2026-03-04T09:00:10Z",
        "last_run": "failed",
        "last_error": "It answered 503.",
    }


@pytest.mark.parametrize("tasks", [1, 30])
def test_a_list_takes_two_queries(owner, django_assert_num_queries, tasks):
    for _ in range(tasks):
        make_execution(make_task(owner))

    with django_assert_num_queries(2):
        run("list")


@pytest.mark.parametrize(
    ("before", "subcommand", "after"),
    [
        ("active", "pause", "paused"),
        ("paused", "resume", "active"),
        ("completed", "resume", "active"),
        ("active", "complete", "completed"),
    ],
)
def test_the_state_is_changed(owner, before, subcommand, after):
    task = make_task(owner, state=before)

    run(subcommand, task.pk)

    task.refresh_from_db()
    assert task.state == after


def test_one_that_cannot_be_changed_does_not_stop_the_others(owner):
    paused, active, missing = make_task(owner, state="paused"), make_task(owner), uuid4()
    errors = StringIO()

    with pytest.raises(CommandError, match=r"Failed for 2 of 3\.") as failed:
        run("complete", missing, paused.pk, active.pk, err=errors)

    active.refresh_from_db()
    assert (failed.value.returncode, active.state) == (1, "completed")
    assert errors.getvalue() == (
        f"{missing}: There is no such task.\n"
        f"{paused.pk}: Invalid state transition: paused -> completed\n"
    )


def test_a_user_cannot_have_more_active_tasks_than_by_the_api(owner, settings):
    settings.TORALE_MAX_ACTIVE_TASKS = 1
    make_task(owner)
    errors = StringIO()

    with pytest.raises(CommandError):
        run("resume", make_task(owner, state="paused").pk, err=errors)

    assert "You have 1 active tasks, the most a user may have." in errors.getvalue()


def test_a_task_is_run_now(owner):
    task = make_task(owner, state="paused")

    said = run("run", task.pk)

    execution = Execution.objects.get()
    assert said == f"{task.pk}: Started execution {execution.pk}.\n"
    assert (execution.task, execution.status, execution.notify) == (task, "pending", True)


def test_a_task_that_runs_is_run_again_only_by_force(owner):
    task = make_task(owner)
    open_ = make_pending_execution(task)

    with pytest.raises(CommandError):
        run("run", task.pk)
    run("run", "--force", "--no-notifications", task.pk)

    open_.refresh_from_db()
    assert open_.status == "cancelled"
    assert Execution.objects.open().get().notify is False
