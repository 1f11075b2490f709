"""What the API says when Python runs without docstrings (`python -OO`)."""

import json

import pytest
from django.conf import settings

from tests.support.processes import fresh_python

#: Prints what each error says that is raised without a message of its own, and the document.
PROGRAM = """
import json

import django

django.setup()
import accounts.usernames, notifications.redeliver, tasks.run
from torale.api.document import document
from torale.errors import Conflict, Refused, TooOften

errors = [error for base in (Conflict, Refused, TooOften) for error in base.__subclasses__()]
print(
    json.dumps(
        {
            "errors": {error.__name__: [error.__doc__, error.detail] for error in errors},
            "document": document(),
        }
    )
)
"""


@pytest.fixture(scope="module")
def said():
    ran = fresh_python("-OO", "-c", PROGRAM, DJANGO_SETTINGS_MODULE="torale.settings")
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_a_conflict_says_none_when_docstrings_are_stripped(said):
    errors = said["errors"]

    assert {docstring for docstring, _ in errors.values()} == {None}
    assert errors["AlreadyRunning"][1] == (
        "Task is already running or pending. Use force=true to override."
    )
    assert [name for name, (_, detail) in errors.items() if not detail.endswith(".")] == []


def test_the_document_loses_its_texts_when_docstrings_are_stripped(said):
    committed = settings.BASE_DIR / "docs" / "openapi.json"

    assert said["document"] == json.loads(committed.read_text())
