#!/usr/bin/env python
"""Runs Torale's management commands."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import DatabaseError
from psycopg import Error

from torale import proofs
from torale.trouble import is_trouble

#: Commands that run whatever secrets the database was used with: they mend or use none.
UNCHECKED = {"backup", "check", "makemigrations", "migrate", "reencrypt_secrets", "restore"}


def main() -> None:
    """Run the command named on the command line.

    A wrong setting, or a database that cannot serve, ends it with one sentence.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "torale.settings")
    if not UNCHECKED.intersection(sys.argv[1:2]):
        proofs.check_at_first_connection()
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"torale: {error}")
    except (DatabaseError, Error) as error:
        if not is_trouble(error):
            raise
        # What follows the first line are libpq's own hints and the host's other addresses.
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        sys.exit(
            f"torale: The database cannot be used: {reason}. Check DATABASE_URL and the server."
        )


if __name__ == "__main__":
    main()
