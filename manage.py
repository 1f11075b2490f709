#!/usr/bin/env python
"""Runs Torale's management commands."""

import logging
import os
import sys

from django import get_version
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import DatabaseError
from psycopg import Error
from psycopg.errors import UndefinedFunction, UndefinedTable

from torale import __version__, proofs, trouble

#: Commands that run without a check of the secrets: they use none, repair the proofs or check them.
UNCHECKED = {
    *("backup", "check", "doctor", "makemigrations", "migrate", "reencrypt_secrets", "restore"),
}


def main() -> None:
    """Run the command named on the command line.

    If a setting is wrong or the database cannot be used, exit with a message of one sentence.
    """
    if sys.argv[1:] in (["--version"], ["version"]):  # Django would print only its own version
        sys.stdout.write(f"Torale {__version__}, Django {get_version()}\n")
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "torale.settings")
    if not UNCHECKED.intersection(sys.argv[1:2]):
        proofs.check_at_first_connection()
    try:
        execute_from_command_line(sys.argv)
        sys.stdout.flush()
    except BrokenPipeError:  # such as that of `manage.py sends list | head`
        # Python flushes it once more at its end, which must not fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except ImproperlyConfigured as error:
        sys.exit(f"torale: {error}")
    except (DatabaseError, Error) as error:
        if isinstance(error.__cause__ or error, UndefinedTable | UndefinedFunction):
            sys.exit("torale: The database has no tables yet. Run `manage.py migrate` first.")
        if not trouble.is_trouble(error):
            raise
        logging.disable()  # the pool of connections may log the same failure once more
        sys.exit(f"torale: {trouble.in_words(error)}")


if __name__ == "__main__":
    main()
