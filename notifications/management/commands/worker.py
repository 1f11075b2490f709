"""`manage.py worker`: visits, delivers and runs the queue's jobs until it is told to stop."""

import asyncio
import os
import resource
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import structlog
import uvloop
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.management.base import CommandParser
from django.db import DEFAULT_DB_ALIAS, close_old_connections
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params

from notifications.delivery.drain import Delivery
from tasks import preview
from tasks.visits.drain import Visits
from torale import __version__, abandoned, schema
from torale.garbage import collect_rarely
from torale.management.subcommands import ExampleCommand
from torale.pool import POLL_S, Pool
from torale.processes import DELIVER, JOBS, VISIT, WORK, Reports
from torale.queue_connector import QueueConnector

logger = structlog.get_logger(__name__)

#: How many jobs of each queue one worker runs at once. Previews have slots of their own, because
#: people wait for them.
SLOTS = {"default": 4, preview.QUEUE: 4}
#: The help of the options.
HELP = {
    VISIT: "Visit the pages of due tasks, and ask their questions.",
    DELIVER: "Deliver notifications.",
    JOBS: "Run the jobs of the queue: start due tasks, try questions, send codes, keep house.",
}
#: How many files and connections a worker may have open: a few for each visit and delivery, and
#: those to the database.
MOST_FILES = 8192
#: Seconds that jobs under way have to finish after SIGTERM. Signing off from the queue then waits
#: for a connection as long as a request does, and a worker has 20 seconds for both.
JOBS_GRACE_S = 13
#: Seconds after SIGTERM at which a worker ends even if something hangs. A frozen database never
#: answers a statement, and Python would wait for the thread that runs it. Whatever has not been
#: stored by then is done again by another worker.
MOST_TO_END_S = 19.5
#: Seconds to wait before starting again what a lost database stopped.
PAUSE = 1
#: The signals that end a worker.
STOPPING = (signal.SIGTERM, signal.SIGINT)
#: Seconds between two signs that the event loop turns.
BEAT_S = 1
#: Seconds between two looks for jobs by a worker that is told of new ones. Nobody tells it when a
#: job that was put off is due, and procrastinate forgets what it is told while it looks.
LOOK_S = 5.0


class Command(ExampleCommand):
    """Start as many as needed, on as many machines: they share the work."""

    help = (
        "Ask due tasks' questions, deliver their notifications and run the jobs of the queue until "
        "SIGTERM or Ctrl-C. With options, do only what they name."
    )
    examples = ("worker", "worker --deliver", "worker --visit --jobs")

    def add_arguments(self, parser: CommandParser) -> None:
        """Add an option for each part of the work."""
        for part, help_ in HELP.items():
            parser.add_argument(f"--{part}", action="store_true", help=help_)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until a signal comes.

        Raises:
            SchemaTooNew: a newer version has changed the database so that this one cannot use it.
            SecretsDiffer: the database was used with other secrets.
        """
        for signal_ in STOPPING:  # until `work` handles them
            signal.signal(signal_, lambda *_: sys.exit())
        schema.wait_until_it_fits()
        abandoned.end_transactions()
        allow_many_connections()
        collect_rarely()
        parts = [part for part in WORK if options[part]] or WORK
        reports = Reports("worker", parts)
        uvloop.run(work(parts, reports))
        reports.end()


def allow_many_connections() -> None:
    """Let this process have MOST_FILES open, connections included, if the system allows it.

    Most systems start processes with 1,024, because programs that use the system call `select`
    break with more. This one does not use it.
    """
    now, allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if allowed == resource.RLIM_INFINITY else min(MOST_FILES, allowed)
    if now != resource.RLIM_INFINITY and now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, allowed))


async def work(parts: Sequence[str], reports: Reports) -> None:
    """Run parts side by side; each starts again when the database was lost."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end() -> None:
        stop.set()
        last = threading.Timer(MOST_TO_END_S, end_at_once)
        last.daemon = True
        last.start()

    for signal_ in STOPPING:
        loop.add_signal_handler(signal_, end)
    logger.info("worker_started", version=__version__, does=" ".join(parts))
    reports.start()
    beating = asyncio.create_task(beat(reports))
    await asyncio.gather(*(keep_up(PARTS[part], stop) for part in parts))
    beating.cancel()
    logger.info("worker_stopped")


def end_at_once() -> None:
    """End this process without waiting for anything."""
    logger.error("worker_cut_off", after_s=MOST_TO_END_S)
    os._exit(1)


async def beat(reports: Reports) -> None:
    """Show that the event loop turns."""
    while True:
        reports.beat()
        await asyncio.sleep(BEAT_S)


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


#: What runs each part of the work.
PARTS: Final[Mapping[str, Callable[[asyncio.Event], Awaitable[None]]]] = {
    DELIVER: run_deliveries,
    JOBS: run_queue,
    VISIT: run_visits,
}
