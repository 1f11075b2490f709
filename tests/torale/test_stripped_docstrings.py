"""What the API says when Python runs without docstrings (`python -OO`)."""

import json

from tests.support.programs import python

#: Prints what each error says that is raised without a message of its own.
ERRORS = """
import inspect
import json

import django

django.setup()
import accounts.usernames, notifications.redeliver, tasks.run
from torale.errors import Conflict, Refused, TooOften

errors = [error for base in (Conflict, Refused, TooOften) for error in base.__subclasses__()]
print(json.dumps({error.__name__: [error.__doc__, error.detail] for error in errors}))
"""


def test_a_conflict_says_none_when_docstrings_are_stripped():
    ran = python("-OO", "-c", ERRORS, DJANGO_SETTINGS_MODULE="torale.settings")

    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    assert {docstring for docstring, _ in said.values()} == {None}
    assert said["AlreadyRunning"][1] == (
        "Task is already running or pending. Use force=true to override."
    )
    assert [name for name, (_, detail) in said.items() if not detail.endswith(".")] == []
