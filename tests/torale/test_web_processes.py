"""`manage.py web`: how it starts and ends, alone and as several processes with one address."""

import json
import os
import signal
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import psutil
import psycopg
import pytest
from django.db.models import F

from tests.support.own_database import made_database, migrated_database, own
from tests.support.processes import database_url, free_port, manage
from tests.support.races import somebody_waits_for_a_lock
from tests.support.receivers import DEADLINE_S, wait_for
from tests.support.started import Started, started
from torale import __version__
from torale.models import Process, SchemaChange

pytestmark = pytest.mark.e2e

#: Reports come often enough for a test to wait for some.
OFTEN = {"torale.processes.REPORT_S": 0.1}
#: Whatever ends is started again at once.
AT_ONCE = {"torale.supervised.COMES_UP_S": 0, "torale.supervised.PAUSE_S": 0}


class Web:
    """`manage.py web` in a process of its own."""

    def __init__(self, program: Started, port: int) -> None:
        self.program = program
        self.port = port

    def get(self, path: str = "/readyz") -> tuple[int, Any]:
        """Return the status and the JSON of an answer; `Retry-After` instead of JSON if it has one.

        Raises:
            OSError, HTTPException: there is none.
        """
        url = f"http://127.0.0.1:{self.port}{path}"
        try:
            with urllib.request.urlopen(url, timeout=DEADLINE_S) as answer:
                return answer.status, json.load(answer)
        except HTTPError as error:
            with error:
                return error.code, {**json.load(error), "after": error.headers["Retry-After"]}

    def answers(self, status: int, path: str = "/readyz") -> bool:
        """Return whether it answers with this status; fail if it has ended."""
        self.program.has_ended()
        try:
            return self.get(path)[0] == status
        except OSError:
            return False

    def is_connected(self, pid: int) -> bool:
        """Return whether a process has a client."""
        connections = psutil.Process(pid).net_connections("tcp")
        return any(one.status == "ESTABLISHED" for one in connections if one.laddr[1] == self.port)

    def listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@contextmanager
def web(
    folder: Path, address: str, *options: str, constants: Mapping[str, float] = {}
) -> Iterator[Web]:
    port = free_port()
    with started(
        folder / f"output-{port}",
        *("web", *options),
        constants=constants,
        DATABASE_URL=address,
        TORALE_DATA_DIR=folder,
        TORALE_LISTEN=f"127.0.0.1:{port}",
        TORALE_URL=f"http://127.0.0.1:{port}",
    ) as program:
        yield Web(program, port)


@pytest.fixture(scope="module")
def address(django_db_setup, django_db_blocker) -> Iterator[str]:
    """The address of a database, which the tests use as well."""
    with django_db_blocker.unblock(), migrated_database("web_processes") as address:
        yield address


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made: Path = tmp_path_factory.mktemp("web")
    return made


@pytest.fixture
def two(address, folder) -> Iterator[Web]:
    """Two processes at one address, the first of which has reported."""
    with web(folder, address, "--processes", "2", constants=AT_ONCE) as two:
        wait_for(lambda: len(pids()) == 2 or two.program.has_ended())
        yield two


def pids() -> set[int]:
    return {process.pid for process in Process.objects.all()}


@contextmanager
def readyz_waits(address: str) -> Iterator[None]:
    """Let whoever asks /readyz wait for a lock."""
    with psycopg.connect(address) as other:
        other.execute("LOCK TABLE executions_execution IN ACCESS EXCLUSIVE MODE")
        yield


def test_several_processes_share_the_address_and_each_shows_itself(two):
    shown = [*Process.objects.all()]

    assert [(process.command, process.does) for process in shown] == [("web", "web")] * 2
    children = {child.pid for child in psutil.Process(two.program.process.pid).children()}
    assert pids() == children
    lines = two.program.log("web_started")
    assert [line["address"] for line in lines] == [f"127.0.0.1:{two.port}"] * 2
    assert two.get()[0] == 200


def test_one_that_is_killed_while_requests_flow_is_started_again_and_the_other_goes_on(two):
    killed, kept = pids()
    failed, over = [], threading.Event()

    def ask() -> int:
        count = 0
        while not over.is_set():
            try:
                assert two.get("/healthz") == (200, {"status": "ok"})
            except (OSError, HTTPException) as error:
                failed.append(error)
            count += 1
        return count

    with ThreadPoolExecutor(4) as clients:
        counts = [clients.submit(ask) for _ in range(4)]
        try:
            os.kill(killed, signal.SIGKILL)
            line = two.program.logged("process_restarted")
            wait_for(lambda: len(two.program.log("web_started")) == 3)
        finally:
            over.set()

    assert sum(count.result() for count in counts) > 20
    assert len(failed) <= 4  # those that the killed process had accepted
    assert line["status"] == -signal.SIGKILL
    wait_for(lambda: len(pids() - {killed}) == 2)
    assert kept in pids()
    Process.objects.filter(pid=killed).delete()


