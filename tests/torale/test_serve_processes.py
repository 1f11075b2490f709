"""`manage.py serve` and its processes: how they start together, answer, and end."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from django.conf import settings

from tests.support.processes import (
    HALF_A_BODY,
    PROGRAM_DEADLINE_S,
    answers,
    environment,
    free_port,
    manage,
)
from tests.support.receivers import DEADLINE_S, wait_for
from tests.support.started import started

pytestmark = pytest.mark.e2e


class Serving:
    """`manage.py serve` in a process of its own."""

    def __init__(self, data_dir: Path, port: int) -> None:
        self.data_dir = data_dir
        self.port = port
        self.output = data_dir.parent / f"output-{port}"
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"],
                cwd=settings.BASE_DIR,
                env=environment(
                    TORALE_DATA_DIR=data_dir,
                    TORALE_LISTEN=f"127.0.0.1:{port}",
                    TORALE_URL=f"http://localhost:{port}",
                ),
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def said(self) -> str:
        """Return what it wrote for people: all but its log."""
        lines = self.output.read_text().splitlines(keepends=True)
        return "".join(line for line in lines if not line.startswith("{"))

    def log(self) -> list[str]:
        lines = self.output.read_text().splitlines()
        return [json.loads(line)["event"] for line in lines if line.startswith("{")]

    def wait(self) -> None:
        """Wait until it serves: for the database, its tables, the processes."""
        wait_for(lambda: (self.data_dir / "postgres/cluster").exists() or self.has_ended())
        wait_for(lambda: "Torale is at" in self.said or self.has_ended())
        wait_for(lambda: self.answers() or self.has_ended())
        wait_for(lambda: "worker_started" in self.log() or self.has_ended())

    def has_ended(self) -> bool:
        assert self.process.poll() is None, self.output.read_text()
        return False

    def answers(self) -> bool:
        with contextlib.suppress(OSError):
            url = f"http://127.0.0.1:{self.port}/readyz"
            with urllib.request.urlopen(url, timeout=DEADLINE_S) as response:
                return bool(response.status == 200)
        return False

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(PROGRAM_DEADLINE_S)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory) -> Path:
    """A folder whose database has been made, so that a start takes less."""
    data_dir: Path = tmp_path_factory.mktemp("serve") / "data"
    assert manage("migrate", TORALE_DATA_DIR=data_dir).returncode == 0
    return data_dir


@pytest.fixture
def start_serving() -> Iterator[Callable[..., Serving]]:
    started: list[Serving] = []

    def start(data_dir: Path, port: int | None = None) -> Serving:
        data_dir.mkdir(exist_ok=True)
        started.append(Serving(data_dir, port or free_port()))
        return started[-1]

    yield start
    for serving in started:
        serving.stop()


@pytest.fixture(scope="module")
def running() -> Iterator[list[Serving]]:
    started: list[Serving] = []
    yield started
    for serving in started:
        serving.stop()


@pytest.fixture
def serving(migrated, running: list[Serving]) -> Serving:
    """One that serves: a start takes long, so a test gets what the test before it left running."""
    if not running or running[-1].process.poll() is not None:
        running.append(Serving(migrated, free_port()))
        running[-1].wait()
    return running[-1]


def processes_of(data_dir: Path) -> dict[int, str]:
    """Return the commands of the processes that run on `data_dir`, the database's too, by id."""
    found = {}
    for process in psutil.process_iter():
        # It may have ended meanwhile, or be another user's.
        with contextlib.suppress(psutil.Error):
            in_it = process.cwd().startswith(str(data_dir))
            if in_it or process.environ().get("TORALE_DATA_DIR") == str(data_dir):
                found[process.pid] = " ".join(process.cmdline())
    return found


def test_a_kill_of_serve_leaves_nothing_running_and_the_next_start_serves(
    migrated, serving, running
):
    assert len(processes_of(migrated)) > 3

    serving.process.send_signal(signal.SIGKILL)

    wait_for(lambda: not processes_of(migrated))
    running.append(Serving(migrated, serving.port))
    running[-1].wait()


