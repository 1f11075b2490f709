"""`manage.py worker`: visits, delivers and runs the queue's jobs until it is told to stop."""

import asyncio
import resource
import signal
import time
from typing import Any

import structlog
import uvloop
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, close_old_connections, connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params

from notifications.delivery.drain import Delivery
from tasks import preview
from tasks.visits.drain import Visits
from torale import __version__, proofs
from torale.garbage import collect_rarely
from torale.management.subcommands import ExampleCommand
from torale.pool import POLL_S, Pool
from torale.queue_connector import QueueConnector

logger = structlog.get_logger(__name__)

#: How many jobs of each queue one worker runs at once. Previews have slots of their own, because
#: people wait for them.
SLOTS = {"default": 4, preview.QUEUE: 4}
#: How many files and connections a worker may have open: a few for each visit and delivery, and
#: those to the database.
MOST_FILES = 8192
#: Seconds that jobs under way have to finish after SIGTERM. Signing off from the queue then waits
#: for a connection as long as a request does, and a worker has 20 seconds for both.
JOBS_GRACE_S = 13
#: Seconds to wait before starting again what a lost database stopped.
PAUSE = 1
#: Seconds between two looks for jobs by a worker that is told of new ones. It finds those that were
#: put off.
LOOK_S = 5.0


class Command(ExampleCommand):
    """Start as many as needed, on as many machines: they share the work."""

    help = "Ask due tasks' questions and deliver their notifications until SIGTERM or Ctrl-C."
    examples = ("worker",)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until a signal comes."""
        wait_for_database()
        allow_many_connections()
        collect_rarely()
        uvloop.run(work())


def allow_many_connections() -> None:
    """Let this process have MOST_FILES open, connections included, if the system allows it.

    Most systems start processes with 1,024, because programs that use the system call `select`
    break with more. This one does not use it.
    """
    now, allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if allowed == resource.RLIM_INFINITY else min(MOST_FILES, allowed)
    if now != resource.RLIM_INFINITY and now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, allowed))


def wait_for_database() -> None:
    """Return once the database answers, is migrated, and was used with this process's secrets.

    Raises:
        SecretsDiffer: it was used with other secrets.
    """
    while True:
        try:
            if proofs.check():
                return
            reason = "It is not migrated yet."
        except Error as error:
            reason = str(error)
        finally:
            connection.close()
        logger.warning("database_awaited", reason=reason)
        time.sleep(PAUSE)


async def work() -> None:
    """Run all parts side by side; each starts again when the database was lost."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_ in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_, stop.set)
    logger.info("worker_started", version=__version__)
    await asyncio.gather(*(keep_up(run, stop) for run in (run_visits, run_deliveries, run_queue)))
    logger.info("worker_stopped")


async def keep_up(run: Any, stop: asyncio.Event) -> None:
    """Run `run(stop)` again whenever it breaks, until `stop` is set."""
    while not stop.is_set():
        try:
            await run(stop)
        except Exception:  # the supervisor's boundary: nothing may end a worker but a signal
            logger.exception("worker_part_broke", part=run.__name__)
        # The queue also ends without an exception when its periodic jobs cannot be deferred.
        if not stop.is_set():
            # They are deferred over Django's connection, and nothing else closes a lost one.
            await sync_to_async(close_old_connections)()
            await asyncio.sleep(PAUSE)


async def run_visits(stop: asyncio.Event) -> None:
    """Ask the questions of executions."""
    await Pool(Visits()).run(stop)


async def run_deliveries(stop: asyncio.Event) -> None:
    """Deliver sends."""
    await Pool(Delivery()).run(stop)


async def run_queue(stop: asyncio.Event) -> None:
    """Run the queue's jobs."""
    # The pool of `get_worker_connector` waits 30 s for a connection. A worker that is told to stop
    # has only 20, and after the database was lost no job would be started for 30.
    connector = QueueConnector(
        kwargs=connector_params(DEFAULT_DB_ALIAS), timeout=settings.POOL["timeout"]
    )
    # Not `replace_connector`: what a job defers must go through Django's connection, so that it
    # commits with the job's own transaction, and is not run before that.
    queue = app.with_connector(connector)
    async with queue.open_async():
        is_told = await connector.can_listen()
        working = [
            asyncio.create_task(
                queue.run_worker_async(
                    queues=[name],
                    concurrency=slots,
                    install_signal_handlers=False,
                    listen_notify=is_told,
                    fetch_job_polling_interval=LOOK_S if is_told else POLL_S,
                    shutdown_graceful_timeout=JOBS_GRACE_S,
                    delete_jobs="successful",
                )
            )
            for name, slots in SLOTS.items()
        ]
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({*working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        # If one of them broke, all start again.
        for task in (stopping, *working):
            task.cancel()
        for end in await asyncio.gather(*working, return_exceptions=True):
            if isinstance(end, Exception):
                raise end
