"""Keeps commands that replace or fill a whole database from one that is in use."""

from argparse import ArgumentParser

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError
from django.db import connection


def add_force(parser: ArgumentParser, *, consequence: str) -> None:
    """Add `--force`.

    Args:
        parser: the command's parser.
        consequence: what happens to the users then.
    """
    parser.add_argument(
        "--force",
        action="store_true",
        help=f"even if the database holds users; {consequence}",
    )


def check_no_users(*, advice: str) -> None:
    """Check that the database holds no users.

    Args:
        advice: what to do if it does, as a sentence.

    Raises:
        CommandError: it does.
    """
    users = get_user_model()
    is_migrated = users._meta.db_table in connection.introspection.table_names()
    if is_migrated and users.objects.exists():
        raise CommandError(f"The database holds users. {advice}")
