"""Programs that some tests need and that may be missing; script/test names those beforehand."""

import subprocess
from functools import cache

import pytest

from tests.support.preloaded_python import ROOT


@cache
def missing() -> list[str]:
    """Return the names of the programs that are not here."""
    return subprocess.run(
        [ROOT / "script" / "missing"], capture_output=True, text=True, check=True
    ).stdout.split()


def needs(*programs: str) -> pytest.MarkDecorator:
    """Return a mark that skips a test where one of the programs is missing."""
    absent = [program for program in programs if program in missing()]
    return pytest.mark.skipif(bool(absent), reason=f"not here: {', '.join(absent)}")
