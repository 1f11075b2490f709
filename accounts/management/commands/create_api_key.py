"""`manage.py create_api_key EMAIL --name N`."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.models import APIKey, User


class Command(BaseCommand):
    """Prints a new API key, and nothing else, on standard output, where a script can read it."""

    help = "Create an API key for a user and print it; it cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Define the arguments: the user's email and the key's name."""
        parser.add_argument("email", help="the user's login")
        parser.add_argument("--name", required=True, help="what the key is for")

    def handle(self, *args: Any, email: str, name: str, **options: Any) -> None:
        """Create the key and print it."""
        user = User.objects.filter(email__iexact=email).first()
        if user is None:
            raise CommandError(f"No user has the email {email}. Create one in the admin first.")
        try:
            APIKey(name=name).clean_fields(exclude={"user", "prefix", "digest"})
        except ValidationError as error:
            raise CommandError(f"--name: {' '.join(error.messages)}") from error
        _, secret = APIKey.objects.create_key(user=user, name=name)
        self.stdout.write(secret)
