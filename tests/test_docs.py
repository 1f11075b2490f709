"""The docs say what is there."""

import fnmatch
import pkgutil
import re
from pathlib import Path

import pytest
from django.conf import settings

from tests.conftest import client_of
from tests.support.our_commands import APPS, OURS

ROOT = Path(settings.BASE_DIR)
#: Read by django-environ, which takes their names in a form of its own.
OTHERS = {"DATABASE_URL", "EMAIL_URL"}
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


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
    page = (ROOT / "docs" / "operating.md").read_text()
    table = page.partition("## Commands")[2].partition("\n## ")[0]

    assert set(OURS) == set(re.findall(r"^\| `([a-z_]+)", table, re.MULTILINE))


@pytest.mark.django_db
def test_every_metric_is_documented_and_the_rules_ask_for_no_other(operator):
    shown = client_of(operator).get("/metrics", headers={"Accept": "text/plain"}).text
    ours = set(re.findall(r"^# TYPE (torale_\w+)", shown, re.MULTILINE))

    page = (ROOT / "docs" / "operating.md").read_text().partition("### Metrics")[2]
    rules = (ROOT / "deploy" / "prometheus" / "alerts.yml").read_text()

    assert ours == set(re.findall(r"^\| `(torale_\w+)", page, re.MULTILINE))
    assert ours >= set(re.findall(r"torale_\w+", rules))
    assert set(re.findall(r"alert: (\w+)", rules)) == set(re.findall(r"`(Torale[A-Z]\w+)`", page))


def anchors(document: Path) -> set[str]:
    """Return what GitHub makes of a document's headings."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_between_documents_leads_somewhere():
    for document in DOCUMENTS:
        for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]+))?\)", document.read_text()):
            path = (document.parent / target) if target else document
            assert path.exists(), f"{document.name} -> {target}"
            assert not anchor or anchor in anchors(path), f"{document.name} -> {target}#{anchor}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_and_name_in_code_that_a_document_mentions_is_there(document):
    text = document.read_text()
    folders = "|".join((*APPS, "benchmarks", "deploy", "docs", "script", "tests"))

    files = re.findall(rf"`((?:{folders})/[\w/]+(?:\.\w+)?)`", text)
    names = re.findall(rf"`((?:{'|'.join(APPS)})(?:\.\w+)+)`", text)

    assert [file for file in files if not (ROOT / file).exists()] == []
    for name in names:
        pkgutil.resolve_name(name)


def test_every_test_file_that_a_document_mentions_is_there():
    there = {path.name for path in (ROOT / "tests").rglob("test_*.py")}

    for document in DOCUMENTS:
        # Also as a pattern: test_outbound_*.py.
        for mentioned in re.findall(r"\btest_[\w*]+\.py\b", document.read_text()):
            assert fnmatch.filter(there, mentioned), f"{document.name} -> {mentioned}"


def test_the_readme_lists_every_document():
    listed = (ROOT / "README.md").read_text().partition("## Read on")[2]

    assert [
        path.name
        for path in DOCUMENTS
        if path.name != "README.md" and f"]({path.relative_to(ROOT)})" not in listed
    ] == []
