"""What a load balancer sees, and anybody else."""

from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection, transaction

from tasks.jobs import start_due_tasks
from tasks.models import State
from tests.support.database_clock import fast_machine
from tests.support.factories import NOW, make_pending_execution, make_task
from tests.support.jobs import make_failed_job
from tests.support.older_schema import migrated_back
from torale.clock import DatabaseNow
from torale.models import Heartbeat

pytestmark = pytest.mark.django_db

ALL_IS_WELL = {"status": "ok", "scheduler": "ok", "visits": "ok", "jobs": "ok"}


@pytest.fixture(params=["/readyz", "/readyz/", "/health", "/health/"])
def path(request):
    return request.param


@pytest.fixture
def _scheduler_runs(at_now):
    Heartbeat.objects.update_or_create(name="scheduler", defaults={"at": NOW})


def ago(seconds: float):
    return NOW - timedelta(seconds=seconds)


def test_a_process_whose_database_answers_is_ready(anonymous_client, path):
    Heartbeat.objects.all().delete()
    start_due_tasks(timestamp=0)

    answer = anonymous_client.get(path)

    assert (answer.status_code, answer.json()) == (200, ALL_IS_WELL)


@pytest.mark.parametrize(
    ("seconds_ago", "told"), [(55, "ok"), (65, "late")], ids=["lately", "long ago"]
)
def test_a_scheduler_that_has_not_run_for_a_minute_is_late_but_the_process_ready(
    anonymous_client, seconds_ago, told
):
    Heartbeat.objects.update_or_create(
        name="scheduler", defaults={"at": DatabaseNow() - timedelta(seconds=seconds_ago)}
    )

    answer = anonymous_client.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, ALL_IS_WELL | {"scheduler": told})


@pytest.mark.parametrize("minutes", [10, -10], ids=["fast", "slow"])
def test_a_worker_whose_clock_is_wrong_does_not_make_the_scheduler_late(anonymous_client, minutes):
    Heartbeat.objects.all().delete()
    with fast_machine(ahead=timedelta(minutes=minutes)):
        start_due_tasks(timestamp=0)

    assert anonymous_client.get("/readyz").json()["scheduler"] == "ok"


def test_a_scheduler_that_cannot_look_has_not_run(anonymous_client):
    Heartbeat.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE executions_execution RENAME TO gone")
        with pytest.raises(ProgrammingError), transaction.atomic():
            start_due_tasks(timestamp=0)
        cursor.execute("ALTER TABLE gone RENAME TO executions_execution")

    assert anonymous_client.get("/readyz").json()["scheduler"] == "late"


@pytest.mark.django_db(transaction=True)
def test_a_first_worker_has_a_minute_after_the_migration(anonymous_client):
    with migrated_back("torale", "0001_initial"):
        pass

    assert anonymous_client.get("/readyz").json()["scheduler"] == "ok"


LATE = {
    "a due task without an execution": lambda owner, at: make_task(owner, next_run_at=at),
    "a due execution": lambda owner, at: make_pending_execution(
        make_task(owner, next_run_at=at), next_attempt_at=at
    ),
    "a dead worker's execution": lambda owner, at: make_pending_execution(
        make_task(owner, next_run_at=at), status="running", next_attempt_at=None, leased_until=at
    ),
}


@pytest.mark.usefixtures("_scheduler_runs")
@pytest.mark.parametrize(("seconds", "told"), [(299, "ok"), (301, "late")])
@pytest.mark.parametrize("make", LATE.values(), ids=LATE.keys())
def test_visits_that_are_due_for_five_minutes_are_late(
    anonymous_client, owner, make, seconds, told
):
    make(owner, ago(seconds))

    answer = anonymous_client.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, ALL_IS_WELL | {"visits": told})


@pytest.mark.usefixtures("_scheduler_runs")
def test_a_visit_that_is_under_way_or_to_be_tried_again_is_not_late(anonymous_client, owner):
    running, retrying, resting = (make_task(owner, next_run_at=ago(900)) for _ in range(3))
    make_pending_execution(running, status="running", next_attempt_at=None, leased_until=ago(-60))
    make_pending_execution(retrying, status="retrying", next_attempt_at=ago(-60))
    resting.move_to(State.PAUSED, now=NOW)
    resting.save()

    assert anonymous_client.get("/readyz").json() == ALL_IS_WELL


@pytest.mark.usefixtures("_scheduler_runs")
def test_a_failed_job_is_shown_without_its_name(anonymous_client):
    make_failed_job()

    answer = anonymous_client.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, ALL_IS_WELL | {"jobs": "failed"})


@pytest.mark.usefixtures("_scheduler_runs")
def test_many_late_visits_are_shown_as_one_is_and_cost_the_same(
    anonymous_client, owner, django_assert_num_queries
):
    for _ in range(20):
        make_task(owner, next_run_at=ago(900))
        make_failed_job()

    with django_assert_num_queries(2):
        answer = anonymous_client.get("/readyz")

    assert answer.json() == ALL_IS_WELL | {"visits": "late", "jobs": "failed"}
