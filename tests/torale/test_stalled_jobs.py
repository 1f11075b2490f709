"""Jobs whose worker died are run again."""

import asyncio

import pytest
from django.db import connection
from django.utils import timezone
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import verification
from tests.support.database_clock import fast_machine
from tests.support.factories import refused_rows
from torale.jobs import retry_stalled_jobs

pytestmark = pytest.mark.django_db(transaction=True)


def look_for_stalled_jobs() -> None:
    """Do what a worker does each minute."""

    async def main() -> None:
        queue = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
        async with queue.open_async():
            job, *_ = await queue.job_manager.list_jobs_async()
            context = JobContext(start_timestamp=0, app=queue, job=job, abort_reason=lambda: None)
            await retry_stalled_jobs.func(context, 0)

    asyncio.run(main())


def test_a_machine_with_a_fast_clock_has_them_run_again_at_once():
    app.configure_task(verification.JOB).defer(address_id="any")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing'")

    with fast_machine():
        look_for_stalled_jobs()

    job = ProcrastinateJob.objects.get()
    assert job.status == "todo"
    assert job.scheduled_at <= timezone.now()


def test_one_that_cannot_be_run_again_keeps_no_other_from_it():
    for address_id in ("bad", "good"):
        app.configure_task(verification.JOB).defer(address_id=address_id)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing'")

    with refused_rows("procrastinate_jobs", "NEW.args->>'address_id' = %s", "bad"):
        look_for_stalled_jobs()

    assert set(ProcrastinateJob.objects.values_list("args__address_id", "status")) == {
        ("bad", "doing"),
        ("good", "todo"),
    }
