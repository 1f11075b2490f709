from datetime import timedelta

import pytest
from django.db import DatabaseError
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import ConnectorException

from executions.models import ASKING_LEASE, Execution
from tasks import schedule
from tasks.schedule import recover, start_due
from tests.support.factories import NOW, make_pending_execution, make_task, refused_rows

pytestmark = pytest.mark.django_db

DISK_FULL = "53100"


def test_due_tasks_are_started_and_keep_their_time_until_the_visit_ends(owner):
    due = make_task(owner, next_run_at=NOW)
    make_task(owner, next_run_at=NOW + timedelta(seconds=1))
    make_task(owner, state="paused")

    assert start_due(now=NOW) == 1

    assert Execution.objects.get().task_id == due.pk
    due.refresh_from_db()
    assert due.next_run_at == NOW
    assert ProcrastinateJob.objects.count() == 1


@pytest.mark.parametrize("status", ["pending", "running", "retrying"])
def test_a_task_that_is_being_asked_is_not_asked_twice(owner, status):
    task = make_task(owner, next_run_at=NOW)
    due_or_leased = "leased_until" if status == "running" else "next_attempt_at"
    times = {"next_attempt_at": None, due_or_leased: NOW}
    make_pending_execution(task, status=status, **times)

    assert start_due(now=NOW + timedelta(hours=1)) == 0

    assert Execution.objects.count() == 1


def test_a_task_whose_execution_is_lost_is_visited_again(owner):
    make_task(owner, next_run_at=NOW)
    start_due(now=NOW)
    Execution.objects.all().delete()

    start_due(now=NOW + timedelta(seconds=5))

    assert Execution.objects.count() == 1


def test_visits_under_way_do_not_keep_others_from_being_started(owner, monkeypatch):
    monkeypatch.setattr(schedule, "TASKS_AT_ONCE", 3)
    for _ in range(3):
        make_pending_execution(make_task(owner, next_run_at=NOW - timedelta(hours=1)))
    waiting = make_task(owner, next_run_at=NOW)

    start_due(now=NOW)

    assert Execution.objects.filter(task=waiting).exists()


@pytest.mark.parametrize(
    ("table", "condition"),
    [
        ("executions_execution", "NEW.status = 'pending' AND NEW.task_id::text = %s"),
        (
            "procrastinate_jobs",
            """EXISTS (
                SELECT FROM executions_execution
                WHERE task_id::text = %s AND id::text = NEW.args->>'execution_id'
            )""",
        ),
    ],
    ids=["execution", "job"],
)
def test_a_visit_that_cannot_be_started_stops_no_other_and_its_owner_is_told(
    owner, owner_client, table, condition
):
    bad, good = (make_task(owner, next_run_at=NOW) for _ in range(2))

    with refused_rows(table, condition, str(bad.pk)):
        start_due(now=NOW)

    assert Execution.objects.get(task=good).status == "pending"
    [told] = owner_client.get(f"/api/v1/tasks/{bad.pk}/executions").json()
    assert (told["status"], told["error_message"]) == (
        "failed",
        "The visit could not be started; the details are in the server's log.",
    )
    bad.refresh_from_db()
    assert (bad.next_run_at, bad.failed_run_count) == (NOW + timedelta(minutes=1), 1)


def test_a_visit_of_which_nothing_can_be_stored_is_put_off(owner):
    bad, good = (make_task(owner, next_run_at=NOW) for _ in range(2))

    with refused_rows("executions_execution", "NEW.task_id::text = %s", str(bad.pk)):
        start_due(now=NOW)

    assert Execution.objects.get().task_id == good.pk
    bad.refresh_from_db()
    assert bad.next_run_at == NOW + timedelta(hours=1)


@pytest.mark.parametrize("table", ["executions_execution", "procrastinate_jobs"])
def test_a_full_disk_puts_no_visit_off(owner, table):
    tasks = [make_task(owner, next_run_at=NOW) for _ in range(2)]

    with (
        refused_rows(table, "true", sqlstate=DISK_FULL),
        pytest.raises((DatabaseError, ConnectorException)),
    ):
        start_due(now=NOW)

    assert not Execution.objects.exists()
    for task in tasks:
        task.refresh_from_db()
        assert (task.next_run_at, task.failed_run_count) == (NOW, 0)


def test_an_execution_that_cannot_be_woken_does_not_keep_others_asleep(owner):
    bad, good = (make_pending_execution(make_task(owner)) for _ in range(2))

    with refused_rows("procrastinate_jobs", "NEW.args->>'execution_id' = %s", str(bad.pk)):
        recover(now=NOW + timedelta(minutes=2))

    assert ProcrastinateJob.objects.get().args == {"execution_id": str(good.pk)}


def test_a_task_of_a_user_who_is_switched_off_is_put_off(owner):
    task = make_task(owner, next_run_at=NOW)
    owner.is_active = False
    owner.save()

    start_due(now=NOW)

    task.refresh_from_db()
    assert not Execution.objects.exists()
    assert task.next_run_at == NOW + timedelta(hours=1)


def test_an_execution_whose_worker_died_is_woken(owner):
    execution = make_pending_execution(make_task(owner))
    execution.claim(now=NOW)

    assert recover(now=NOW + ASKING_LEASE) == 0
    assert recover(now=NOW + ASKING_LEASE + timedelta(minutes=2)) == 1
    assert ProcrastinateJob.objects.get().args == {"execution_id": str(execution.pk)}


def test_an_execution_whose_job_was_lost_is_woken(owner):
    make_pending_execution(make_task(owner))

    assert recover(now=NOW) == 0
    assert recover(now=NOW + timedelta(minutes=2)) == 1


@pytest.mark.parametrize("tasks", [1, 20])
def test_starting_costs_two_queries_a_batch_and_one_a_task(
    owner, tasks, django_assert_max_num_queries
):
    for _ in range(tasks):
        make_task(owner, next_run_at=NOW)

    with django_assert_max_num_queries(8 + 2 * tasks):
        start_due(now=NOW)
