"""`manage.py restore FILE`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import connection

from torale.management.no_users import add_force, check_no_users
from torale.management.progress import progress
from torale.management.subcommands import ExampleCommand
from torale.postgres.dump import DumpError, restore


class Command(ExampleCommand):
    """Replaces the database; stop web and workers before you run it."""

    help = "Replace the whole database with what `backup` wrote to a file."
    examples = ("restore /srv/backup/torale.dump", "restore --force /srv/backup/torale.dump")

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the path of the file and `--force`."""
        parser.add_argument("file", type=Path)
        add_force(parser, consequence="they are lost")

    def handle(self, *args: Any, file: Path, force: bool, **options: Any) -> None:
        """Restore, or say why not and change nothing."""
        if not force:
            check_no_users(
                advice="Stop web and workers and add --force to replace everything in it."
            )
        connection.close()  # an open one could block DROP SCHEMA
        try:
            with progress(self.stderr, f"Restoring {file}"):
                restore(file)
        except DumpError as error:
            raise CommandError(f"Nothing was restored: {error}") from error
