"""`manage.py web`: the web server."""

import asyncio
import signal
import socket
import threading
from argparse import SUPPRESS
from typing import Any, Final

import structlog
from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.core.wsgi import get_wsgi_application

from torale import __version__, kept_connection, schema, waiting
from torale.garbage import collect_rarely
from torale.management.subcommands import ExampleCommand, at_least_one
from torale.ports import CannotListen, listen
from torale.processes import WEB, Reports
from torale.supervised import run_together
from torale.web import Server

logger = structlog.get_logger(__name__)

#: How many threads run views by default.
THREADS: Final = 4
#: Seconds that clients wait at the start, before they are told that the database is away.
PATIENCE_S: Final = 1.0


class Command(ExampleCommand):
    """Serves on one core for each process."""

    help = "Serve the API, the console and the admin until SIGTERM or Ctrl-C."
    examples = ("web", "web --processes 4")

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the numbers of processes and threads."""
        parser.add_argument(
            "--processes",
            type=at_least_one,
            default=1,
            metavar="N",
            help="How many processes serve. Each uses about one core (default: 1).",
        )
        parser.add_argument(
            "--threads",
            type=at_least_one,
            default=THREADS,
            metavar="N",
            help="How many requests each process works on at a time, each with a database "
            f"connection (default: {THREADS}).",
        )
        # One of several processes inherits its socket, and is told its descriptor.
        parser.add_argument("--socket", type=int, help=SUPPRESS)

    def handle(
        self, *args: Any, processes: int, threads: int, socket: int | None, **options: Any
    ) -> None:
        """Run until a signal arrives, and then finish the requests under way."""
        # One is left for what is not done on these threads, such as reports.
        most = settings.POOL["max_size"] - 1
        if threads > most:
            raise CommandError(
                f"--threads {threads} is too many: each needs a database connection, and a process "
                f"has {most} for them. Give at most {most}, and more --processes."
            )
        with opened(socket) as listener:
            if processes == 1:
                serve(listener, threads=threads)
            else:
                own = ("web", "--threads", str(threads), "--socket", str(listener.fileno()))
                names = [f"web process {number}" for number in range(1, processes + 1)]
                programs = dict.fromkeys(names, own)
                asyncio.run(run_together(programs, command="web", listener=listener))


def opened(inherited: int | None) -> socket.socket:
    """Return the inherited socket, or one that listens at TORALE_LISTEN.

    Raises:
        CommandError: the address cannot be served; the message says why and what to do.
    """
    if inherited is not None:
        return socket.socket(fileno=inherited)
    try:
        return listen(*settings.TORALE_LISTEN)
    except CannotListen as error:
        raise CommandError(str(error)) from error


def serve(listener: socket.socket, *, threads: int) -> None:
    """Serve until SIGTERM or SIGINT.

    If the database does not answer soon, or lacks migrations of this version, requests are answered
    with 503 until it answers and has them.

    Raises:
        SchemaTooNew: a newer version has changed the database so that this one cannot use it.
        SecretsDiffer: the database was used with other secrets.
    """
    waiting.waits.set()
    kept_connection.keep_connections()
    reports = Reports("web", [WEB])
    server = Server(get_wsgi_application(), listener, threads=threads, beat=reports.beat)
    stop = threading.Event()
    failures: list[Exception] = []

    def begin() -> None:
        try:
            if schema.wait_until_it_fits(stop):
                waiting.waits.clear()
                reports.start()
        except Exception as error:  # noqa: BLE001 - raised below, where it ends the process
            failures.append(error)
            end()

    def end(*_: Any) -> None:
        stop.set()
        server.stop()

    for signal_ in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_, end)
    host, port = listener.getsockname()[:2]
    logger.info("web_started", version=__version__, address=f"{host}:{port}", threads=threads)
    beginning = threading.Thread(target=begin, name="begin", daemon=True)
    beginning.start()
    collect_rarely()
    # Usually the database has been checked by then, and no request is answered with 503. Meanwhile
    # clients wait to be accepted.
    beginning.join(PATIENCE_S)
    server.run()
    logger.info("web_stopped")
    reports.end()
    if failures:
        raise failures[0]
