"""What the admin's home page reads does not grow with the history."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from notifications.counts import fold
from notifications.models import NotificationSend
from tasks.models import Task
from tests.support.factories import NOW, make_endpoint, make_execution, make_task
from tests.support.plans import buffers, executed_plan, scans_of

SEND = NotificationSend._meta.db_table
ATTEMPT = "notifications_attempt"
EXECUTION = "executions_execution"
COUNT = "notifications_sendcount"
TABLES = (SEND, ATTEMPT, EXECUTION)
#: Most buffers that a statement may touch. Finding the rows one by one would touch 20,000.
MOST_BUFFERS = 1_000

#: 20,000 sends to two receivers, a minute apart, the last one at NOW. A tenth failed.
FILL_SENDS = """
INSERT INTO notifications_notificationsend (
    id, user_id, task_id, task_name, execution_id, recipient, endpoint_id, host, notification_type,
    status, event_type, error_message, created_at, sent_at, attempt_count, earlier_attempt_count,
    is_for_default_webhook
)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, %(user)s, %(task)s, 'Boots',
       gen_random_uuid(),
       CASE WHEN i %% 2 = 0 THEN 'https://down.example/in' ELSE 'https://up.example/in' END,
       CASE WHEN i %% 2 = 0 THEN %(down)s ELSE %(up)s END, '', 'webhook',
       CASE WHEN i %% 10 = 0 THEN 'failed' ELSE 'sent' END, 'task.condition_met',
       CASE WHEN i %% 10 = 0 THEN 'No.' END, %(now)s::timestamptz - i * interval '1 minute',
       CASE WHEN i %% 10 <> 0 THEN %(now)s::timestamptz - i * interval '59.9 seconds' END, 1, 0,
       false
FROM generate_series(0, 19999) i
"""
FILL_ATTEMPTS = """
INSERT INTO notifications_attempt (
    id, send_id, number, started_at, duration_ms, status, response_status, error_message
)
SELECT id, id, 1, created_at, 40, CASE status WHEN 'failed' THEN 'failed' ELSE 'succeeded' END,
       200, error_message
FROM notifications_notificationsend
"""
#: 20,000 executions, a minute apart, of which a third failed.
FILL_EXECUTIONS = """
INSERT INTO executions_execution (
    id, task_id, user_id, status, notify, attempt_count, created_at, started_at, completed_at,
    grounding_sources, failure_kind
)
SELECT gen_random_uuid(), %(task)s, %(user)s,
       CASE WHEN i %% 3 = 0 THEN 'failed' ELSE 'success' END, true, 1, at, at, at, '[]',
       CASE WHEN i %% 3 = 0 THEN 'network' END
FROM generate_series(0, 19999) i, LATERAL (SELECT %(now)s::timestamptz - i * interval '1 minute')
    AS executed (at)
"""


@pytest.fixture(scope="module")
def filled(module_db) -> Task:
    """Fill the tables; return the task of all rows."""
    owner = User.objects.create_user("owner@example.com")
    task = make_task(owner)
    rows: dict[str, Any] = {
        "user": owner.pk,
        "task": task.pk,
        "down": make_endpoint(owner, url="https://down.example/in", failing_since=NOW).pk,
        "up": make_endpoint(owner, url="https://up.example/in").pk,
        "now": NOW,
    }
    with connection.cursor() as cursor:
        for statement in (FILL_SENDS, FILL_ATTEMPTS, FILL_EXECUTIONS):
            cursor.execute(statement, rows)
    fold()
    with connection.cursor() as cursor:
        # What other tests have rolled back stays in the indexes otherwise.
        for table in (SEND, ATTEMPT, EXECUTION):
            cursor.execute(f"REINDEX TABLE {table}")
        cursor.execute("ANALYZE")
    return task


@pytest.fixture
def history(filled: Task, at_now: None) -> Task:
    """Stop the clock at the time of the last row; return the task of all rows."""
    return filled


@pytest.mark.parametrize("period", ["24h", "7d", "30d"])
def test_the_page_reads_the_large_tables_by_indexes_and_few_blocks(
    operator_client, history, period
):
    operator_client.get(reverse("admin:index"))
    with CaptureQueriesContext(connection) as queries:
        page = operator_client.get(reverse("admin:index"), {"period": period})
    plans = [
        executed_plan(query["sql"])
        for query in queries
        if query["sql"].lstrip().startswith(("SELECT", "WITH"))
    ]

    assert page.context["chart"].total > 1_000
    assert ">down.example<" in page.text
    assert ">network<" in page.text
    found = {table: {scan for plan in plans for scan in scans_of(table, plan)} for table in TABLES}
    assert all(found.values())
    assert {table for table, scans in found.items() if "Seq Scan" in scans} == set()
    assert max(buffers(plan) for plan in plans) < MOST_BUFFERS


def test_days_are_not_counted_from_the_sends(operator_client, history):
    with CaptureQueriesContext(connection) as queries:
        operator_client.get(reverse("admin:index"), {"period": "30d"})

    counting = [query["sql"] for query in queries if COUNT in query["sql"]]
    assert counting
    assert not [sql for sql in counting if SEND in sql]


def test_failed_executions_are_counted_up_to_a_limit(operator_client, history, monkeypatch):
    monkeypatch.setattr("desk.visits.MOST_COUNTED", 100)

    [row] = operator_client.get(reverse("admin:index")).context["failures"].rows

    assert row[1] == "100+"


def test_the_list_of_one_kind_of_failures_reads_few_blocks(operator_client, history):
    old = NOW - timedelta(days=40)
    make_execution(
        history,
        status="failed",
        failure_kind="timeout",
        error_message="No.",
        created_at=old,
    )
    address = reverse("admin:executions_execution_changelist")

    # One kind is that of all others.
    for kind, most in (("network", MOST_BUFFERS), ("timeout", 20)):
        with CaptureQueriesContext(connection) as queries:
            page = operator_client.get(address, {"failed": kind})
        assert page.status_code == 200
        plans = [executed_plan(each["sql"]) for each in queries if EXECUTION in each["sql"]]
        assert "Seq Scan" not in {scan for plan in plans for scan in scans_of(EXECUTION, plan)}
        assert max(buffers(plan) for plan in plans) < most
