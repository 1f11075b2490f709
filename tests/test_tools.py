"""The tools agree with each other: hooks, script/test, the editor's settings, and the version."""

import re
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from packaging.version import Version

from tests.support.processes import manage
from torale import __version__

ROOT = Path(settings.BASE_DIR)
HOOKS = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
CHECKS = re.compile(
    r"^.*?\b(ruff \w+|mypy|lint-imports|python manage\.py \w+|pytest)\b", re.MULTILINE
)
#: What script/test does and a commit need not wait for.
TOO_LONG_FOR_A_COMMIT = {"python manage.py check", "pytest"}
TEXTS = {".css", ".html", ".md", ".py", ".toml", ".ts", ".txt", ".yaml"}


def test_a_commit_is_checked_by_the_tools_of_script_test_from_the_lock_file():
    entries = [hook["entry"] for hook in HOOKS if hook["language"] == "system"]

    checked = set(CHECKS.findall("\n".join(entries)))

    in_full = re.sub(r"^#.*", "", (ROOT / "script/test").read_text(), flags=re.MULTILINE)
    assert checked == set(CHECKS.findall(in_full)) - TOO_LONG_FOR_A_COMMIT
    assert all(entry.startswith(".venv/bin/") for entry in entries)


@pytest.mark.parametrize(
    "hook", [hook for hook in HOOKS if hook["language"] == "pygrep"], ids=lambda hook: hook["id"]
)
def test_files_are_as_the_hook_wants_them(hook):
    whole = "--multiline" in hook.get("args", ())
    wrong = re.compile(hook["entry"], re.DOTALL if whole else re.MULTILINE)
    exempt = re.compile(hook["exclude"])
    apps = ("torale", "accounts", "executions", "tasks", "notifications", "desk", "console")
    folders = (*apps, "tests", "docs")
    files = [
        path
        for path in (*ROOT.glob("*"), *(p for each in folders for p in (ROOT / each).rglob("*")))
        if path.suffix in TEXTS and not exempt.search(str(path.relative_to(ROOT)))
    ]

    assert [path for path in files if wrong.search(path.read_text())] == []
    assert wrong.search("one \n\n")


def test_the_editor_breaks_lines_where_ruff_does():
    ruff = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]

    python = (ROOT / ".editorconfig").read_text().partition("[*.py]")[2].partition("[")[0]

    assert f"max_line_length = {ruff['line-length']}\n" in python


def test_the_version_is_that_of_the_newest_entry_in_the_changelog():
    version = Version(__version__)
    newest, *former = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)

    expected = "Unreleased" if version.is_devrelease else rf"{__version__} - \d{{4}}-\d\d-\d\d"

    assert re.fullmatch(expected, newest)
    releases = [version, *(Version(heading.partition(" - ")[0]) for heading in former)]
    assert releases == sorted(set(releases), reverse=True)


@pytest.mark.parametrize("option", ["--version", "version"])
def test_the_version_is_told(option):
    told = manage(option)

    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith(f"Torale {__version__}, Django 5.2.")


@pytest.mark.parametrize("script", [*(ROOT / "script").iterdir()], ids=lambda path: path.name)
def test_a_script_runs_modules_that_there_are(script):
    modules = re.findall(r"-m ((?:tests|torale)\.[\w.]+)", script.read_text())

    assert [module for module in modules if find_spec(module) is None] == []
