"""What migrations make of the rows that are there."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from executions.models import Execution
from tests.factories import NOW, days, make_execution, make_pending_execution, make_task


def migrate(target: str) -> None:
    executor = MigrationExecutor(connection)
    executor.migrate([("executions", target)])


@pytest.mark.django_db(transaction=True)
def test_executions_that_no_worker_has_begun_get_the_time_of_creation(owner):
    pending = make_pending_execution(make_task(owner))
    answered = make_execution(make_task(owner), created_at=NOW - days(1), started_at=NOW)
    leaves = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        migrate("0001_initial")
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE executions_execution SET started_at = NULL WHERE id = %s", [pending.pk]
            )

        migrate("0002_execution_started_at_never_null")
    finally:
        MigrationExecutor(connection).migrate(leaves)

    started = dict(Execution.objects.values_list("id", "started_at"))
    assert started == {pending.pk: pending.created_at, answered.pk: NOW}
