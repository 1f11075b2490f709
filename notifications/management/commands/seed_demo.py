"""`manage.py seed_demo --sends N`: fill the database with a history to look at."""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from accounts.models import User
from notifications.demo.load import fill
from notifications.demo.scene import EMAIL
from torale import clock
from torale.management.no_users import add_force, check_no_users
from torale.management.progress import progress
from torale.management.subcommands import ExampleCommand


class Command(ExampleCommand):
    """Stores nothing that is due within a day, and only hosts that cannot exist."""

    help = (
        "Fill the database with users, tasks and a history of sends to look at, and print how to "
        "log in."
    )
    examples = ("seed_demo", "seed_demo --sends 1000000")

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how many sends there are."""
        parser.add_argument(
            "--sends", type=int, default=20_000, help="how many sends (default: 20000)"
        )
        add_force(parser, consequence="they stay, and those of the demonstration are added")

    def handle(self, *args: Any, sends: int, force: bool, **options: Any) -> None:
        """Fill the database.

        Raises:
            CommandError: it holds users, or this was done before, or there is nothing to store.
        """
        if sends < 1:
            raise CommandError(f"--sends: {sends} is too few; there must be at least 1.")
        if not force:
            check_no_users(advice="Use a database of its own, or add --force.")
        if User.objects.filter(email=EMAIL).exists():
            raise CommandError(f"The demonstration is there already: {EMAIL} exists.")
        begun = time.monotonic()
        with progress(self.stderr, "Storing sends", total=sends) as done:
            password = fill(sends=sends, now=clock.now(), tell=done)
        self.stdout.write(
            f"Stored {sends:,} sends in {time.monotonic() - begun:.0f} s.\n\n"
            "  This is shown once; keep it.\n\n"
            f"    Address   {settings.TORALE_URL}\n"
            f"    Email     {EMAIL}\n"
            f"    Password  {password}\n"
        )
