"""The shape of the tree, kept."""

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
SOURCES = [
    path
    for folder in ("torale", "accounts", "executions", "tasks", "notifications", "tests")
    for path in (ROOT / folder).rglob("*.py")
]


def test_no_file_is_longer_than_500_lines():
    long = [path for path in SOURCES if len(path.read_text().splitlines()) > 500]

    assert long == []


@pytest.mark.parametrize("name", ["utils", "helpers", "common", "core", "services", "constants"])
def test_no_file_has_a_name_that_says_nothing(name):
    assert [path for path in SOURCES if path.stem == name] == []


def test_nothing_is_imported_inside_a_function():
    # ready() connects receivers and checks, as Django has it.
    pattern = re.compile(r"^ {4,}(?:from \S+ )?import ", re.MULTILINE)
    hidden = [
        path
        for path in SOURCES
        if "migrations" not in path.parts
        and path.name != "apps.py"
        and pattern.search(path.read_text())
    ]

    assert hidden == []
