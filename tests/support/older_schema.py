"""Migrate the database back to an older version."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.apps.registry import Apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


@contextmanager
def migrated_back(app: str, migration: str) -> Iterator[Apps]:
    """Migrate an app back to `migration`, yield the models of that time, and migrate forward."""
    target = [(app, migration)]
    executor = MigrationExecutor(connection)
    executor.migrate(target)
    try:
        yield executor.loader.project_state(target).apps
    finally:
        call_command("migrate", verbosity=0)
