"""A worker loses its connections, as by a restart of PostgreSQL."""

import subprocess
import sys
from datetime import timedelta

import pytest
from django.conf import settings

from tests.support.processes import environment, manage, sql
from tests.support.receivers import wait_for

pytestmark = pytest.mark.e2e


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


RUN_SINCE = "SELECT at > %s FROM torale_heartbeat"
#: Of the connection by which periodic jobs are deferred.
CUT = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE pid <> pg_backend_pid() AND query ~ 'procrastinate_defer_periodic_job'
"""


@pytest.mark.slow
def test_the_scheduler_goes_on_after_its_connection_was_lost(data, worker):
    begun = sql(data, "SELECT now()")
    wait_for(lambda: sql(data, RUN_SINCE, begun))
    wait_for(lambda: sql(data, CUT))
    cut = sql(data, "SELECT now()")

    wait_for(lambda: sql(data, RUN_SINCE, cut + timedelta(seconds=5)))

    worker.terminate()
    _, logged = worker.communicate(timeout=30)
    # Once a second at most, and not as often as the processor can.
    assert logged.count("Side task deferrer failed") < 20
