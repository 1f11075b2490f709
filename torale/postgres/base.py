"""Database backend that brings the embedded server up whenever a connection to it is wanted.

Importing it starts nothing: `manage.py --help` needs no database.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Self

import psycopg
from django.conf import settings
from django.db.backends.postgresql import base, client
from psycopg.rows import TupleRow

from torale.postgres.server import PORT, ROLE, EmbeddedServer, EmbeddedServerError, programs


@cache
def embedded_server(data_dir: Path) -> EmbeddedServer:
    """Return this process's one handle on the server in `data_dir`."""
    return EmbeddedServer(data_dir)


def ensure_running() -> str:
    """Return the folder of the socket of a server that runs; cheap while it does.

    Raises:
        psycopg.OperationalError: it cannot be started. That is an unreachable database to Django,
            psycopg's pools and procrastinate alike.
    """
    try:
        return str(embedded_server(settings.TORALE_DATA_DIR).ensure_running())
    except EmbeddedServerError as error:
        raise psycopg.OperationalError(str(error)) from error


class EmbeddedConnection(psycopg.Connection[TupleRow]):
    """A connection that brings the server up first, for a pool that connects in its own threads."""

    @classmethod
    def connect(cls, conninfo: str = "", **parameters: Any) -> Self:
        """Connect to a server that runs."""
        ensure_running()
        return super().connect(conninfo, **parameters)


class DatabaseClient(client.DatabaseClient):
    """`manage.py dbshell` with the embedded server's own psql, which need not be on the PATH."""

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: Iterable[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        """Return psql's arguments and environment."""
        address = {"HOST": ensure_running(), "PORT": PORT, "USER": ROLE}
        (_, *arguments), env = super().settings_to_cmd_args_env(
            {**settings_dict, **address}, parameters
        )
        return [str(programs() / cls.executable_name), *arguments], env


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL at the address of the embedded server, whatever the settings say."""

    client_class = DatabaseClient

    @property
    def pool(self) -> Any:
        """Django's pool, with connections that outlive the server."""
        pool = super().pool
        if pool is not None:
            pool.connection_class = EmbeddedConnection
        return pool

    def get_connection_params(self) -> dict[str, Any]:
        """Return the parameters for a server that runs: it is brought up if need be.

        Django asks for them before every connection, a pooled one too, and so does procrastinate
        for its worker's.

        Raises:
            django.db.OperationalError: the server cannot be started.
        """
        with self.wrap_database_errors:
            host = ensure_running()
        return {**super().get_connection_params(), "host": host, "port": PORT, "user": ROLE}
