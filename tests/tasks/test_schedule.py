from datetime import timedelta

import pytest
from django.db import DatabaseError

from executions.models import ASKING_LEASE, Execution
from tasks import schedule
from tasks.schedule import recover, start_due
from tests.support.factories import NOW, make_pending_execution, make_task, refused_rows
from tests.support.run_visits import claimed

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


def test_a_visit_that_cannot_be_started_stops_no_other_and_its_owner_is_told(owner, owner_client):
    bad, good = (make_task(owner, next_run_at=NOW) for _ in range(2))

    condition = "NEW.status = 'pending' AND NEW.task_id::text = %s"
    with refused_rows("executions_execution", condition, str(bad.pk)):
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


def test_a_full_disk_puts_no_visit_off(owner):
    tasks = [make_task(owner, next_run_at=NOW) for _ in range(2)]

    with (
        refused_rows("executions_execution", "true", sqlstate=DISK_FULL),
        pytest.raises(DatabaseError),
    ):
        start_due(now=NOW)

    assert not Execution.objects.exists()
    for task in tasks:
        task.refresh_from_db()
        assert (task.next_run_at, task.failed_run_count) == (NOW, 0)


def test_a_task_of_a_user_who_is_switched_off_is_put_off(owner):
    task = make_task(owner, next_run_at=NOW)
    owner.is_active = False
    owner.save()

    start_due(now=NOW)

    task.refresh_from_db()
    assert not Execution.objects.exists()
    assert task.next_run_at == NOW + timedelta(hours=1)


def test_an_execution_whose_worker_died_is_due_again(owner):
    execution = make_pending_execution(make_task(owner))
    claimed(execution.pk, now=NOW)

    assert recover(now=NOW + ASKING_LEASE - timedelta(seconds=1)) == 0
    assert recover(now=NOW + ASKING_LEASE) == 1

    execution.refresh_from_db()
    assert (execution.status, execution.attempt_count) == ("retrying", 1)
    assert execution.next_attempt_at == NOW + ASKING_LEASE
    assert claimed(execution.pk, now=NOW + ASKING_LEASE)


@pytest.mark.parametrize("tasks", [1, 20])
def test_starting_costs_the_same_queries_for_any_number_of_tasks(
    owner, tasks, django_assert_max_num_queries
):
    for _ in range(tasks):
        make_task(owner, next_run_at=NOW)

    with django_assert_max_num_queries(10):
        start_due(now=NOW)
