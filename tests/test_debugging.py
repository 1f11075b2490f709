"""The SQL of docs/debugging.md finds what the page says, and its list of log events is whole."""

import re
import threading
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import connection
from procrastinate.contrib.django import app as queue
from procrastinate.contrib.django.models import ProcrastinateJob

from notifications.models import Attempt
from tests.support.factories import (
    NOW,
    make_execution,
    make_pending_execution,
    make_send,
    make_task,
)
from tests.support.jobs import make_failed_job, make_job
from tests.support.processes import database_url
from tests.support.receivers import DEADLINE_S, wait_for

ROOT = Path(settings.BASE_DIR)
PAGE = (ROOT / "docs" / "debugging.md").read_text()


def blocks(heading: str) -> list[str]:
    """Return the SQL below a heading."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"```sql\n(.*?)```", section, re.DOTALL)


def rows(sql: str, **ids: UUID) -> list[dict[str, Any]]:
    """Run SQL as somebody who puts ids in place of TASK_ID and SEND_ID, and return its rows."""
    for name, value in ids.items():
        assert f"'{name}'" in sql
        sql = sql.replace(f"'{name}'", f"'{value}'")
    with connection.cursor() as cursor:
        # A transaction sees the same snapshot of the activity until it is cleared.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(sql)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_a_tasks_sends_and_what_the_other_side_said(owner):
    of_task, of_send = blocks("A send did not go out")
    task = make_task(owner)
    send = make_send(owner, task=task, status="failed", error_message="It answered 500.")
    make_send(owner)
    attempt = Attempt.objects.create(
        send=send,
        number=1,
        started_at=NOW,
        duration_ms=7,
        status="failed",
        response_status=500,
        response_body="no",
        error_message="It answered 500.",
    )

    [found] = rows(of_task, TASK_ID=task.pk)
    [tried] = rows(of_send, SEND_ID=send.pk)

    assert (found["id"], found["status"], found["error_message"]) == (
        send.pk,
        "failed",
        "It answered 500.",
    )
    assert (tried["number"], tried["response_status"], tried["response_body"]) == (1, 500, "no")
    assert tried["duration_ms"] == attempt.duration_ms


def test_a_tasks_state_with_its_visits_newest_first(owner):
    [of_task] = blocks("A task is not visited")
    task = make_task(owner, failed_run_count=1)
    make_execution(task, status="failed", error_message="No such host.", created_at=NOW)
    make_pending_execution(task)
    make_pending_execution(make_task(owner))

    found = rows(of_task, TASK_ID=task.pk)

    assert {row["state"] for row in found} == {"active"}
    assert {(row["failed_run_count"], row["is_active"]) for row in found} == {(1, True)}
    assert {(row["status"], row["error_message"]) for row in found} == {
        ("pending", None),
        ("failed", "No such host."),
    }


def test_a_task_that_was_never_visited_is_shown_as_well(owner):
    [of_task] = blocks("A task is not visited")

    [found] = rows(of_task, TASK_ID=make_task(owner).pk)

    assert (found["state"], found["status"]) == ("active", None)


def test_the_jobs_that_wait_and_the_workers_that_run_them(db):
    jobs, _, _, workers = blocks("The queue")
    queue.configure_task("prune_executions", schedule_at=NOW).defer(timestamp=0)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")
        [worker] = cursor.fetchone()

    [waiting] = rows(jobs)
    assert (waiting["task_name"], waiting["status"], waiting["count"]) == (
        "prune_executions",
        "todo",
        1,
    )
    assert waiting["longest_due"] == NOW

    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s", [worker])
    [running] = rows(workers)
    assert (running["id"], running["task_name"]) == (worker, "prune_executions")


def test_the_jobs_that_failed_are_shown_and_deleted(db):
    _, failed, delete, _ = blocks("The queue")
    waiting, job = make_job(), make_failed_job("prune_sends")

    [found] = rows(failed)
    deleted = rows(delete)

    assert (found["id"], found["task_name"]) == (job, "prune_sends")
    assert deleted == [{"id": job, "task_name": "prune_sends"}]
    assert rows(failed) == []
    assert ProcrastinateJob.objects.get().pk == waiting


def test_a_job_that_failed_is_run_again_from_the_admin(operator_client):
    job = make_failed_job()

    operator_client.post(
        "/admin/procrastinate/procrastinatejob/", {"action": "retry", "_selected_action": job}
    )

    assert ProcrastinateJob.objects.get().status == "todo"


def test_who_waits_for_whom(db):
    [who_waits] = blocks("Locks")
    [who_runs, *_] = blocks("Slow queries")
    statement = "SELECT pg_advisory_xact_lock(42)"
    with psycopg.connect(database_url()) as waiting, psycopg.connect(database_url()) as holding:
        waits, holds = waiting.info.backend_pid, holding.info.backend_pid
        holding.execute(statement)
        thread = threading.Thread(target=waiting.execute, args=(statement,))
        thread.start()

        # The server's other databases belong to tests that run at the same time.
        [found] = wait_for(lambda: [row for row in rows(who_waits) if row["pid"] == waits])
        running = rows(who_runs)

        holding.rollback()
        thread.join(DEADLINE_S)
    assert found["query"] == statement
    assert (found["blocked_by"], found["state"]) == (holds, "idle in transaction")
    states = {row["pid"]: (row["state"], row["wait_event_type"]) for row in running}
    assert states[waits] == ("active", "Lock")
    assert states[holds][0] == "idle in transaction"


def test_slow_statements_are_logged_and_no_longer(db):
    _, on, off = blocks("Slow queries")
    name = connection.settings_dict["NAME"]
    settings_of_database = (
        "SELECT unnest(setconfig) AS setting FROM pg_db_role_setting JOIN pg_database "
        f"ON pg_database.oid = setdatabase WHERE datname = '{name}'"
    )

    with connection.cursor() as cursor:
        cursor.execute(on.replace("DATABASE torale", f"DATABASE {name}"))
    assert {"setting": "log_min_duration_statement=200ms"} in rows(settings_of_database)

    with connection.cursor() as cursor:
        cursor.execute(off.replace("DATABASE torale", f"DATABASE {name}"))
    assert {"setting": "log_min_duration_statement=200ms"} not in rows(settings_of_database)


def test_every_event_in_the_log_is_listed():
    logged = {
        event
        for app in ("torale", "accounts", "executions", "tasks", "notifications", "desk", "console")
        for path in (ROOT / app).rglob("*.py")
        for event in re.findall(r'\blogger\.\w+\(\s*"(\w+)"', path.read_text())
    }

    table = PAGE.partition("| Event |")[2].partition("\n\n")[0]
    cells = re.findall(r"^\| (`.+?`) \|", table, re.MULTILINE)

    assert set(re.findall(r"`(\w+)`", " ".join(cells))) == logged
