"""The commands of CONTRIBUTING.md work as they stand there."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from tests.support.processes import PROGRAM_DEADLINE_S, database_url, environment

ROOT = Path(settings.BASE_DIR)
LINES = [
    line.strip()
    for block in re.findall(r"```bash\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]
#: What runs this suite, and so cannot be run by it.
OF_THE_SUITE = [line for line in LINES if line.startswith("script/test")]


@pytest.mark.parametrize("command", OF_THE_SUITE)
def test_what_the_suite_is_run_by_names_files_that_there_are(command):
    program, *arguments = shlex.split(command)

    named = [program, *(argument for argument in arguments if not argument.startswith("-"))]

    assert [name for name in named if not (ROOT / name).is_file()] == []


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("command", [line for line in LINES if line not in OF_THE_SUITE])
def test_a_command_succeeds(command, tmp_path):
    # It must not change the tree that is being tested.
    command = command.replace("docs/openapi.json", str(tmp_path / "openapi.json"))
    if "makemigrations" in command:
        command += " --dry-run"

    ended = subprocess.run(
        command,
        shell=True,
        cwd=ROOT,
        # A contributor's shell is not in Python's development mode, in which these take longer.
        env={**environment(DATABASE_URL=database_url()), "PYTHONDEVMODE": ""},
        capture_output=True,
        text=True,
        timeout=PROGRAM_DEADLINE_S,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    for written in tmp_path.iterdir():
        assert written.read_text() == (ROOT / "docs" / written.name).read_text()
