"""The image: what it has and has not, and that Torale runs from it without writing to it.

Docker itself is not run.
"""

import os
import pwd
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.support.commands_run import check_command
from tests.support.image import Instruction, copy_code, is_sent, stages
from tests.support.own_database import migrated_database
from tests.support.preloaded_python import ROOT
from tests.support.processes import answers, free_port
from tests.support.receivers import DEADLINE_S, wait_for

STAGES = stages()
IMAGE = STAGES[-1]


def last(word: str) -> Instruction:
    """Return the last instruction of the image with a word."""
    return [instruction for instruction in IMAGE if instruction.word == word][-1]


def test_what_is_copied_into_the_image_is_there():
    copied = [each.value.split() for stage in STAGES for each in stage if each.word == "COPY"]

    sources = [words[0] for words in copied if not words[0].startswith("--from=")]
    assert sources == ["requirements.txt", "."]
    assert is_sent("requirements.txt")
    named = {f"--from={stage[0].value.partition(' AS ')[2]}" for stage in STAGES}
    assert {words[0] for words in copied if words[0].startswith("--from=")} <= named


@pytest.mark.parametrize(
    "name",
    [
        *(".env", ".git/config", ".venv/bin/python", "var/secret_key", "compose.yaml"),
        *("deploy/secrets/torale.env", "tests/conftest.py", "torale/__pycache__/web.pyc"),
        *("docs/screenshots/task.png", "requirements-dev.txt", "benchmarks/visits.py"),
    ],
)
def test_no_secret_history_or_test_gets_into_the_image(name):
    assert not is_sent(name)


@pytest.mark.parametrize("name", ["manage.py", "VERSION", "torale/web.py", "docs/webhooks.md"])
def test_what_torale_runs_from_gets_into_the_image(name):
    assert (ROOT / name).exists()
    assert is_sent(name)


def test_the_image_runs_web_as_nobody_special_and_other_commands_by_their_names():
    user, group = last("USER").value.split(":")
    assert int(user) > 0 < int(group)
    assert last("ENTRYPOINT").as_list() == ["python", "manage.py"]
    check_command(last("CMD").as_list())
    # What needs root comes before.
    assert IMAGE.index(last("USER")) > IMAGE.index(last("RUN"))
    assert last("STOPSIGNAL").value == "SIGTERM"


#: Of root, the process is `nobody`; of anybody else, the same user.
NOBODY: dict[str, Any] = (
    {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []}
    if os.geteuid() == 0
    else {}
)


@cache
def interpreter() -> str | None:
    """Return a Python of this version that nobody may run, too; that of root may be in /root."""
    same = shutil.which(f"python{sys.version_info.major}.{sys.version_info.minor}", path=os.defpath)
    for python in filter(None, (sys.executable, same)):
        with suppress(PermissionError):
            subprocess.run([python, "-c", ""], check=True, **NOBODY)
            return python
    return None


class Container:
    """What the image would run, from a folder that its process may not write to."""

    def __init__(self, folder: Path, database: str) -> None:
        self.data, self.code, self.port = folder / "data", folder / "code", free_port()
        copy_code(self.code)
        self.data.mkdir(mode=0o700)
        if NOBODY:
            shutil.chown(self.data, NOBODY["user"], NOBODY["group"])
        [compiling] = [each.value for each in STAGES[0] if "compileall" in each.value]
        compiling = compiling.replace("/opt/venv/lib ", "").replace("/srv/torale", str(self.code))
        self.run(shlex.split(compiling)).check_returncode()
        for path in [self.code, *self.code.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        moved = {
            "/data": str(self.data),
            "0.0.0.0:8000": f"127.0.0.1:{self.port}",
        }
        values = dict(word.split("=", 1) for word in shlex.split(last("ENV").value))
        #: There is no HOME.
        self.environment = {"DATABASE_URL": database, "PYTHONPATH": sysconfig.get_path("purelib")}
        for name, value in values.items():
            self.environment[name] = value.replace("$PATH", os.defpath)
            for shipped, here in moved.items():
                self.environment[name] = self.environment[name].replace(shipped, here)

    def run(self, command: list[str]) -> "subprocess.CompletedProcess[str]":
        """Run `python …` to its end, as the user of the tests."""
        return subprocess.run(
            [str(interpreter()), *command[1:]],
            cwd=self.code,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @contextmanager
    def start(self) -> "Iterator[subprocess.Popen[str]]":
        """Run the command of the image as nobody."""
        program, *arguments = last("ENTRYPOINT").as_list() + last("CMD").as_list()
        assert program == "python"
        process = subprocess.Popen(
            [str(interpreter()), *arguments],
            cwd=self.code,
            env=self.environment,
            **NOBODY,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=DEADLINE_S)

    def is_healthy(self) -> bool:
        """Run the image's health check."""
        check = [word.replace("8000", str(self.port)) for word in last("HEALTHCHECK").as_list()]
        return self.run(check).returncode == 0


@pytest.mark.e2e
@pytest.mark.skipif(interpreter() is None, reason="nobody but root may run this Python")
def test_it_serves_as_a_user_who_may_write_only_data(django_db_setup, django_db_blocker):
    # Everybody has access to this folder, unlike to those of pytest.
    with (
        TemporaryDirectory() as made,
        django_db_blocker.unblock(),
        migrated_database("image") as database,
    ):
        Path(made).chmod(0o755)
        container = Container(Path(made), database)
        assert not container.is_healthy()

        with container.start() as web:
            url = f"http://127.0.0.1:{container.port}"
            wait_for(lambda: answers(f"{url}/readyz") or web.poll() is not None)
            assert web.poll() is None, web.stderr.read()
            assert container.is_healthy()
            # The code, a document, and files of its own and of a package.
            pages = ("log-in", "help/conditions", "static/console/console.css", "docs")
            assert [page for page in pages if not answers(f"{url}/{page}")] == []

        assert web.returncode == 0
        assert {path.name for path in container.data.iterdir()} == {
            "secret_key",
            "torale_field_keys",
        }
