"""Two workers reach for the same execution at the same moment."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from tasks.visits.claim import NOBODY, parameters, read
from tasks.visits.statements import CLAIM
from tests.support.factories import make_pending_execution, make_task
from tests.support.receivers import DEADLINE_S

WORKERS = 2


@pytest.mark.django_db(transaction=True)
def test_an_execution_is_claimed_by_one_worker_only(owner):
    execution = make_pending_execution(make_task(owner))
    barrier = threading.Barrier(WORKERS, timeout=DEADLINE_S)

    def work(_: int) -> int:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                barrier.wait()
                cursor.execute(CLAIM, parameters(most=1, free=300, after=NOBODY))
                return len(read(cursor.fetchone(), after=NOBODY).visits)
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as workers:
        won = list(workers.map(work, range(WORKERS)))

    assert sorted(won) == [0, 1]
    execution.refresh_from_db()
    assert (execution.status, execution.attempt_count) == ("running", 1)
