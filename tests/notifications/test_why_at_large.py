"""What an explanation costs, however much there is to explain."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.models import Attempt, EmailSuppression, NotificationSend
from notifications.why import explain
from tasks.models import Task
from tests.support.factories import NOW, days, make_endpoint, make_execution, make_send, make_task
from tests.support.plans import Plan, buffers, executed_plan, scans_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]

TABLES = ("notifications_notificationsend", "notifications_attempt", "executions_execution")
#: Most buffers that one query may touch.
MOST_BUFFERS = 1_000

#: 20,000 visits of two tasks, a minute apart, each with one send and one attempt.
FILL = """
WITH made AS (
    SELECT i, ('00000000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid AS id,
           CASE WHEN i %% 2 = 0 THEN %(task)s ELSE %(other_task)s END::uuid AS task_id,
           %(now)s::timestamptz - (20000 - i) * interval '1 minute' AS at
    FROM generate_series(1, 20000) i
), executions AS (
    INSERT INTO executions_execution (
        id, task_id, user_id, status, notify, attempt_count, created_at, started_at, completed_at,
        result, notification, grounding_sources
    )
    SELECT id, task_id, %(owner)s, 'success', true, 1, at, at, at, '{}', 'Met.', '[]' FROM made
), sends AS (
    INSERT INTO notifications_notificationsend (
        id, user_id, task_id, task_name, execution_id, recipient, endpoint_id, host,
        notification_type, status, event_type, created_at, attempt_count, earlier_attempt_count,
        is_for_default_webhook
    )
    SELECT id, %(owner)s, task_id, 'Boots', id, 'https://receiver.example/in', %(endpoint)s, '',
           'webhook', 'sent', 'task.condition_met', at, 1, 0, false
    FROM made
)
INSERT INTO notifications_attempt (id, send_id, number, started_at, duration_ms, status)
SELECT id, id, 1, at, 5, 'succeeded' FROM made
"""


@pytest.fixture
def history(owner) -> Task:
    """Fill the tables; return a task."""
    task, other_task = make_task(owner), make_task(owner)
    endpoint = make_endpoint(owner, url="https://receiver.example/in")
    rows = {"task": task.pk, "other_task": other_task.pk, "owner": owner.pk, "now": NOW}
    with connection.cursor() as cursor:
        cursor.execute(FILL, {**rows, "endpoint": endpoint.pk})
        for table in TABLES:
            cursor.execute(f"REINDEX TABLE {table}")
        cursor.execute("ANALYZE")
    return task


def plans_of(wanted) -> dict[str, Plan]:
    """Return the plans of the queries that read large tables, by their text."""
    with CaptureQueriesContext(connection) as queries:
        assert explain(wanted, now=NOW).verdict
    texts = [each["sql"] for each in queries]
    return {
        text: executed_plan(text)
        for text in texts
        if text.startswith("SELECT") and any(f'FROM "{table}"' in text for table in TABLES)
    }


def check(wanted, *, least: int) -> None:
    plans = plans_of(wanted)
    assert len(plans) >= least
    for text, plan in plans.items():
        assert buffers(plan) < MOST_BUFFERS, text
        for table in TABLES:
            assert "Seq Scan" not in scans_of(table, plan), text


def test_no_query_reads_a_large_table_whole(history):
    send = NotificationSend.objects.filter(task_id=history.pk).order_by("pk")[7]

    check(history.pk, least=3)
    check(send.execution_id, least=4)
    check(send.pk, least=4)


def test_no_query_reads_a_large_table_whole_for_what_is_deleted(history):
    send = NotificationSend.objects.filter(task_id=history.pk).order_by("pk")[7]
    task_id = history.pk
    history.delete()

    check(task_id, least=4)
    check(send.execution_id, least=4)
    check(send.pk, least=4)


def emails(task: Task, execution, *, attempts: int) -> None:
    for event in ("task.condition_met", "task.failing", "task.warning")[:attempts]:
        send = make_send(
            task.user,
            task=task,
            execution=execution,
            event_type=event,
            notification_type="email",
            recipient="r@example.com",
            status="retrying",
            attempt_count=attempts,
        )
        for number in range(1, attempts + 1):
            Attempt.objects.create(
                send=send,
                number=number,
                started_at=NOW,
                duration_ms=5,
                status="failed",
                error_message="The receiver answered 500.",
            )


@pytest.mark.parametrize(
    ("what", "most"), [("task", 18), ("execution", 7), ("send", 10), ("deleted", 8)]
)
def test_more_visits_sends_and_attempts_take_no_more_queries(owner, what, most):
    EmailSuppression.objects.create(address="r@example.com", reason="bounced")
    counts = []
    for number, attempts in [(1, 1), (20, 3)]:
        task = make_task(owner, notification_email="r@example.com")
        for _ in range(number):
            execution = make_execution(task, notification="Met.", created_at=NOW - days(1))
            emails(task, execution, attempts=attempts)
        wanted = {
            "task": task.pk,
            "execution": execution.pk,
            "send": NotificationSend.objects.latest("pk").pk,
            "deleted": task.pk,
        }[what]
        if what == "deleted":
            task.delete()
        with CaptureQueriesContext(connection) as queries:
            explain(wanted, now=NOW)
        counts.append(len(queries))

    assert counts[0] == counts[1] <= most
