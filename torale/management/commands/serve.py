"""`manage.py serve`: web and worker together, as script/run starts them."""

import asyncio
import signal
import sys
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection

from torale import __version__, proofs, trouble
from torale.management.subcommands import ExampleCommand
from torale.ports import CannotListen, listen
from torale.supervised import KILL_WAIT

#: The commands that run side by side.
TOGETHER = ("web", "worker")


class Command(ExampleCommand):
    """Prepares the database and serves until Ctrl-C or SIGTERM, which ends both processes."""

    help = "Migrate, make the first admin on the first start, and run web and worker together."
    examples = ("serve",)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until a signal arrives; if a process ends by itself, fail with its status."""
        self.check_port()
        self.check_database()
        call_command("migrate", verbosity=0, interactive=False)
        proofs.check()
        call_command("create_first_admin")
        self.stdout.write(
            f"\n  Torale is at {settings.TORALE_URL}\n"
            f"  API      {settings.TORALE_URL}/api/v1/\n"
            f"  Admin    {settings.TORALE_URL}/admin/\n"
            f"  Data     {settings.TORALE_DATA_DIR}\n"
            f"  Version  {__version__}\n"
            "  Stop     Ctrl-C\n"
        )
        self.stdout.flush()
        asyncio.run(run_together())

    def check_port(self) -> None:
        """Check that the port can be opened, before anything is started.

        Raises:
            CommandError: the message says which process has the port and what to do.
        """
        try:
            listen(*settings.TORALE_LISTEN).close()
        except CannotListen as error:
            raise CommandError(str(error)) from error

    def check_database(self) -> None:
        """Check that the database answers.

        Raises:
            CommandError: the message says why it does not and what to do.
        """
        try:
            psycopg.connect(**{"connect_timeout": 5, **connection.get_connection_params()}).close()
        except (psycopg.Error, DatabaseError) as error:
            raise CommandError(trouble.in_words(error)) from error


async def run_together() -> None:
    """Run the commands TOGETHER until SIGTERM, SIGINT, or the end of one; then end them all.

    They write whole lines to the standard output and error of this process.

    Raises:
        CommandError: one of them ended by itself; this command then ends with its status.
    """
    stop = asyncio.Event()
    for signal_ in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_, stop.set)
    processes = {
        name: await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "torale.supervised", name),
            cwd=settings.BASE_DIR,
            # Kept open until this process ends. Nothing is written to it.
            stdin=asyncio.subprocess.PIPE,
            # Without this, the terminal's Ctrl-C would stop each of them twice: directly, and
            # through this process.
            start_new_session=True,
        )
        for name in TOGETHER
    }
    ends = {name: asyncio.create_task(process.wait()) for name, process in processes.items()}
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({stopping, *ends.values()}, return_when=asyncio.FIRST_COMPLETED)

    ended = [name for name, end in ends.items() if end.done() and not stop.is_set()]
    for name, process in processes.items():
        if not ends[name].done():
            process.terminate()
    _, late = await asyncio.wait(ends.values(), timeout=KILL_WAIT)
    for name, process in processes.items():
        if ends[name] in late:
            process.kill()
    await asyncio.wait(ends.values())
    stopping.cancel()

    if ended:
        status = ends[ended[0]].result()
        # A negative status is the number of the signal that killed the process.
        raise CommandError(
            f"{ended[0]} has ended, so serve ends, too. If nothing above says why, it was killed.",
            returncode=128 - status if status < 0 else status or 1,
        )
