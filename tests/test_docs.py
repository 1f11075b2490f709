"""The docs say what is there."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

from tests.conftest import client_of

ROOT = Path(settings.BASE_DIR)
APPS = ("torale", "accounts", "executions", "tasks", "notifications")
#: Read by django-environ, which takes their names in a form of its own.
OTHERS = {"DATABASE_URL", "EMAIL_URL"}


def test_every_setting_is_documented_in_the_order_of_settings_py():
    source = (ROOT / "torale" / "settings.py").read_text()
    read = re.findall(r'(?:\bread|kept_secret|os\.environ)\(?\s*\(?"([A-Z_]+)"', source)
    read += [name for name in OTHERS if f'"{name}"' in source]

    documented = re.findall(
        r"^\| `([A-Z_]+)`", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE
    )

    assert set(documented) == set(read)
    positions = [source.index(f'"{name}"') for name in documented]
    assert positions == sorted(positions)


def test_every_command_is_documented():
    ours = {name for name, app in get_commands().items() if app in APPS}

    page = (ROOT / "docs" / "operating.md").read_text()
    table = page.partition("## Commands")[2].partition("\n## ")[0]

    assert ours == set(re.findall(r"^\| `([a-z_]+)", table, re.MULTILINE))


@pytest.mark.django_db
def test_every_metric_is_documented_and_the_rules_ask_for_no_other(operator):
    shown = client_of(operator).get("/metrics", headers={"Accept": "text/plain"}).text
    ours = set(re.findall(r"^# TYPE (torale_\w+)", shown, re.MULTILINE))

    page = (ROOT / "docs" / "operating.md").read_text().partition("## Metrics")[2]

    assert ours == set(re.findall(r"^\| `(torale_\w+)", page, re.MULTILINE))
    assert ours >= set(re.findall(r"torale_\w+", page))


def test_every_link_between_documents_leads_somewhere():
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} -> {target}"
