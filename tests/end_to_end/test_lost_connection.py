"""A worker loses its connections, as by a restart of PostgreSQL."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings

from tests.receivers import wait_for
from tests.torale.running import environment, manage
from torale.postgres.base import embedded_server
from torale.postgres.server import DATABASE, PORT, ROLE


@pytest.fixture
def data(tmp_path_factory):
    """The data of a new installation."""
    folder = tmp_path_factory.mktemp("r") / "data"
    assert manage("migrate", TORALE_DATA_DIR=folder).returncode == 0
    return folder


@pytest.fixture
def worker(data):
    with subprocess.Popen(
        [sys.executable, "manage.py", "worker"],
        cwd=settings.BASE_DIR,
        env=environment(TORALE_DATA_DIR=data),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def ask(data: Path, query: str, *values: Any) -> Any:
    """Return the one value that `query` asks the installation's database for."""
    host = str(embedded_server(data).ensure_running())
    with psycopg.connect(host=host, port=PORT, user=ROLE, dbname=DATABASE) as connection:
        found = connection.execute(query, values).fetchone()
        return found[0] if found else None


RUN_SINCE = "SELECT at > %s FROM torale_heartbeat"
#: Of the connection by which periodic jobs are deferred.
CUT = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE pid <> pg_backend_pid() AND query ~ 'procrastinate_defer_periodic_job'
"""


@pytest.mark.slow
def test_the_scheduler_goes_on_after_its_connection_was_lost(data, worker):
    begun = ask(data, "SELECT now()")
    wait_for(lambda: ask(data, RUN_SINCE, begun))
    wait_for(lambda: ask(data, CUT))
    cut = ask(data, "SELECT now()")

    wait_for(lambda: ask(data, RUN_SINCE, cut + timedelta(seconds=5)))

    worker.terminate()
    _, logged = worker.communicate(timeout=30)
    # Once a second at most, and not as often as the processor can.
    assert logged.count("Side task deferrer failed") < 20
