"""Write the whole database to a file and back, with the PostgreSQL programs of this installation.

The programs have the version of the embedded server; pg_dump can also read older servers.
"""

import os
import subprocess
from pathlib import Path

from django.db import connection

from torale.database import direct_settings
from torale.postgres.server import programs


class DumpError(Exception):
    """A program of PostgreSQL has failed; the message is the last line that it printed."""


def dump(path: Path) -> None:
    """Write the database as it is at this moment to `path`, in pg_dump's custom format.

    Only its owner may read the file. An existing file is replaced once the new one is complete.

    Raises:
        DumpError: the database cannot be read, or the file cannot be written.
    """
    part = path.with_name(f"{path.name}.part")
    database, environment = _database()
    try:
        _run("pg_dump", "--format=custom", f"--file={part}", *database, env=environment)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def restore(path: Path) -> None:
    """Replace everything in the database with the dump in `path`; a failure leaves it as it was.

    Raises:
        DumpError: the file is not a dump, or is damaged, or the database refuses it.
    """
    _run("pg_restore", f"--file={os.devnull}", str(path), env={})
    database, environment = _database()
    # The whole schema is dropped, and not only what the dump contains: the database may be of a
    # later version that has more tables.
    psql: list[str | Path] = [
        *(programs() / "psql", "--no-psqlrc", "--quiet", "--single-transaction"),
        *("--set=ON_ERROR_STOP=1", "--command=SET client_min_messages = warning"),
        *("--command=DROP SCHEMA public CASCADE", "--command=CREATE SCHEMA public", "--file=-"),
        *database,
    ]
    script: list[str | Path] = [
        programs() / "pg_restore",
        "--file=-",
        "--no-owner",
        "--no-privileges",
        path,
    ]
    reading, writing = os.pipe()
    with (
        subprocess.Popen(script, stdout=writing, stderr=subprocess.DEVNULL) as source,  # noqa: S603
        subprocess.Popen(  # noqa: S603
            psql,
            env={**os.environ, **environment},
            stdin=reading,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as target,
    ):
        os.close(reading)
        # psql commits at the end of its input, which it reaches only when this process closes
        # `writing`. So it can still be killed if pg_restore fails.
        if source.wait():
            target.kill()
        os.close(writing)
        _, said = target.communicate()
    if source.returncode or target.returncode:
        raise DumpError(_last_line(said) or f"{path} could not be read to its end")


def _database() -> tuple[list[str], dict[str, str]]:
    """Return the arguments and the environment with which PostgreSQL's programs connect."""
    client = connection.client.settings_to_cmd_args_env(direct_settings(), [])
    (_, *arguments), environment = client
    return arguments, environment or {}


def _run(program: str, *arguments: str, env: dict[str, str]) -> None:
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own
        [programs() / program, *arguments],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        umask=0o077,
        check=False,
    )
    if done.returncode:
        raise DumpError(_last_line(done.stderr))


def _last_line(said: str) -> str:
    return said.strip().rpartition("\n")[2]
