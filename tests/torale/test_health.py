"""What a supervisor and a load balancer see."""

import json
from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection, transaction

from tasks.jobs import start_due_tasks
from tests.support.database_clock import fast_machine
from tests.support.older_schema import migrated_back
from tests.support.processes import python
from torale.clock import DatabaseNow
from torale.models import Heartbeat


@pytest.mark.parametrize("path", ["/healthz", "/healthz/"])
def test_a_process_that_answers_is_alive_without_a_look_at_the_database(anonymous_client, path):
    # Without the mark django_db a query would fail the test.
    answer = anonymous_client.get(path)

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


READY = ["/readyz", "/readyz/", "/health", "/health/"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", READY)
def test_a_process_whose_database_answers_is_ready(anonymous_client, path):
    Heartbeat.objects.all().delete()
    start_due_tasks(timestamp=0)

    answer = anonymous_client.get(path)

    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "scheduler": "ok"})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("seconds_ago", "told"), [(55, "ok"), (65, "late")], ids=["lately", "long ago"]
)
def test_a_scheduler_that_has_not_run_for_a_minute_is_late_but_the_process_ready(
    anonymous_client, seconds_ago, told
):
    Heartbeat.objects.update_or_create(
        name="scheduler", defaults={"at": DatabaseNow() - timedelta(seconds=seconds_ago)}
    )

    answer = anonymous_client.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "scheduler": told})


@pytest.mark.django_db
@pytest.mark.parametrize("minutes", [10, -10], ids=["fast", "slow"])
def test_a_worker_whose_clock_is_wrong_does_not_make_the_scheduler_late(anonymous_client, minutes):
    Heartbeat.objects.all().delete()
    with fast_machine(ahead=timedelta(minutes=minutes)):
        start_due_tasks(timestamp=0)

    assert anonymous_client.get("/readyz").json()["scheduler"] == "ok"


@pytest.mark.django_db
def test_a_scheduler_that_cannot_look_has_not_run(anonymous_client):
    Heartbeat.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE executions_execution RENAME TO gone")

    with pytest.raises(ProgrammingError), transaction.atomic():
        start_due_tasks(timestamp=0)

    assert anonymous_client.get("/readyz").json()["scheduler"] == "late"


@pytest.mark.django_db
def test_a_first_worker_has_a_minute_after_the_migration(anonymous_client):
    with migrated_back("torale", "0001_initial"):
        pass

    assert anonymous_client.get("/readyz").json()["scheduler"] == "ok"


@pytest.mark.django_db
def test_readiness_costs_one_query(anonymous_client, django_assert_num_queries):
    with django_assert_num_queries(1):
        anonymous_client.get("/readyz")


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
