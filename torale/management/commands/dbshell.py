"""`manage.py dbshell`, by the direct address."""

from typing import Any

from django.core.management.commands import dbshell

from torale.database import by_direct_address
from torale.management.subcommands import ExampleCommand


class Command(ExampleCommand, dbshell.Command):
    """Django's command; what is set for the session would not last behind a connection pooler."""

    examples = ("dbshell", "dbshell -- --command='SELECT torale_now()'")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run psql."""
        with by_direct_address():
            super().handle(**options)
