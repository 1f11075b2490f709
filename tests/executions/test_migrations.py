"""What migrations make of the rows that are there."""

import pytest
from django.db import connection

from executions.models import Execution
from tests.support.factories import NOW, days, make_execution, make_pending_execution, make_task
from tests.support.older_schema import migrated_back


@pytest.mark.django_db(transaction=True)
def test_executions_that_no_worker_has_begun_get_the_time_of_creation(owner):
    pending = make_pending_execution(make_task(owner))
    answered = make_execution(make_task(owner), created_at=NOW - days(1), started_at=NOW)

    with migrated_back("executions", "0001_initial"), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE executions_execution SET started_at = NULL WHERE id = %s", [pending.pk]
        )

    started = dict(Execution.objects.values_list("id", "started_at"))
    assert started == {pending.pk: pending.created_at, answered.pk: NOW}
