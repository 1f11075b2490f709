"""How visits are seen to do: which are overdue, and which tasks fail."""

from datetime import timedelta

import pytest
from django.db import connection

from executions.models import Execution
from executions.monitors import UNDECRYPTABLE
from tasks.metrics import visit_status
from tasks.models import Task
from tests.support.factories import NOW, make_execution, make_pending_execution, make_task
from tests.support.run_visits import claimed

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)


def ago(seconds: float):
    return NOW - timedelta(seconds=seconds)


def overdue() -> tuple[int, float]:
    status = visit_status(now=NOW)
    return status.overdue, status.oldest_overdue_s


def make_running_execution(task: Task, *, leased_until) -> Execution:
    return make_pending_execution(
        task, status="running", next_attempt_at=None, leased_until=leased_until
    )


def test_nothing_is_overdue(owner):
    make_task(owner, next_run_at=LATER)
    make_task(owner, state="paused")

    assert overdue() == (0, 0)


def test_a_due_task_is_overdue_until_its_execution_is_made(owner):
    task = make_task(owner, next_run_at=ago(80))
    before = overdue()

    make_pending_execution(task, next_attempt_at=ago(30))

    assert (before, overdue()) == ((1, 80), (1, 30))


def test_a_task_whose_owner_is_switched_off_is_not_overdue(owner, stranger):
    make_task(owner, next_run_at=ago(80))
    make_task(stranger, next_run_at=ago(90))
    stranger.is_active = False
    stranger.save()

    assert overdue() == (1, 80)


def test_an_execution_is_overdue_from_its_time_until_a_worker_claims_it(owner):
    execution = make_pending_execution(
        make_task(owner, next_run_at=ago(600)), next_attempt_at=ago(30)
    )
    retrying = make_task(owner, next_run_at=ago(600))
    make_pending_execution(retrying, status="retrying", next_attempt_at=LATER)
    before = overdue()

    assert claimed(execution.pk, now=NOW)

    assert (before, overdue()) == ((1, 30), (0, 0))


def test_what_a_dead_worker_left_is_overdue_when_its_lease_has_run_out(owner):
    make_running_execution(make_task(owner, next_run_at=ago(600)), leased_until=ago(20))
    make_running_execution(make_task(owner, next_run_at=ago(600)), leased_until=LATER)

    assert overdue() == (1, 20)


def test_all_that_is_overdue_is_counted_and_the_oldest_tells_the_lateness(owner):
    make_task(owner, next_run_at=ago(10))
    make_pending_execution(make_task(owner), next_attempt_at=ago(30))
    make_running_execution(make_task(owner), leased_until=ago(20))

    assert overdue() == (3, 30)


def test_tasks_that_fail_are_counted_and_those_whose_headers_no_key_decrypts(owner):
    headers = {"Cookie": "session=1"}
    failing = {"failed_run_count": 2, "failing_since": ago(600)}
    failed = {"status": "failed", "error_message": UNDECRYPTABLE, "result": None}
    make_task(owner)
    make_task(owner, **failing)
    paused = make_task(owner, state="paused", request_headers=headers, **failing)
    make_execution(paused, **failed)
    undecryptable = make_task(owner, request_headers=headers, **failing)
    make_execution(undecryptable, **failed)
    make_pending_execution(undecryptable, created_at=LATER)
    with_another_error_since = make_task(owner, request_headers=headers, **failing)
    make_execution(with_another_error_since, **failed)
    make_execution(
        with_another_error_since, created_at=LATER, **{**failed, "error_message": "No such host."}
    )

    status = visit_status(now=NOW)

    assert (status.failing, status.undecryptable) == (3, 1)


@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (Task.objects.overdue(NOW), "task_due"),
        (Task.objects.failing(), "task_failing"),
        (Execution.objects.due(NOW), "execution_due"),
        (Execution.objects.abandoned(NOW), "execution_leased"),
    ],
    ids=["overdue", "failing", "due", "abandoned"],
)
def test_an_index_finds_them(owner, only_index_scans, rows, index):
    # Enough rows for the planner's choice not to depend on what other tests have left in its
    # statistics.
    Task.objects.bulk_create(Task(user=owner, next_run_at=LATER) for _ in range(500))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE accounts_user, tasks_task, executions_execution")

    assert f"using {index} on" in rows.explain()


def test_the_status_costs_seven_queries_however_many_tasks_there_are(
    owner, django_assert_num_queries
):
    for _ in range(20):
        make_task(owner, failed_run_count=1)

    with django_assert_num_queries(7):
        visit_status(now=NOW)
