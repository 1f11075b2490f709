"""`manage.py serve`: web and worker together, as script/run starts them."""

import socket
import sys
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from honcho import manager

#: Seconds that a process has to end before it is killed; a worker finishes its deliveries in 20.
KILL_WAIT = 22
#: Threads of the web server. More than the database's connections would only wait for one.
THREADS = 4


class Command(BaseCommand):
    """Prepares the database and serves until Ctrl-C or SIGTERM, which ends both processes."""

    help = "Migrate, make the first admin on the first start, and run web and worker together."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Run until a signal comes; end with the status of the process that ended first."""
        host, port = settings.TORALE_LISTEN
        self.check_port(host, port)
        self.check_database()
        call_command("migrate", verbosity=0, interactive=False)
        call_command("create_first_admin")
        self.stdout.write(
            f"\n  Torale is at {settings.TORALE_URL}\n"
            f"  API    {settings.TORALE_URL}/api/v1/\n"
            f"  Admin  {settings.TORALE_URL}/admin/\n"
            f"  Data   {settings.TORALE_DATA_DIR}\n"
            "  Stop   Ctrl-C\n"
        )
        self.stdout.flush()
        manager.KILL_WAIT = KILL_WAIT
        processes = manager.Manager()
        processes.add_process(
            "web",
            f"exec {sys.executable} -m granian --interface wsgi --host {host} --port {port} "
            f"--blocking-threads {THREADS} --log-level warning torale.wsgi:application",
        )
        processes.add_process("worker", f"exec {sys.executable} manage.py worker")
        processes.loop()
        # Ending by a signal is how a server ends; anything else is a failure.
        sys.exit(0 if processes.returncode in (130, 143) else processes.returncode)

    def check_port(self, host: str, port: int) -> None:
        """Find out before anything is started whether the port can be had.

        Raises:
            CommandError: says who else may have it and what to set.
        """
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise CommandError(
                    f"{host}:{port} cannot be served ({error.strerror}); stop what uses it or set "
                    "TORALE_LISTEN (and TORALE_URL) to another port."
                ) from error

    def check_database(self) -> None:
        """Find out whether the database answers.

        Raises:
            CommandError: says why it does not and what to do.
        """
        try:
            psycopg.connect(**{"connect_timeout": 5, **connection.get_connection_params()}).close()
        except (psycopg.Error, DatabaseError) as error:
            # What follows the first line are libpq's own hints and the host's other addresses.
            reason = str(error).strip().partition("\n")[0].rstrip(".")
            advice = "" if "DATABASE_URL" in reason else " Check DATABASE_URL and the server."
            raise CommandError(f"The database cannot be used: {reason}.{advice}") from error
