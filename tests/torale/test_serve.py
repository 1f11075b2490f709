"""`manage.py serve` that cannot serve says why, in one sentence."""

import os
import socket
import sys

import pytest

from tests.support.processes import free_port, manage
from torale import ports

pytestmark = pytest.mark.e2e


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")
@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"], ids=["IPv4", "IPv6"])
def test_a_port_in_use_is_told_with_who_has_it_and_how_to_end_that(tmp_path, host):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as other:
        other.bind((host.strip("[]"), 0))
        other.listen()
        port = other.getsockname()[1]

        ended = manage("serve", TORALE_DATA_DIR=tmp_path, TORALE_LISTEN=f"{host}:{port}")

    assert (ended.returncode, ended.stdout) == (1, "")
    start, _, rest = ended.stderr.partition("`")
    command, _, end = rest.partition("`); ")
    assert start == (
        f"CommandError: {host.strip('[]')}:{port} cannot be served "
        f"(Address already in use by process {os.getpid()}, "
    )
    assert sys.executable in command or "pytest" in command
    assert end == (
        f"end that with `kill {os.getpid()}` or set TORALE_LISTEN (and TORALE_URL) "
        "to another port.\n"
    )
    assert not (tmp_path / "postgres").exists()


def test_a_port_that_another_start_only_tried_is_opened(monkeypatch):
    other = ports.listen("127.0.0.1", 0)
    port = other.getsockname()[1]
    holder_of = ports.holder_of

    def close_and_look(port: int) -> tuple[int, str] | None:
        other.close()
        return holder_of(port)

    monkeypatch.setattr(ports, "holder_of", close_and_look)

    with ports.listen("127.0.0.1", port) as listener:
        assert listener.getsockname()[1] == port


def test_an_address_of_another_machine_is_told_with_what_to_do(tmp_path):
    ended = manage("serve", TORALE_DATA_DIR=tmp_path, TORALE_LISTEN="192.0.2.1:8000")

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "CommandError: 192.0.2.1:8000 cannot be served (Cannot assign requested address); "
        "stop what uses it or set TORALE_LISTEN (and TORALE_URL) to another port.\n"
    )


DATABASES = {
    "nothing listens": (
        "postgres://olive:s3cret@127.0.0.1:{port}/torale",
        (
            'connection failed: connection to server at "127.0.0.1", port {port} failed: '
            "Connection refused"
        ),
    ),
    "no such socket": (
        "postgres:////nonexistent/torale",
        (
            "connection is bad: connection to server on socket "
            '"/nonexistent/.s.PGSQL.5432" failed: No such file or directory'
        ),
    ),
    "unknown host": (
        "postgres://olive:s3cret@nobody.invalid/torale",
        "failed to resolve host 'nobody.invalid': [Errno -2] Name or service not known",
    ),
}


@pytest.mark.parametrize(("url", "reason"), DATABASES.values(), ids=DATABASES.keys())
def test_a_database_server_that_is_not_there_is_told_with_what_to_do(tmp_path, url, reason):
    port = free_port()

    ended = manage(
        "serve",
        TORALE_DATA_DIR=tmp_path,
        TORALE_LISTEN=f"127.0.0.1:{free_port()}",
        DATABASE_URL=url.format(port=port),
    )

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        f"CommandError: The database cannot be used: {reason.format(port=port)}. "
        "Check DATABASE_URL and the server.\n"
    )


@pytest.mark.parametrize("command", ["migrate", "status"])
def test_a_command_whose_database_server_is_not_there_ends_with_one_sentence(tmp_path, command):
    ended = manage(
        command,
        TORALE_DATA_DIR=tmp_path,
        DATABASE_URL=f"postgres://olive@127.0.0.1:{free_port()}/torale",
    )

    assert (ended.returncode, ended.stdout) == (1, "")
    # In front of it are the log lines of a pool that has tried to connect.
    *log, sentence = ended.stderr.splitlines()
    assert all(line.startswith("{") for line in log)
    assert sentence.startswith("torale: The database cannot be used: ")
    assert sentence.endswith(". Check DATABASE_URL and the server.")


def test_an_embedded_database_that_cannot_be_made_is_told_with_what_to_do(tmp_path):
    (tmp_path / "postgres").touch()

    ended = manage("serve", TORALE_DATA_DIR=tmp_path, TORALE_LISTEN=f"127.0.0.1:{free_port()}")

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "CommandError: The database cannot be used: The embedded PostgreSQL cannot be used: "
        f"[Errno 17] File exists: '{tmp_path}/postgres'; "
        "fix that, or set DATABASE_URL to a PostgreSQL server.\n"
    )


@pytest.mark.e2e
def test_a_command_on_a_database_without_tables_says_what_to_run(tmp_path):
    ended = manage("sends", "list", TORALE_DATA_DIR=tmp_path)

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == (
        "torale: The database has no tables yet. Run `manage.py migrate` first."
    )
