"""`manage.py create_api_key EMAIL --name N`, the old name of `keys create`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Prints a new API key, as `keys create` does."""

    help = "The old name of `keys create`."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Define the arguments: the user's email and the key's name."""
        parser.add_argument("email", help="The user's login.")
        parser.add_argument("--name", required=True, help="What the key is for.")

    def handle(self, *args: Any, email: str, name: str, **options: Any) -> None:
        """Create the key and print it."""
        call_command("keys", "create", email, f"--name={name}", stdout=self.stdout)
