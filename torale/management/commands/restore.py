"""`manage.py restore FILE`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from torale.postgres.dump import DumpError, restore


class Command(BaseCommand):
    """Replaces the database; stop web and workers before you run it."""

    help = "Replace the whole database with what `backup` wrote to a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the path of the file and `--force`."""
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--force",
            action="store_true",
            help="even if the database holds users; they are lost",
        )

    def handle(self, *args: Any, file: Path, force: bool, **options: Any) -> None:
        """Restore, or say why not and change nothing."""
        if not force and has_users():
            raise CommandError(
                "The database holds users. Stop web and workers and add --force to replace "
                "everything in it."
            )
        connection.close()  # an open one could block DROP SCHEMA
        try:
            restore(file)
        except DumpError as error:
            raise CommandError(f"Nothing was restored: {error}") from error


def has_users() -> bool:
    """Return whether the database holds users."""
    users = get_user_model()
    return users._meta.db_table in connection.introspection.table_names() and users.objects.exists()
