"""`manage.py create_first_admin`: the way in, on the first start."""

import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection, transaction

from accounts.models import APIKey, User


class Command(BaseCommand):
    """Does nothing once there is a user, so that it can run at every start."""

    help = "Make the first admin and API key and print them once; does nothing if a user exists."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Make them, or leave what is there alone."""
        with connection.cursor() as cursor:
            # Of two first starts at once, the second waits here and finds the first one's admin.
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
