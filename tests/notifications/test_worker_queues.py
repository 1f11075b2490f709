"""Previews have slots of their own in a worker."""

import asyncio
import threading

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from notifications.management.commands.worker import run_queue, run_visits
from tasks import preview
from tasks.previews import Preview
from tasks.run import start
from tasks.visits.claim import PER_HOST
from tests.support.factories import make_task
from tests.support.receivers import DEADLINE_S, HTTPAnswer
from tests.support.watched_pages import html
from torale import clock

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_preview_does_not_wait_for_visits_that_hang(owner, http_receiver):
    hanging = threading.Event()
    http_receiver.judge = lambda request: (
        html("In stock") if request.path == "/previewed" else HTTPAnswer(stall=hanging)
    )
    for _ in range(PER_HOST):
        start(task=make_task(owner, search_query=http_receiver.url), now=clock.now())

    def requested() -> Preview:
        try:
            return preview.request(
                user=owner,
                search_query=f"{http_receiver.url}/previewed",
                condition_description='contains "In stock"',
                request_headers={},
                now=clock.now(),
            )
        finally:
            connection.close()

    def has_ended(one: Preview) -> bool:
        try:
            return not Preview.objects.unfinished().filter(pk=one.pk).exists()
        finally:
            connection.close()

    async def main() -> None:
        stop = asyncio.Event()
        working = asyncio.gather(run_visits(stop), run_queue(stop))
        try:
            async with asyncio.timeout(DEADLINE_S):
                while len(http_receiver.requests) < PER_HOST:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                one = await sync_to_async(requested)()
                while not await sync_to_async(has_ended)(one):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        finally:
            hanging.set()
            stop.set()
            await working

    asyncio.run(main())

    assert Preview.objects.get().status == "success"
