from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from executions import prune as pruning
from executions.jobs import prune_executions
from executions.models import Execution
from executions.prune import prune
from tests.support.factories import NOW, days, make_execution, make_pending_execution, make_task

pytestmark = pytest.mark.django_db


@pytest.fixture
def task(owner):
    """A task with an execution of today."""
    task = make_task(owner)
    make_execution(task)
    return task


def aged(task, age: float, **fields) -> Execution:
    at = NOW - days(age)
    return make_execution(task, created_at=at, started_at=at, completed_at=at, **fields)


def prune_silent(**options) -> int:
    return prune(**{"older_than": days(30), "now": NOW, "has_notification": False, **options})


def test_old_ones_without_a_notification_go(task):
    old, young = aged(task, 31), aged(task, 29)
    told = aged(task, 1000, notification="**In stock**")

    assert prune_silent() == 1

    left = Execution.objects.values_list("pk", flat=True)
    assert old.pk not in left
    assert {young.pk, told.pk} <= {*left}


def test_old_ones_with_a_notification_go_at_their_own_age(task):
    silent = aged(task, 1000)
    told = aged(task, 91, notification="**In stock**")
    young = aged(task, 89, notification="**In stock**")

    assert prune_silent(older_than=days(90), has_notification=True) == 1

    left = Execution.objects.values_list("pk", flat=True)
    assert told.pk not in left
    assert {silent.pk, young.pk} <= {*left}


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_failed_and_cancelled_ones_go_too(task, status):
    aged(task, 31, status=status, result=None)

    assert prune_silent() == 1


def test_the_latest_of_each_task_stays(owner):
    tasks = [make_task(owner, state="paused") for _ in range(2)]
    latest = [aged(task, 100) for task in tasks]
    for task in tasks:
        aged(task, 101)

    assert prune_silent() == 2

    assert {*Execution.objects.all()} == {*latest}


def test_what_has_not_ended_stays(task):
    unfinished = make_pending_execution(task, created_at=NOW - days(100))

    assert prune_silent() == 0

    assert Execution.objects.filter(pk=unfinished.pk).exists()


def test_several_batches_are_pruned_and_what_stays_is_passed_over(owner, monkeypatch):
    monkeypatch.setattr(pruning, "EXECUTIONS_PER_STATEMENT", 2)
    # The latest ones of three tasks come first, and some were created at the same moment.
    for _ in range(3):
        aged(make_task(owner), 200)
    task = make_task(owner)
    make_execution(task)
    for age in (100, 100, 100, 99, 98):
        aged(task, age)

    assert prune_silent() == 5

    assert Execution.objects.count() == 4


def test_it_ends_between_two_batches_when_its_worker_is_stopped(task):
    aged(task, 100)

    assert prune_silent(must_end=lambda: True) == 0

    assert Execution.objects.count() == 2


@pytest.mark.parametrize("notification", [None, "**In stock**"])
def test_no_batch_reads_the_whole_table(task, notification):
    # So many new ones that to read all of them costs clearly more than to look up the old ones.
    Execution.objects.bulk_create(
        task.new_execution(
            now=NOW - days(max(0, number - 5000) / 100),
            status="success",
            completed_at=NOW,
            next_attempt_at=None,
            notification=notification,
        )
        for number in range(10_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE executions_execution")
    with CaptureQueriesContext(connection) as queries:
        prune_silent(older_than=days(45), has_notification=notification is not None)

    for query in queries:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {query['sql']}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
        assert "Seq Scan" not in plan, plan
    # A batch is read and deleted, and then there is none.
    assert [query["sql"].split()[0] for query in queries] == ["SELECT", "DELETE", "SELECT"]


@pytest.mark.parametrize(
    ("execution_days", "retention_days", "left"),
    [(0, 0, {"silent", "told"}), (30, 0, {"told"}), (0, 90, {"silent"}), (30, 90, set())],
)
def test_the_nightly_job_follows_the_settings(task, settings, execution_days, retention_days, left):
    settings.TORALE_EXECUTION_DAYS = execution_days
    settings.TORALE_RETENTION_DAYS = retention_days
    old = {"silent": aged(task, 1000), "told": aged(task, 1000, notification="**In stock**")}

    context = SimpleNamespace(should_abort=lambda: False)
    prune_executions(context, 0)  # type: ignore[arg-type]

    assert {
        name for name, one in old.items() if Execution.objects.filter(pk=one.pk).exists()
    } == left


def test_executions_are_kept_for_thirty_days_unless_the_operator_says_otherwise(settings):
    assert settings.TORALE_EXECUTION_DAYS == 30
