"""script/bench works, with all benchmarks one after the other."""

import os
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.e2e

ROOT = Path(settings.BASE_DIR)


@pytest.mark.slow
def test_all_benchmarks_run_one_after_the_other():
    benched = subprocess.run(
        [ROOT / "script" / "bench", "--quick"],
        # In Python's development mode, asyncio tells of each slow step.
        env={**os.environ, "PYTHONDEVMODE": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (benched.returncode, benched.stderr) == (0, "")
    assert "first page of 50" in benched.stdout
    assert "one in five hangs" in benched.stdout
    assert "beside three" in benched.stdout
    assert "precision" in benched.stdout
    assert "persuasive false claim" in benched.stdout
    assert "one user / 8 users" in benched.stdout
