"""A standby of a PostgreSQL server, which can take over from it."""

import os
import pwd
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from tests.support.receivers import wait_for
from tests.support.relay import Target, relay_to
from torale.postgres.server import PORT, programs


class Standby:
    """A server that follows another until it is promoted."""

    def __init__(self, folder: Path, user: str, name: str) -> None:
        self._folder = folder
        self._user = user
        self._name = name

    @property
    def target(self) -> Path:
        """Return its socket."""
        return self._folder / f".s.PGSQL.{PORT}"

    def connect(self) -> psycopg.Connection:
        """Connect to the database."""
        return psycopg.connect(
            host=str(self._folder), port=PORT, user=self._user, dbname=self._name, autocommit=True
        )

    def is_up(self) -> bool:
        """Return whether it accepts connections."""
        with suppress(psycopg.OperationalError):
            self.connect().close()
            return True
        return False

    def promote(self) -> None:
        """Let it take over."""
        with self.connect() as database:
            database.execute("SELECT pg_promote()")


@contextmanager
def standby_of(server: Target, *, user: str, name: str) -> Iterator[Standby]:
    """Run a standby.

    Args:
        server: the server that it follows.
        user: who connects.
        name: of the database to which tests connect.
    """
    # PostgreSQL refuses to run as root.
    account = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    with TemporaryDirectory() as made, relay_to(server) as relay:
        os.chown(made, account.pw_uid, account.pw_gid)
        subprocess.run(
            [
                *(programs() / "pg_basebackup", "--write-recovery-conf", "--checkpoint=fast"),
                *("--host=127.0.0.1", f"--port={relay.port}", f"--username={user}"),
                f"--pgdata={made}/cluster",
            ],
            user=account.pw_uid,
            cwd=made,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        process = subprocess.Popen(
            [
                *(programs() / "postgres", "-D", f"{made}/cluster"),
                *("-c", f"unix_socket_directories={made}", "-c", f"port={PORT}"),
                *("-c", "listen_addresses="),
            ],
            user=account.pw_uid,
            cwd=made,
            stderr=subprocess.DEVNULL,
        )
        try:
            standby = Standby(Path(made), user, name)
            wait_for(standby.is_up)
            yield standby
        finally:
            process.kill()  # its own children notice
            process.wait()
