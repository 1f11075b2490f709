"""What all commands have in common."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.management import load_command_class

from tests.support.our_commands import OURS
from tests.support.processes import environment, manage

OLDER_NAMES = {"create_api_key", "prune_executions", "prune_sends", "redeliver"}


@pytest.mark.parametrize("name", sorted(OURS.keys() - OLDER_NAMES))
def test_help_ends_with_examples(name):
    shown = load_command_class(OURS[name], name).create_parser("manage.py", name).format_help()

    examples = shown.partition("\nexamples:\n")[2].splitlines()
    assert examples
    assert all(line.startswith(f"  manage.py {name}") for line in examples)


@pytest.mark.e2e
@pytest.mark.parametrize("older", ["redeliver", "prune_sends", "prune_executions"])
def test_an_older_name_takes_the_options_of_the_newer(older, tmp_path):
    ended = manage(older, "--dry-run", "--nonsense", TORALE_DATA_DIR=tmp_path)

    assert ended.returncode == 2
    assert " ".join(ended.stderr.split()).startswith("usage: manage.py ")


@pytest.mark.e2e
def test_a_reader_that_goes_away_is_no_error(tmp_path):
    reading, writing = os.pipe()
    os.close(reading)  # as `head` does once it has enough

    ended = subprocess.run(
        [sys.executable, "manage.py", "help"],
        cwd=settings.BASE_DIR,
        env=environment(TORALE_DATA_DIR=tmp_path),
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)

    assert (ended.returncode, ended.stderr) == (1, "")
