"""The database as an older version had it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.apps.registry import Apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


@contextmanager
def migrated_back(app: str, migration: str) -> Iterator[Apps]:
    """Undo an app's migrations down to one, yield the models of then, and do them again."""
    target = [(app, migration)]
    executor = MigrationExecutor(connection)
    executor.migrate(target)
    try:
        yield executor.loader.project_state(target).apps
    finally:
        call_command("migrate", verbosity=0)