def test_sigterm_ends_all_once_the_requests_under_way_are_answered(address, two):
    children = pids()
    with ThreadPoolExecutor(30) as clients, readyz_waits(address):
        answers: list[Future[tuple[int, Any]]] = []

        def each_has_one() -> bool:
            if len(answers) < 30:
                answers.append(clients.submit(two.get))
            return all(map(two.is_connected, children))

        wait_for(each_has_one)
        wait_for(somebody_waits_for_a_lock)

        two.program.process.terminate()

        # New clients are refused at once, and do not wait for nobody.
        wait_for(lambda: not two.listens())
        assert all(map(psutil.pid_exists, children))

    assert {answer.result()[0] for answer in answers} == {200}
    assert two.program.status() == 0
    assert not any(map(psutil.pid_exists, children))
    assert pids() == set()


def test_a_kill_of_their_parent_ends_all(address, folder):
    with web(folder, address, "--processes", "2") as both:
        wait_for(lambda: len(pids()) == 2 or both.program.has_ended())
        children = pids()

        both.program.process.kill()

        wait_for(lambda: not any(psutil.pid_exists(pid) for pid in children))
    assert pids() == set()


def test_clients_that_come_while_it_starts_are_served_and_not_refused(address, folder):
    with web(folder, address) as alone:
        wait_for(lambda: alone.listens() or alone.program.has_ended())

        assert alone.get("/readyz")[0] == 200


def test_one_that_does_not_come_up_ends_all_with_its_status(address, folder):
    with web(folder, address, "--processes", "2") as both:
        parent = psutil.Process(both.program.process.pid)
        wait_for(lambda: len(parent.children()) == 2)

        first, second = parent.children()
        first.kill()

        assert both.program.status() == 128 + signal.SIGKILL
        assert not second.is_running()
    assert "has ended, so web ends, too." in both.program.said


@pytest.mark.slow
def test_sigterm_ends_it_within_20_seconds_even_if_a_request_is_never_answered(address, folder):
    with web(folder, address) as one, ThreadPoolExecutor(1) as client:
        wait_for(lambda: one.answers(200))
        with readyz_waits(address):
            client.submit(one.get)
            wait_for(somebody_waits_for_a_lock)
            one.program.process.terminate()

            assert one.program.process.wait(20) == 0


def test_more_threads_than_there_are_connections_are_refused(folder):
    ended = manage("web", "--threads", "12", TORALE_DATA_DIR=folder)

    assert (ended.returncode, ended.stderr) == (
        1,
        (
            "CommandError: --threads 12 is too many: each needs a database connection, and a "
            "process has 11 for them. Give at most 11, and more --processes.\n"
        ),
    )


def test_while_its_database_is_not_there_it_answers_503_and_then_it_serves(address, folder):
    with web(folder, database_url(own("later"))) as early:
        wait_for(lambda: early.answers(503))
        told = {
            "detail": "The database is not available. Try again in a few seconds.",
            "after": "5",
        }
        assert early.get("/readyz") == early.get("/api/v1/tasks") == (503, told)
        assert early.get("/healthz") == (200, {"status": "ok"})

        with made_database("later"):
            assert "migrate" in early.program.logged("database_awaited")["reason"]
            assert early.get("/readyz") == (503, told)

        with migrated_database("later"):
            wait_for(lambda: early.answers(200))
            assert early.program.stop() == 0


@pytest.mark.slow
def test_a_database_that_was_away_for_long_is_noticed_within_seconds(address, folder):
    began = time.monotonic()
    with web(folder, database_url(own("later"))) as early:
        wait_for(lambda: time.monotonic() > began + 19)  # a pool would pause for longer and longer
        assert early.get("/readyz")[0] == 503
        with migrated_database("later"):
            there = time.monotonic()
            wait_for(lambda: early.answers(200))
            assert time.monotonic() < there + 7


def test_while_its_loop_turns_it_reports_on_and_on(address, folder):
    constants = {**OFTEN, "torale.processes.HANGS_AFTER_S": 1.5}
    long_after = Process.objects.filter(seen_at__gt=F("started_at") + timedelta(seconds=3.5))

    with web(folder, address, constants=constants) as one:
        wait_for(lambda: long_after.exists() or one.program.has_ended())


def test_it_ends_with_a_sentence_when_a_newer_version_changes_the_database(address, folder):
    with web(folder, address, "--threads", "2", constants=OFTEN) as one:
        line = one.program.logged("web_started")
        assert (line["version"], line["threads"]) == (__version__, 2)
        wait_for(pids)
        change = SchemaChange.objects.create(app="tasks", name="9999_less", is_additive=False)
        try:
            assert one.program.status() == 1
            with web(folder, address) as again:
                assert again.program.status() == 1
        finally:
            change.delete()

    assert one.program.log("process_ends")
    assert one.program.log("web_stopped")
    assert one.program.said.startswith("torale: ")
    assert "tasks.9999_less of a newer version" in one.program.said
    assert again.program.said == one.program.said
    assert pids() == set()
