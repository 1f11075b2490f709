"""The units of systemd: its tools accept them, and the programs run under what they forbid."""

import ctypes.util
import re
import subprocess
from pathlib import Path

import pytest

from tests.support import preloaded_python
from tests.support.commands_run import check_command
from tests.support.needed import needs
from tests.support.own_database import migrated_database
from tests.support.preloaded_python import ROOT
from tests.support.processes import (
    PROGRAM_DEADLINE_S,
    answers,
    environment,
    free_port,
)
from tests.support.receivers import HTTPAnswer, wait_for
from tests.support.run_as_unit import settings_of
from torale.supervised import KILL_WAIT

UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
NAMES = [unit.name for unit in UNITS]
WEB, WORKER = (
    ROOT / "deploy" / "systemd" / f"torale-{name}@.service" for name in ("web", "worker")
)

needs_systemd = needs("systemd-analyze")
needs_seccomp = pytest.mark.skipif(
    ctypes.util.find_library("seccomp") is None, reason="there is no libseccomp here"
)


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, timeout=30, check=False
    )


@pytest.fixture
def installed(tmp_path) -> list[Path]:
    """The units, as if Torale were installed in a folder of the test's."""
    program = tmp_path / "torale/.venv/bin/python"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)
    for unit in UNITS:
        text = unit.read_text().replace("/opt/torale", f"{tmp_path}/torale")
        (tmp_path / unit.name).write_text(text)
    return [tmp_path / unit.name for unit in UNITS]


@needs_systemd
def test_systemd_accepts_the_units(installed):
    verified = analyze("verify", "--man=no", *installed)

    assert (verified.returncode, verified.stderr) == (0, "")


@needs_systemd
@pytest.mark.parametrize("unit", NAMES)
def test_a_unit_may_do_little(installed, unit):
    path = installed[NAMES.index(unit)]

    # In tenths: 100 is what a unit without any protection has.
    assessed = analyze("security", "--offline=true", "--threshold=15", path)

    assert assessed.returncode == 0, assessed.stdout


@pytest.mark.parametrize("unit", UNITS, ids=NAMES)
def test_a_unit_runs_a_command_that_there_is(unit):
    [command] = settings_of(unit)["ExecStart"]
    [arguments] = re.findall(r"^/opt/torale/\.venv/bin/python manage\.py (.+)$", command)

    check_command(arguments.split())


@pytest.mark.parametrize("unit", [WEB, WORKER], ids=lambda unit: unit.name)
def test_a_unit_gives_its_process_the_time_that_it_needs_to_end(unit):
    settings = settings_of(unit)

    assert int(settings["TimeoutStopSec"][0]) > KILL_WAIT
    # The process tells its children itself.
    assert settings["KillMode"] == ["mixed"]


def as_unit(unit: Path, log: Path, *arguments: str, **values: object) -> preloaded_python.Program:
    """Start `manage.py` under what the unit forbids; `log` is for what it writes."""
    with log.open("w") as written:
        return preloaded_python.start(
            *("tests/support/run_as_unit.py", str(unit), "manage.py", *arguments),
            environment=environment(**values),
            stdout=written,
            stderr=written,
        )


@pytest.mark.e2e
@needs_systemd
@needs_seccomp
def test_web_and_worker_run_under_what_their_units_forbid(
    tmp_path, django_db_setup, django_db_blocker
):
    port, log, other = free_port(), tmp_path / "web.log", tmp_path / "worker.log"
    with django_db_blocker.unblock(), migrated_database("units") as database:
        values = {"DATABASE_URL": database, "TORALE_DATA_DIR": tmp_path}
        web = as_unit(WEB, log, "web", **values, TORALE_LISTEN=f"127.0.0.1:{port}")
        worker = as_unit(WORKER, other, "worker", **values)
        try:
            wait_for(lambda: answers(f"http://127.0.0.1:{port}/readyz"))
            wait_for(lambda: '"worker_started"' in other.read_text())
        finally:
            web.terminate()
            worker.terminate()
            statuses = [each.wait(PROGRAM_DEADLINE_S) for each in (web, worker)]

    said = log.read_text() + other.read_text()
    assert statuses == [0, 0], said
    assert not re.search("Traceback|not permitted|[Dd]enied", said), said


@pytest.mark.e2e
@needs_systemd
@needs_seccomp
def test_a_page_is_fetched_and_parsed_in_a_child_process_of_the_unit(http_receiver, tmp_path):
    page = b"<html><body><main><h1>Tickets</h1><p>Sold out.</p></main></body></html>"
    http_receiver.answers = [HTTPAnswer(200, page, {"Content-Type": "text/html"})]

    tried = as_unit(
        *(WORKER, tmp_path / "log", "try_task", f"{http_receiver.url}/", 'contains "sold out"'),
        TORALE_DATA_DIR=tmp_path,
        TORALE_WEBHOOK_ALLOW_PRIVATE="127.0.0.0/8",
    )
    status = tried.wait(PROGRAM_DEADLINE_S)

    said = (tmp_path / "log").read_text()
    assert status == 0, said
    assert "Sold out." in said
