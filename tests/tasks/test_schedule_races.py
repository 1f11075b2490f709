"""Two schedulers at once, on two connections."""

import pytest

from executions.models import Execution
from tasks.schedule import start_due
from tests.support.factories import NOW, make_task
from tests.support.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_schedulers_start_each_task_once(owner):
    for _ in range(20):
        make_task(owner, next_run_at=NOW)

    at_once(*[lambda: start_due(now=NOW)] * 2)

    assert Execution.objects.count() == 20


def test_a_scheduler_that_looked_before_another_committed_starts_nothing_twice(owner):
    for _ in range(20):
        make_task(owner, next_run_at=NOW)

    def schedule() -> None:
        for _ in range(10):
            start_due(now=NOW)

    at_once(*[schedule] * 4)

    assert Execution.objects.count() == 20
    assert not Execution.objects.filter(status="failed").exists()
