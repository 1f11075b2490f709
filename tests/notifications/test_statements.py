"""The statements name tables, columns and words that the models have."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.db import connection

from notifications.delivery.statements import CLAIM, GIVE_BACK, STORE
from notifications.eligibility import Refusal
from notifications.models import AttemptStatus, EventType, NotificationType, SendStatus
from tasks.destinations import OWN_FORMAT

STATEMENTS = {"CLAIM": CLAIM, "GIVE_BACK": GIVE_BACK, "STORE": STORE}
#: Words in quotes that are no value of a column.
OTHERS = {"", "[]", "hex"}


#: Arguments with which the statements find nothing to do.
NOTHING: dict[str, Any] = {
    "CLAIM": {
        "limit": 0,
        "start": "",
        "free": "{}",
        "claim": UUID(int=0),
        "lease_time": timedelta(0),
    },
    "GIVE_BACK": [[], []],
    "STORE": {"outcomes": "[]"},
}


@pytest.mark.parametrize("name", STATEMENTS)
@pytest.mark.django_db
def test_the_database_knows_the_tables_and_columns(name):
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS[name], NOTHING[name])  # raises for what it does not know


@pytest.mark.parametrize("name", STATEMENTS)
def test_the_models_have_the_tables(name):
    tables = {model._meta.db_table for model in apps.get_models()}

    named = re.findall(r"\b(?:accounts|tasks|executions|notifications)_\w+", STATEMENTS[name])

    assert named
    assert {*named} <= tables


@pytest.mark.parametrize("name", STATEMENTS)
def test_the_models_have_the_words(name):
    words = {*SendStatus.values, *AttemptStatus.values, *NotificationType.values}
    words |= {*EventType.values}
    words |= {*Refusal, OWN_FORMAT}

    assert {*re.findall(r"'(.*?)'", STATEMENTS[name])} - OTHERS <= words
