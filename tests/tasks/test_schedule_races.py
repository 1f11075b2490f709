"""Two schedulers at once, on two connections."""

import threading

import pytest
from django.db import connection

from executions.models import Execution
from tasks.schedule import start_due
from tests.factories import NOW, make_task

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_schedulers_start_each_task_once(owner):
    for _ in range(20):
        make_task(owner, next_run_at=NOW)
    barrier = threading.Barrier(2)

    def schedule() -> None:
        barrier.wait()
        start_due(now=NOW)
        connection.close()

    threads = [threading.Thread(target=schedule) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Execution.objects.count() == 20
