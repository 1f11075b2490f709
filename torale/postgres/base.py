"""The database backend that starts the embedded server whenever a connection to it is needed.

Importing it does not start the server: `manage.py --help` needs no database.
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
    """Return the one object by which this process uses the server in `data_dir`."""
    return EmbeddedServer(data_dir)


def ensure_running() -> str:
    """Start the server if necessary, and return the folder of its socket; fast while it runs.

    Raises:
        psycopg.OperationalError: it cannot be started. Django, psycopg's pools and procrastinate
            treat this error as a database that cannot be reached.
    """
    try:
        return str(embedded_server(settings.TORALE_DATA_DIR).ensure_running())
    except EmbeddedServerError as error:
        raise psycopg.OperationalError(str(error)) from error


class EmbeddedConnection(psycopg.Connection[TupleRow]):
    """A connection that starts the server if necessary; a pool makes it in its own threads."""

    @classmethod
    def connect(cls, conninfo: str = "", **parameters: Any) -> Self:
        """Start the server if necessary, and connect to it."""
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
    """Django's backend for PostgreSQL at the address of the embedded server.

    The address in the settings is ignored.
    """

    client_class = DatabaseClient

    @property
    def pool(self) -> Any:
        """Django's pool, with connections that start the server again if it has stopped."""
        pool = super().pool
        if pool is not None:
            pool.connection_class = EmbeddedConnection
        return pool

    def get_connection_params(self) -> dict[str, Any]:
        """Start the server if necessary, and return the parameters to connect to it.

        Django calls this before every connection, also before one from the pool. Procrastinate
        calls it for the connections of its worker.

        Raises:
            django.db.OperationalError: the server cannot be started.
        """
        with self.wrap_database_errors:
            host = ensure_running()
        return {**super().get_connection_params(), "host": host, "port": PORT, "user": ROLE}
