"""The embedded server's life, as the processes that use it see it."""

import fcntl
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support import preloaded_python
from tests.support.processes import PROGRAM_DEADLINE_S, environment, python
from tests.support.receivers import wait_for
from torale.postgres.server import ROLE, EmbeddedServer, EmbeddedServerError

pytestmark = pytest.mark.e2e

# Answers every line, a query, by its value; ends with its standard input.
CLIENT = """
import sys
from pathlib import Path

import psycopg

from torale.postgres.server import DATABASE, PORT, ROLE, EmbeddedServer

server = EmbeddedServer(Path(sys.argv[1]))
for query in sys.stdin:
    host = str(server.ensure_running())
    with psycopg.connect(host=host, port=PORT, user=ROLE, dbname=DATABASE) as connection:
        cursor = connection.execute(query)
        answer = cursor.fetchone()[0] if cursor.description else "done"
    print(answer, flush=True)  # it is committed
"""

STARTED = "SELECT pg_postmaster_start_time()"


class Client:
    """A process that uses the server in `data_dir`."""

    def __init__(self, data_dir: Path, program: str = CLIENT) -> None:
        self.process = preloaded_python.start(
            *("-c", program, str(data_dir)),
            environment=environment(
                TORALE_DATA_DIR=data_dir, DJANGO_SETTINGS_MODULE="torale.settings"
            ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdin
        assert self.process.stdout
        self.questions, self.answers = self.process.stdin, self.process.stdout

    def say(self, query: str) -> None:
        self.questions.write(f"{query}\n")
        self.questions.flush()

    def hear(self) -> str:
        """Return the answer, or nothing if the process ended without one."""
        return str(self.answers.readline()).strip()

    def ask(self, query: str) -> str:
        self.say(query)
        return self.hear()

    def leave(self) -> None:
        self.questions.close()
        self.process.wait(PROGRAM_DEADLINE_S)
        self.answers.close()

    def kill(self) -> None:
        self.process.kill()
        self.leave()


@pytest.fixture
def start_client():
    """Start clients that are gone after the test, however it went."""
    started = []

    def start(data_dir: Path, program: str = CLIENT) -> Client:
        started.append(Client(data_dir, program))
        return started[-1]

    yield start
    for client in started:
        if client.process.returncode is None:
            client.kill()


@pytest.fixture(scope="module")
def new_data(tmp_path_factory):
    """The data of a server that was started once; only to be copied."""
    data_dir = tmp_path_factory.mktemp("n") / "data"
    client = Client(data_dir)
    client.ask("SELECT 1")
    client.leave()
    wait_for(lambda: is_stopped(data_dir))
    return data_dir


@pytest.fixture
def folder(tmp_path_factory):
    """A new folder; its path is short enough for a socket, which tmp_path's is not."""
    return tmp_path_factory.mktemp("f")


@pytest.fixture
def data_dir(new_data, folder):
    return copied(new_data, folder / "data")


def copied(data: Path, to: Path) -> Path:
    # With the files' owner, who is not root even where root runs the tests.
    subprocess.run(["cp", "-a", data, to], check=True)
    return to


def is_free(lock: Path) -> bool:
    descriptor = os.open(lock, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def is_stopped(data_dir: Path) -> bool:
    """Tell whether nothing of the server is left: neither a process nor its watchdog."""
    folder = data_dir / "postgres"
    return (
        not (folder / "cluster" / "postmaster.pid").exists()
        and is_free(folder / "server.lock")
        and is_free(folder / "watchdog.lock")
    )


def kill_server(data_dir: Path) -> None:
    """Kill the server; its other processes live on until they notice, a few milliseconds."""
    pid = (data_dir / "postgres" / "cluster" / "postmaster.pid").read_text().split()[0]
    os.kill(int(pid), signal.SIGKILL)
    wait_for(lambda: is_free(data_dir / "postgres" / "server.lock"))


def test_the_first_starts_of_two_processes_make_one_server(start_client, folder):
    data_dir = folder / "data"
    clients = [start_client(data_dir) for _ in range(2)]

    for client in clients:
        client.say(STARTED)
    started = {client.hear() for client in clients}

    assert len(started) == 1
    assert started != {""}
    settings_shown = {
        name: clients[0].ask(f"SHOW {name}")
        for name in ("data_checksums", "fsync", "server_encoding", "timezone", "listen_addresses")
    }
    assert settings_shown == {
        "data_checksums": "on",
        "fsync": "on",
        "server_encoding": "UTF8",
        "timezone": "UTC",
        "listen_addresses": "",
    }
    # Whoever gets through to the socket is let in, so nobody else may.
    assert (data_dir / "postgres" / "cluster").stat().st_mode & 0o777 == 0o700


def test_the_server_stops_with_its_last_client_and_keeps_what_it_was_given(start_client, data_dir):
    first, second = start_client(data_dir), start_client(data_dir)
    first.ask("CREATE TABLE kept AS SELECT 42 AS number")
    started = second.ask(STARTED)

    first.leave()
    still_running = second.ask(STARTED)
    second.leave()
    wait_for(lambda: is_stopped(data_dir))
    third = start_client(data_dir)

    assert still_running == started
    assert third.ask("SELECT number FROM kept") == "42"
    assert third.ask(STARTED) != started


def test_the_server_stops_though_its_last_client_was_killed(start_client, data_dir):
    client = start_client(data_dir)
    client.ask("SELECT 1")

    client.kill()

    assert wait_for(lambda: is_stopped(data_dir))


def test_a_killed_server_is_back_for_the_next_query_with_all_that_was_committed(
    start_client, data_dir
):
    first, second = start_client(data_dir), start_client(data_dir)
    first.ask("CREATE TABLE kept AS SELECT 42 AS number")
    started = second.ask(STARTED)

    kill_server(data_dir)

    assert first.ask("SELECT number FROM kept") == "42"
    restarted = second.ask(STARTED)
    assert restarted == first.ask(STARTED)
    assert restarted not in (started, "")


def test_a_server_killed_with_all_its_clients_is_back_for_the_next_one(start_client, data_dir):
    killed = start_client(data_dir)
    killed.ask("CREATE TABLE kept AS SELECT 42 AS number")
    kill_server(data_dir)
    killed.kill()

    client = start_client(data_dir)

    assert client.ask("SELECT number FROM kept") == "42"


def test_a_folder_too_deep_for_a_socket_does(start_client, new_data, folder, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(folder))  # where it is called by a shorter path
    deep = folder.joinpath(*["folder-of-a-long-name"] * 6)
    deep.mkdir(parents=True)
    data_dir = copied(new_data, deep / "data")

    client = start_client(data_dir)

    assert client.ask("SELECT current_user") == ROLE


def test_a_folder_that_cannot_be_is_told_with_what_to_do(tmp_path):
    (tmp_path / "postgres").touch()

    with pytest.raises(EmbeddedServerError) as error:
        EmbeddedServer(tmp_path).ensure_running()

    assert str(error.value) == (
        "The embedded PostgreSQL cannot be used: "
        f"[Errno 17] File exists: '{tmp_path}/postgres'; "
        "fix that, or set DATABASE_URL to a PostgreSQL server."
    )


def test_data_that_postgresql_does_not_take_is_told_with_its_reason(tmp_path):
    cluster = tmp_path / "postgres" / "cluster"
    cluster.mkdir(parents=True, mode=0o700)

    ended = python(
        "-c",
        "import sys, pathlib; from torale.postgres.server import EmbeddedServer;"
        "EmbeddedServer(pathlib.Path(sys.argv[1])).ensure_running()",
        str(tmp_path),
    )

    assert ended.returncode == 1
    assert re.search(
        r"EmbeddedServerError: The embedded PostgreSQL cannot be used: .+ \(see "
        + re.escape(str(tmp_path / "postgres.log"))
        + r"\); fix that, or set DATABASE_URL to a PostgreSQL server\.\n$",
        ended.stderr,
    )


# Serves a request for every line, as Django does, with a connection from its pool.
REQUESTS = """
import sys

import django

django.setup()

from django.core.signals import request_finished, request_started
from django.db import connection

for _ in sys.stdin:
    request_started.send(None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_postmaster_start_time()")
        print(*cursor.fetchone(), flush=True)
    request_finished.send(None)
connection.close_pool()
"""


def test_a_request_after_the_server_was_killed_is_served(start_client, data_dir):
    web = start_client(data_dir, REQUESTS)
    before, meanwhile = web.ask(""), web.ask("")

    kill_server(data_dir)
    after = web.ask("")

    assert before == meanwhile
    assert after not in (before, "")


def test_a_command_that_needs_no_database_starts_none(tmp_path):
    ended = python("manage.py", "check", TORALE_DATA_DIR=tmp_path)

    assert ended.returncode == 0
    assert not (tmp_path / "postgres").exists()


def test_the_programs_own_client_finds_the_server(data_dir):
    ended = python(
        "manage.py", "dbshell", "--", "-Atc", "SELECT current_database()", TORALE_DATA_DIR=data_dir
    )

    assert (ended.returncode, ended.stdout) == (0, "torale\n")
