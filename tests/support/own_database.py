"""Databases that a test has for itself, on the tests' server."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.core.management import call_command
from django.db import connection

from tests.support.processes import database_url


def own(name: str) -> str:
    """Return the name of a database that no other process of these tests uses."""
    return f"{connection.settings_dict['NAME']}_{name}"


@contextmanager
def made_database(name: str, *, like: str = "template1") -> Iterator[str]:
    """Make a database on the tests' server, a copy of another, and return its address."""
    name = own(name)
    with psycopg.connect(database_url("postgres"), autocommit=True) as maintenance:
        maintenance.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        maintenance.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
        try:
            yield database_url(name)
        finally:
            maintenance.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def migrated_database(name: str) -> Iterator[str]:
    """Make a migrated database, have this process use it, and return its address."""
    template = connection.settings_dict["TEST"].get("TEMPLATE")
    with made_database(name, like=template or "template1") as address, _used(own(name)):
        if not template:
            call_command("migrate", verbosity=0)
        yield address


@contextmanager
def _used(name: str) -> Iterator[None]:
    described = connection.settings_dict
    usual = described["NAME"]
    _disconnect()
    described["NAME"] = name
    try:
        yield
    finally:
        _disconnect()
        described["NAME"] = usual


def _disconnect() -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
