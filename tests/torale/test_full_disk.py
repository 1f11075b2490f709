"""A first start on a nearly full disk says so in one sentence, and the next one succeeds."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import manage

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform != "linux" or os.geteuid() != 0 or shutil.which("mount") is None,
        reason="a small disk is mounted for it, which takes root on Linux",
    ),
]


class Disk:
    """A file system in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mount(self, options: str) -> None:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"{options},mode=755", "tmpfs", str(self.folder)],
            check=True,
        )

    def fill(self, but: int) -> Path:
        """Leave only so many bytes."""
        filler = self.folder / "filler"
        room = os.statvfs(self.folder)
        filler.write_bytes(b"\0" * (room.f_bavail * room.f_bsize - but))
        return filler


@pytest.fixture
def disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    disk = Disk(folder)
    try:
        disk.mount("size=100m")
    except subprocess.CalledProcessError:
        pytest.skip("root may not mount here, as in most containers")
    yield disk
    # The database server, if it runs, has its files there until its last client is gone.
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def first_start(disk: Disk) -> str:
    """Return the one line that a first start ends with."""
    ended = manage("serve", TORALE_DATA_DIR=disk.folder, TORALE_LISTEN="127.0.0.1:1")
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1), ended
    return ended.stderr


def test_secrets_that_do_not_fit_are_told_and_leave_nothing_half_done(disk):
    disk.fill(but=0)

    ended = manage("check", TORALE_DATA_DIR=disk.folder)

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.count("\n") == 1
    assert "cannot be read or written (No space left on device); set " in ended.stderr
    assert [path.name for path in disk.folder.iterdir()] == ["filler"]


@pytest.mark.parametrize("megabytes", [20, 40], ids=["for initdb", "for the database in it"])
def test_a_database_that_does_not_fit_is_told_and_made_once_there_is_room(disk, megabytes):
    filler = disk.fill(but=megabytes * 1024 * 1024)

    told = first_start(disk)

    assert told.startswith(
        "CommandError: The database cannot be used: The embedded PostgreSQL cannot be used: "
    )
    assert "No space left on device" in told or "wrote only" in told
    filler.unlink()
    assert manage("migrate", TORALE_DATA_DIR=disk.folder).returncode == 0


CONNECT = "from django.db import connection; connection.ensure_connection()"


def test_tables_that_do_not_fit_are_told_and_made_once_there_is_room(disk):
    assert manage("shell", "-c", CONNECT, TORALE_DATA_DIR=disk.folder).returncode == 0
    filler = disk.fill(but=256 * 1024)

    told = first_start(disk)

    assert told.startswith("CommandError: The database's disk is full (could not extend file ")
    assert told.endswith("; make room and start again.\n")
    filler.unlink()
    assert manage("migrate", TORALE_DATA_DIR=disk.folder).returncode == 0
