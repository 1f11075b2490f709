"""`manage.py serve`: web and worker together, as script/run starts them."""

import asyncio
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection

from torale import __version__, proofs, trouble
from torale.management.subcommands import ExampleCommand
from torale.ports import CannotListen, listen
from torale.supervised import run_together

#: The commands that run side by side.
TOGETHER = ("web", "worker")


class Command(ExampleCommand):
    """Prepares the database and serves until Ctrl-C or SIGTERM, which ends both processes."""

    help = "Migrate, make the first admin on the first start, and run web and worker together."
    examples = ("serve",)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until a signal arrives. If a process does not even come up, fail with its status."""
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
        asyncio.run(run_together({name: [name] for name in TOGETHER}, command="serve"))

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
