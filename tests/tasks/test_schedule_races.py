"""Two schedulers at once, on two connections."""

import threading
from concurrent.futures import ThreadPoolExecutor

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


def test_a_scheduler_that_looked_before_another_committed_starts_nothing_twice(owner):
    for _ in range(20):
        make_task(owner, next_run_at=NOW)

    def schedule() -> None:
        try:
            for _ in range(10):
                start_due(now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor() as threads:
        for ended in [threads.submit(schedule) for _ in range(4)]:
            ended.result()

    assert Execution.objects.count() == 20
    assert not Execution.objects.filter(status="failed").exists()
