"""Two workers reach for the same execution at the same moment."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from executions.models import Execution
from tests.support.factories import NOW, make_pending_execution, make_task
from tests.support.receivers import DEADLINE_S

WORKERS = 2


@pytest.mark.django_db(transaction=True)
def test_an_execution_is_claimed_by_one_worker_only(owner):
    execution = make_pending_execution(make_task(owner))
    barrier = threading.Barrier(WORKERS, timeout=DEADLINE_S)

    def work(_: int) -> bool:
        try:
            with transaction.atomic():
                mine = Execution.objects.get(pk=execution.pk)
                barrier.wait()
                return mine.claim(now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as workers:
        won = list(workers.map(work, range(WORKERS)))

    assert sorted(won) == [False, True]
    execution.refresh_from_db()
    assert (execution.status, execution.attempt_count) == ("running", 1)
