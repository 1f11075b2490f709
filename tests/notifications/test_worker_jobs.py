"""What a job of the worker's defers."""

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, transaction
from procrastinate.contrib.django import app as jobs
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker

from accounts import verification
from notifications.management.commands.worker import run_queue
from tests.support.receivers import DEADLINE_S

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_vanishes_with_the_transaction_of_the_job_that_defers_it():
    def defer_and_roll_back() -> int:
        try:
            with transaction.atomic():
                jobs.configure_task(verification.JOB).defer(address_id="never")
                transaction.set_rollback(True)
            return ProcrastinateJob.objects.filter(args__address_id="never").count()
        finally:
            connection.close()

    def is_working() -> bool:
        try:
            return ProcrastinateWorker.objects.exists()
        finally:
            connection.close()

    async def main() -> int:
        stop = asyncio.Event()
        working = asyncio.create_task(run_queue(stop))
        async with asyncio.timeout(DEADLINE_S):
            while not await sync_to_async(is_working)():  # noqa: ASYNC110
                await asyncio.sleep(0.01)  # the event is a row of the queue's
        left = await sync_to_async(defer_and_roll_back)()
        stop.set()
        await working
        return left

    assert asyncio.run(main()) == 0
