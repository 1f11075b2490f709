"""The shape of the tree, kept."""

import re
import tomllib
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
TOOL = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
APPS = TOOL["root_packages"]
SOURCES = [path for folder in (*APPS, "tests") for path in (ROOT / folder).rglob("*.py")]


def test_no_file_is_longer_than_500_lines():
    long = [path for path in SOURCES if len(path.read_text().splitlines()) > 500]

    assert long == []


@pytest.mark.parametrize("name", ["utils", "helpers", "common", "core", "services", "constants"])
def test_no_file_has_a_name_that_says_nothing(name):
    assert [path for path in SOURCES if path.stem == name] == []


#: Who may ask this machine's clock, and why nobody else compares what it says.
OWN_CLOCK = {
    "accounts/models.py": "created_at of rows",
    "executions/models.py": "defaults; what makes an execution passes the database's time",
    "executions/monitors/agent/trial.py": "a terminal's question, without a database",
    "notifications/filters.py": "the open end of a time range, for its reader alone",
    "notifications/management/commands/receive_webhooks.py": "a receiver, without a database",
    "notifications/models/send.py": "a default; what records a send passes the database's time",
    "notifications/models/suppression.py": "created_at of rows",
    "notifications/models/webhook.py": "created_at of rows",
    "tasks/management/commands/try_task.py": "a terminal's question, without a database",
    "tasks/models.py": "defaults; what makes a task passes the database's time",
    "tasks/previews.py": "a default; what makes a preview passes the database's time",
    "torale/api/request_counts.py": "counts within one process; tests move this clock",
    "torale/api/shared_request_counts.py": "a cache's counts, which need not be exact",
    "torale/diagnoses.py": "it is compared with the database's clock",
}


def test_only_these_ask_this_machines_clock():
    pattern = re.compile(r"timezone\.now|datetime\.now|utcnow|time\.time\b")
    asking = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        if not {"migrations", "tests"} & {*path.relative_to(ROOT).parts}
        and pattern.search(path.read_text())
    }

    assert asking == OWN_CLOCK.keys(), "use torale.clock.now(), which all machines share"


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


def test_no_test_module_is_imported():
    # What several test modules use is in tests/support, where a reader looks for it.
    pattern = re.compile(
        r"^\s*(?:from|import) +(?:tests\S*\.|\.+)test_|^from tests\S* import test_", re.MULTILINE
    )
    importing = [path for path in SOURCES if pattern.search(path.read_text())]

    assert importing == []


PAGE = (ROOT / "docs/architecture.md").read_text()
PICTURES = re.findall(r"```mermaid\n(.*?)```", PAGE, re.DOTALL)


def test_the_picture_of_the_apps_shows_what_lint_imports_checks():
    layers, circles = TOOL["contracts"]
    picture = PICTURES[0]

    [downward] = re.findall(r"^ *(\w+(?: & \w+)*(?: --> \w+)+)$", picture, re.MULTILINE)

    # Apps of one layer do not import each other.
    assert downward.replace("&", "|").split(" --> ") == layers["layers"]
    apps = [app for layer in layers["layers"] for app in layer.split(" | ")]
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == apps
    assert {*apps} == {*APPS} == {*circles["ancestors"]}


def test_the_one_way_up_is_the_one_in_the_picture():
    signals = {
        (path.parent.name, name)
        for path in SOURCES
        for name in re.findall(r"^(\w+) = Signal\(\)", path.read_text(), re.MULTILINE)
    }

    upward = re.findall(r"^ *(\w+) -\. (\w+) \.-> (\w+)$", PICTURES[0], re.MULTILINE)

    assert {(sender, name) for sender, name, _ in upward} == signals
    [(sender, name, receiver)] = upward
    named = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        if "tests" not in path.parts and f"from {sender}.signals import {name}" in path.read_text()
    }
    assert named == {f"{sender}/run.py", f"{receiver}/receivers.py"}


def test_the_picture_of_the_way_names_modules_and_tables_that_there_are():
    modules = re.findall(r'\["(\S+\.py)"\]', PICTURES[1])
    tables = re.findall(r'\[\("(\w+)"\)\]', PICTURES[1])

    assert modules
    assert [module for module in modules if not (ROOT / module).is_file()] == []
    assert tables
    assert {*tables} <= {model._meta.db_table for model in apps.get_models()}


def test_the_steps_in_the_picture_are_the_steps_below_it():
    described = re.findall(r"^(\d+)\. ", PAGE, re.MULTILINE)

    assert sorted({*re.findall(r'-- "(\d+) ', PICTURES[1])}) == described