def test_every_address_of_the_banner_answers(serving):
    url = f"http://localhost:{serving.port}"

    addresses = set(re.findall(rf"{url}\S*", serving.said))
    answers = {
        address: urllib.request.urlopen(address, timeout=DEADLINE_S).status for address in addresses
    }

    assert answers == {url: 200, f"{url}/api/v1/": 200, f"{url}/admin/": 200}


def worker_of(data_dir: Path) -> int:
    """Return the number of the worker's process; 0 if there is none."""
    commands = processes_of(data_dir).items()
    return next((pid for pid, command in commands if "torale.supervised worker" in command), 0)


def worker_below(parent: int) -> int:
    """Return the number of the worker's process that a `serve` has started."""
    children = psutil.Process(parent).children()
    return next(child.pid for child in children if child.cmdline()[-1] == "worker")


def test_the_end_of_one_process_that_has_not_come_up_ends_all_with_its_status(
    migrated, running, start_serving
):
    for serving in running:
        serving.stop()
    serving = start_serving(migrated)

    os.kill(wait_for(lambda: worker_of(migrated)), signal.SIGKILL)

    assert serving.process.wait(PROGRAM_DEADLINE_S) == 128 + signal.SIGKILL
    assert serving.said.endswith(
        "CommandError: worker has ended, so serve ends, too. "
        "If nothing above says why, it was killed.\n"
    )
    assert not serving.answers()


@pytest.mark.slow
def test_a_worker_that_is_killed_later_is_started_again_and_the_web_server_goes_on(
    migrated, tmp_path
):
    port = free_port()
    with started(
        tmp_path / "output",
        "serve",
        constants={"torale.supervised.COMES_UP_S": 0, "torale.supervised.PAUSE_S": 0},
        TORALE_DATA_DIR=migrated,
        TORALE_LISTEN=f"127.0.0.1:{port}",
        TORALE_URL=f"http://localhost:{port}",
    ) as serving:
        serving.logged("worker_started")
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/readyz") or serving.has_ended())
        killed = worker_below(serving.process.pid)

        os.kill(killed, signal.SIGKILL)

        serving.logged("worker_started", count=2)
        assert worker_below(serving.process.pid) != killed
        [line] = serving.log("process_restarted")
        assert (line["name"], line["status"]) == ("worker", -signal.SIGKILL)
        assert len(serving.log("web_started")) == 1
        assert answers(f"http://127.0.0.1:{port}/readyz")
        assert serving.stop() == 0


@pytest.mark.slow
def test_two_first_starts_at_once_both_come_up_with_one_admin(tmp_path, start_serving):
    both = [start_serving(tmp_path / "data") for _ in range(2)]

    for serving in both:
        serving.wait()

    said = "".join(serving.said for serving in both)
    assert "Traceback" not in said
    assert len(re.findall("API key +sk_", said)) == 1


@pytest.mark.slow
def test_two_first_starts_at_one_port_tell_the_loser_in_one_sentence(tmp_path, start_serving):
    port = free_port()
    output = tmp_path / f"output-{port}"
    both = [start_serving(tmp_path / "data", port) for _ in range(2)]

    wait_for(lambda: "Torale is at" in both[0].said)
    wait_for(lambda: [serving.process.poll() for serving in both].count(None) == 1)
    (winner,) = [serving for serving in both if serving.process.poll() is None]
    (loser,) = [serving for serving in both if serving.process.poll() is not None]

    wait_for(winner.answers)
    assert loser.process.returncode == 1
    assert "Traceback" not in output.read_text()
    # On a busy machine it may be said twice: the web process is started again if it took long.
    (told,) = {*re.findall("^CommandError: .* cannot be served .*$", loser.said, re.MULTILINE)}
    assert "Address already in use by process" in told


def test_four_half_bodies_do_not_stop_the_server(serving):
    with contextlib.ExitStack() as clients:
        for _ in range(8):
            client = clients.enter_context(socket.create_connection(("127.0.0.1", serving.port)))
            client.sendall(HALF_A_BODY)

        assert serving.answers()
        # It waits for none of them, either.
        assert serving.stop() == 0
