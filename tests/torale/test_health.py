"""What a supervisor sees, also without a database."""

import json

import pytest

from tests.support.processes import python


@pytest.mark.parametrize("path", ["/healthz", "/healthz/"])
def test_a_process_that_answers_is_alive_without_a_look_at_the_database(anonymous_client, path):
    # Without the mark django_db a query would fail the test.
    answer = anonymous_client.get(path)

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


# In a process of its own, as the tests' database is not to be taken away.
ASK = """
import json

import django
from django.conf import settings

settings.DATABASES["default"]["OPTIONS"]["pool"]["timeout"] = 0.5
settings.ALLOWED_HOSTS.append("testserver")
django.setup()

from django.db import connection
from django.test import Client

for path in ("/readyz", "/healthz"):
    answer = Client().get(path)
    print(answer.status_code, answer.headers["Content-Type"], answer.content.decode())
connection.close_pool()
"""


def test_a_process_whose_database_is_away_is_alive_but_not_ready(tmp_path):
    ended = python(
        "-c",
        ASK,
        TORALE_DATA_DIR=tmp_path,
        DJANGO_SETTINGS_MODULE="torale.settings",
        DATABASE_URL="postgres://olive@127.0.0.1:1/torale",
    )

    ready, alive = (line.split(maxsplit=2) for line in ended.stdout.splitlines())
    assert ready[:2] == ["503", "application/json"]
    assert json.loads(ready[2]) == {"detail": "The database does not answer."}
    assert alive[:2] == ["200", "application/json"]
    assert json.loads(alive[2]) == {"status": "ok"}
