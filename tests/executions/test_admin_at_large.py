"""The admin's list of executions in a large table."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.support.factories import NOW, make_task
from tests.support.plans import buffers, executed_plan, scans_of

LIST = reverse("admin:executions_execution_changelist")
#: Most buffers that a query may touch. It finds 1,001 rows, each in a buffer of its own at worst.
MOST_BUFFERS = 3000

#: 20,000 executions, a minute apart. Those that failed are the oldest.
FILL = """
INSERT INTO executions_execution (
    id, task_id, user_id, status, notify, attempt_count, created_at, started_at, completed_at,
    grounding_sources, notification
)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, %(task)s, %(user)s,
       CASE WHEN i <= 2000 THEN 'failed' ELSE 'success' END, true, 1, at, at, at, '[]',
       CASE WHEN i > 2000 AND i %% 10 = 0 THEN 'Met.' END
FROM generate_series(1, 20000) i, LATERAL (SELECT %(now)s + i * interval '1 minute' AS at) time
"""


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"status__exact": "failed"},
        {"status__exact": "success"},
        {"status__exact": "running"},
        {"notification__isempty": "0"},
        {"notification__isempty": "1"},
        {"q": "task"},
        {"p": "20"},
    ],
    ids=str,
)
def test_the_list_reads_few_blocks_by_an_index(operator_client, owner, query):
    task = make_task(owner)
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"task": task.pk, "user": owner.pk, "now": NOW})
        # What other tests have rolled back stays in the indexes otherwise.
        cursor.execute("REINDEX TABLE executions_execution")
        cursor.execute("ANALYZE executions_execution")
    query = {name: str(task.pk) if value == "task" else value for name, value in query.items()}

    with CaptureQueriesContext(connection) as queries:
        page = operator_client.get(LIST, query)

    assert page.context["cl"].result_count == (0 if "running" in query.values() else 1000)
    own = [query["sql"] for query in queries if 'FROM "executions_execution"' in query["sql"]]
    assert own
    for plan in map(executed_plan, own):
        assert "Seq Scan" not in scans_of("executions_execution", plan)
        assert buffers(plan) <= MOST_BUFFERS
