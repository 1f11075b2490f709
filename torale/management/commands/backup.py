"""`manage.py backup FILE`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from torale.management.progress import progress
from torale.management.subcommands import ExampleCommand
from torale.postgres.dump import DumpError, dump


class Command(ExampleCommand):
    """Works while web and workers run; the file holds the state of one moment."""

    help = "Write the database to a file for `restore`, without SECRET_KEY and TORALE_FIELD_KEYS."
    examples = ("backup /srv/backup/torale.dump",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the path of the file."""
        parser.add_argument("file", type=Path, help="replaced if it exists")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        """Write the file."""
        try:
            with progress(self.stderr, f"Writing {file}"):
                dump(file)
        except DumpError as error:
            raise CommandError(f"No backup was made: {error}") from error
