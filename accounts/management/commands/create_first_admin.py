"""`manage.py create_first_admin`: create the first admin on the first start."""

import secrets
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from accounts.models import APIKey, User
from torale.management.subcommands import ExampleCommand


class Command(ExampleCommand):
    """Creates the first admin. Does nothing if a user exists, so it can run at every start."""

    help = "Create the first admin and API key and print them once; do nothing if a user exists."
    examples = ("create_first_admin",)

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Create the admin and the key unless a user exists."""
        with connection.cursor() as cursor:
            # If two processes start at once, the second one waits here, then finds the admin.
            cursor.execute(f"LOCK TABLE {User._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")
        if User.objects.exists():
            return
        password = secrets.token_urlsafe(12)
        admin = User.objects.create_superuser(settings.TORALE_ADMIN_EMAIL, password)
        _, key = APIKey.objects.create_key(user=admin, name="First start")
        self.stdout.write(
            "\n  This is shown once; keep it.\n\n"
            f"    Admin     {settings.TORALE_URL}/admin/\n"
            f"    Email     {admin.email}\n"
            f"    Password  {password}\n"
            f"    API key   {key}\n"
        )
