"""A machine whose clock is ten minutes ahead of the database's."""

from datetime import timedelta

import pytest
from django.utils import timezone

from executions.models import Execution
from tasks.jobs import start_due_tasks
from tests.support.database_clock import fast_machine
from tests.support.factories import make_pending_execution, make_task
from tests.support.run_visits import claimed, take

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def in_hand(owner) -> Execution:
    """An execution that a worker has just taken."""
    execution = make_pending_execution(make_task(owner))
    assert claimed(execution.pk)
    return execution


def test_it_takes_no_execution_that_another_worker_has_in_hand(in_hand):
    with fast_machine():
        assert not take().visits

    in_hand.refresh_from_db()
    assert (in_hand.status, in_hand.attempt_count) == ("running", 1)


def test_it_recovers_no_execution_that_another_worker_has_in_hand(in_hand):
    with fast_machine():
        start_due_tasks(0)

    in_hand.refresh_from_db()
    assert in_hand.status == "running"


def test_it_starts_no_visit_before_its_time(owner):
    make_task(owner, next_run_at=timezone.now() + timedelta(minutes=5))

    with fast_machine():
        start_due_tasks(0)

    assert not Execution.objects.exists()


def test_an_execution_asked_for_there_is_due_at_once(owner, owner_client):
    task = make_task(owner)

    with fast_machine():
        owner_client.post(f"/api/v1/tasks/{task.pk}/execute")

    assert len(take().visits) == 1
