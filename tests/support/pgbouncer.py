"""pgbouncer in front of a database, as a program of its own."""

import os
import pwd
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.support.processes import free_port
from tests.support.receivers import wait_for
from tests.support.relay import Target, relay_to

CONNECT_QUERY = "SET plan_cache_mode = force_generic_plan"

#: The first lines of [pgbouncer], and `connect_query`, are what Torale needs.
CONFIGURATION = """
[databases]
{name} = host=127.0.0.1 port={port} user={user} connect_query='{connect_query}'

[pgbouncer]
pool_mode = {mode}
max_prepared_statements = 200
idle_transaction_timeout = 10
default_pool_size = {pool_size}
listen_addr = 127.0.0.1
listen_port = {listen_port}
unix_socket_dir =
auth_type = any
admin_users = {user}
logfile = {folder}/log
{more}
"""


class PgBouncer:
    """A pgbouncer in front of one database."""

    def __init__(self, port: int, user: str, name: str, folder: Path) -> None:
        self.port = port
        self.user = user
        self.name = name
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return the DATABASE_URL."""
        return f"postgres://{self.user}@127.0.0.1:{self.port}/{self.name}"

    def start(self) -> None:
        """Start it, and wait until it accepts connections."""
        self._process = subprocess.Popen(
            ["pgbouncer", "--quiet", str(self._folder / "pgbouncer.ini")],
            user=self._folder.stat().st_uid,
            stderr=subprocess.DEVNULL,
        )
        wait_for(self._is_up)

    def _is_up(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log()
        with suppress(psycopg.OperationalError):
            self.connect("pgbouncer").close()
            return True
        return False

    def stop(self) -> None:
        """Kill it."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def connect(self, name: str = "") -> psycopg.Connection[Any]:
        """Connect, by default to the database behind it."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=self.user,
            dbname=name or self.name,
            autocommit=True,
        )

    def command(self, statement: str) -> list[dict[str, Any]]:
        """Run a command of its admin console, such as `SHOW POOLS`."""
        with self.connect("pgbouncer") as console:
            # The console has no prepared statements, so none with parameters either.
            cursor = psycopg.ClientCursor(console, row_factory=dict_row)
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def log(self) -> str:
        """Return what it has logged."""
        return (self._folder / "log").read_text()


@contextmanager
def pgbouncer(
    server: Target,
    *,
    user: str,
    name: str,
    mode: str = "transaction",
    pool_size: int = 4,
    more: str = "",
) -> Iterator[PgBouncer]:
    """Run pgbouncer in front of a database.

    Args:
        server: its server.
        user: who connects to the server, whatever name a client gives.
        name: of the database.
        mode: its pool_mode.
        pool_size: how many connections to the server it may have.
        more: more lines for its configuration.
    """
    # pgbouncer refuses to run as root, and others have no access to the folders of the tests and
    # the server's socket.
    account = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    with TemporaryDirectory() as made, relay_to(server) as relay:
        folder, port = Path(made), free_port()
        ini = folder / "pgbouncer.ini"
        ini.write_text(
            CONFIGURATION.format(
                name=name,
                port=relay.port,
                user=user,
                connect_query=CONNECT_QUERY,
                mode=mode,
                pool_size=pool_size,
                listen_port=port,
                folder=folder,
                more=more,
            )
        )
        os.chown(folder, account.pw_uid, account.pw_gid)
        running = PgBouncer(port, user, name, folder)
        running.start()
        try:
            yield running
        finally:
            running.stop()
