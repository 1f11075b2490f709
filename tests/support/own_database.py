"""A database of a test's own, for programs that are started with an address."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connection

from tests.support.processes import database_url, manage


@contextmanager
def own_database(name: str, *, is_migrated: bool) -> Iterator[str]:
    """Make a database on the tests' server, and return its name.

    Args:
        name: a word that no other test of this run uses.
        is_migrated: whether it has Torale's tables. It has no rows.
    """
    name = f"{connection.settings_dict['NAME']}_{name}"
    # On a server that is not the embedded one there is no template.
    migrated = connection.settings_dict["TEST"]["TEMPLATE"]
    like = migrated if migrated and is_migrated else "template1"
    with psycopg.connect(database_url("postgres"), autocommit=True) as maintenance:
        maintenance.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        maintenance.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
        try:
            if is_migrated and not migrated:
                manage("migrate", DATABASE_URL=database_url(name)).check_returncode()
            yield name
        finally:
            maintenance.execute(f"DROP DATABASE {name} WITH (FORCE)")
