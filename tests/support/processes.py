"""Run the project's programs in separate processes, with their own data."""

import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection

from tests.support import preloaded_python
from torale.postgres.base import embedded_server
from torale.postgres.server import DATABASE, PORT, ROLE

#: The beginning of a request whose client never sends the rest.
HALF_A_BODY = (
    b"POST /admin/login/ HTTP/1.1\r\nHost: localhost\r\nCookie: csrftoken=" + b"a" * 32 + b"\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nuser"
)

#: Seconds within which a program must end.
PROGRAM_DEADLINE_S = 60


def environment(**values: object) -> dict[str, str]:
    """Return this process's environment with `values` as the project's only settings."""
    own = (
        *("TORALE_", "DATABASE_", "EMAIL_URL", "SECRET_KEY", "DJANGO_", "DEFAULT_FROM_EMAIL"),
        "ANYMAIL_",
    )
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    return {**inherited, **{name: str(value) for name, value in values.items()}}


def manage(*arguments: str, **values: object) -> subprocess.CompletedProcess[str]:
    """Run `manage.py` to its end, with `values` in its environment."""
    return python("manage.py", *arguments, **values)


def python(*arguments: str, **values: object) -> subprocess.CompletedProcess[str]:
    """Run Python in the project's folder to its end, for at most PROGRAM_DEADLINE_S seconds."""
    return preloaded_python.run(
        *arguments, environment=environment(**values), timeout=PROGRAM_DEADLINE_S
    )


def fresh_python(*arguments: str, **values: object) -> subprocess.CompletedProcess[str]:
    """Run Python in a new process without preloaded modules, for tests of what is imported."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=preloaded_python.ROOT,
        env=environment(**values),
        capture_output=True,
        text=True,
        timeout=PROGRAM_DEADLINE_S,
        check=False,
    )


def free_port() -> int:
    """Return a free port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(address: str) -> bool:
    """Return whether an address answers with success."""
    try:
        with urllib.request.urlopen(address, timeout=2):
            return True
    except OSError:
        return False


def database_url(name: str = "") -> str:
    """Return the DATABASE_URL of a database on the tests' server, by default the test database."""
    address = connection.get_connection_params()
    return f"postgres://{address['user']}@/{name or address['dbname']}?host={address['host']}"


def sql(data: Path, statement: str, *values: Any) -> Any:
    """Return the first value of a statement on the embedded database in `data`; None if empty."""
    host = str(embedded_server(data).ensure_running())
    with psycopg.connect(host=host, port=PORT, user=ROLE, dbname=DATABASE) as database:
        cursor = database.execute(statement, values)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None
