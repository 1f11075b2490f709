"""Rows of the queue, made by procrastinate's own functions in the database."""

from django.db import connection
from procrastinate.contrib.django import app

from tests.support.factories import NOW


def make_job(task_name: str = "send_verification_code", **fields) -> int:
    """Store a job that waits, due at NOW, and return its id."""
    return app.configure_task(task_name, **{"schedule_at": NOW, **fields}).defer()


def make_failed_job(task_name: str = "send_verification_code") -> int:
    """Store a job that was given up, and return its id."""
    job = make_job(task_name)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = %s", [job])
    end_job(job, failed=True)
    return job


def make_periodic_job(task_name: str, *, timestamp: int) -> int:
    """Store a job that waits, of a periodic task that is due at `timestamp`; return its id."""
    return _call(
        "procrastinate_defer_periodic_job_v2('default', NULL, NULL, %s, 0, '', %s, '{}')",
        task_name,
        timestamp,
    )


def end_job(job: int, *, failed: bool = False) -> None:
    """End a job as a worker does: one that succeeded is deleted."""
    status = "failed" if failed else "succeeded"
    _call("procrastinate_finish_job_v1(%s, %s, %s)", job, status, not failed)


def _call(function: str, *arguments: str | int | bool) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}", arguments)
        row: tuple[int] = cursor.fetchone()
    return row[0]
