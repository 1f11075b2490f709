"""Machines that share a database must share its secrets, too: real processes, each with its own."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tests.support import preloaded_python
from tests.support.own_database import made_database, own
from tests.support.processes import (
    PROGRAM_DEADLINE_S,
    environment,
    free_port,
    manage,
    python,
)
from tests.support.races import at_once
from torale import proofs
from torale.models import SecretProof

pytestmark = pytest.mark.e2e

KEYS = [Fernet.generate_key().decode() for _ in range(2)]

DIFFER = (
    "torale: This database was used with another {}. Set the value that the other machines have "
    "(in their environment, or in the file of that name in their TORALE_DATA_DIR). If that value "
    "is lost for good, run `manage.py reencrypt_secrets` to continue with the current value.\n"
)
BOTH = DIFFER.format("TORALE_FIELD_KEYS and another SECRET_KEY")


class Installation:
    """A machine with a folder of its own; it makes the secrets that it is not given."""

    def __init__(self, folder: Path, database: str) -> None:
        self.values: dict[str, object] = {"TORALE_DATA_DIR": folder, "DATABASE_URL": database}

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return manage(*arguments, **self.values)

    def start(self, command: str) -> preloaded_python.Program:
        return preloaded_python.start(
            *("manage.py", command),
            environment=environment(**self.values),
            stderr=subprocess.PIPE,
        )


@pytest.fixture(scope="module")
def first(tmp_path_factory, django_db_setup) -> Iterator[Installation]:
    """The installation that has migrated the database and used it."""
    with made_database("proofs") as database:
        machine = Installation(tmp_path_factory.mktemp("first"), database)
        assert machine.manage("migrate", "--verbosity", "0").returncode == 0
        assert machine.manage("clearsessions").returncode == 0
        yield machine


@pytest.fixture
def second(tmp_path, first) -> Installation:
    """Another machine with the same database."""
    return Installation(tmp_path, first.values["DATABASE_URL"])


@pytest.fixture
def own_database(first, second) -> Iterator[None]:
    """Give both a copy of the database, which a test may change."""
    shared = dict(first.values)
    with made_database("proofs_copy", like=own("proofs")) as database:
        for machine in (first, second):
            machine.values["DATABASE_URL"] = database
        yield
    first.values = shared


@pytest.mark.parametrize(
    "command",
    [
        ["serve"],
        ["web"],
        ["worker"],
        ["status"],
        ["create_first_admin"],
        ["redeliver", "--since", "2h"],
        ["clearsessions"],
    ],
    ids=" ".join,
)
def test_a_second_machine_with_secrets_of_its_own_ends_with_one_sentence(first, second, command):
    second.values["TORALE_LISTEN"] = f"127.0.0.1:{free_port()}"

    ended = second.manage(*command)

    assert (ended.returncode, ended.stderr) == (1, BOTH)


def test_so_does_the_wsgi_application(first, second):
    ended = python("-c", "import torale.wsgi", **second.values)

    assert (ended.returncode, ended.stderr) == (1, BOTH)


@pytest.mark.parametrize(
    "command",
    [
        ["--help"],
        ["worker", "--help"],
        ["check"],
        ["migrate", "--verbosity", "0"],
        ["makemigrations", "--check", "--dry-run"],
    ],
    ids=" ".join,
)
def test_what_uses_no_secrets_runs_all_the_same(first, second, command):
    ended = second.manage(*command)

    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("same", ["TORALE_FIELD_KEYS", "SECRET_KEY"])
def test_the_one_that_differs_is_named(first, second, same):
    folder = first.values["TORALE_DATA_DIR"]
    second.values[same] = (folder / same.lower()).read_text()

    ended = second.manage("status")

    other = {"TORALE_FIELD_KEYS": "SECRET_KEY", "SECRET_KEY": "TORALE_FIELD_KEYS"}[same]
    assert ended.stderr == DIFFER.format(other)


def test_the_same_secrets_fit_on_any_machine(first, second):
    folder = first.values["TORALE_DATA_DIR"]
    for name in ("TORALE_FIELD_KEYS", "SECRET_KEY"):
        second.values[name] = (folder / name.lower()).read_text()

    assert second.manage("clearsessions").returncode == 0


def test_proofs_are_made_once_however_many_are_first(transactional_db):
    assert all(at_once(*[proofs.check] * 8))

    assert SecretProof.objects.count() == 2


@pytest.mark.usefixtures("own_database")
def test_secrets_that_are_lost_are_replaced_by_reencrypting(first, second):
    assert second.manage("reencrypt_secrets").returncode == 0

    assert second.manage("clearsessions").returncode == 0
    assert first.manage("clearsessions").stderr == BOTH


@pytest.mark.slow
@pytest.mark.usefixtures("own_database")
def test_keys_are_rotated_over_two_running_installations_without_a_stop(first, second):
    """The steps of docs/operating.md, each on one machine after the other."""
    old = {"TORALE_FIELD_KEYS": KEYS[0], "SECRET_KEY": "old", "SECRET_KEY_FALLBACKS": ""}
    added = {"TORALE_FIELD_KEYS": ",".join(KEYS), "SECRET_KEY": "old"}
    added["SECRET_KEY_FALLBACKS"] = "new"
    turned = {"TORALE_FIELD_KEYS": ",".join(KEYS[::-1]), "SECRET_KEY": "new"}
    turned["SECRET_KEY_FALLBACKS"] = "old"
    new = {"TORALE_FIELD_KEYS": KEYS[1], "SECRET_KEY": "new", "SECRET_KEY_FALLBACKS": "old"}
    machines = [first, second]
    for machine in machines:
        machine.values.update(old)
    assert first.manage("reencrypt_secrets").returncode == 0
    running = {machine: started(machine) for machine in machines}

    for step in (added, turned, "reencrypt", new):
        if step == "reencrypt":
            assert second.manage("reencrypt_secrets").returncode == 0
            continue
        for machine in machines:
            machine.values.update(step)
            # The other one runs on meanwhile, with the secrets of the step before.
            stopped(running[machine])
            running[machine] = started(machine)
            assert all(process.poll() is None for process in running.values())

    assert [stopped(process) for process in running.values()] == [0, 0]


def started(machine: Installation) -> preloaded_python.Program:
    """Return a worker that has found its secrets to fit."""
    worker = machine.start("worker")
    seen = []
    for line in worker.stderr:
        seen.append(line)
        if '"worker_started"' in line:
            return worker
    pytest.fail("".join(seen))


def stopped(worker: preloaded_python.Program) -> int:
    worker.terminate()
    with worker.stderr:
        worker.stderr.read()
    return worker.wait(PROGRAM_DEADLINE_S)
