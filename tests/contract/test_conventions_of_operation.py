"""The section "Conventions" of the contract: what is told of the server itself."""

import re
from datetime import timedelta

import pytest
from django.db import connection

from tests.support.api_calls import QUESTION, TASKS
from tests.support.factories import make_task
from tests.support.jobs import make_failed_job
from torale import clock
from torale.clock import DatabaseNow
from torale.models import Heartbeat

WELL = {"status": "ok", "scheduler": "ok", "visits": "ok", "jobs": "ok"}
#: What PostgreSQL calls the trouble, and how the page does.
TROUBLE = ["disk_full", "too_many_connections", "admin_shutdown"]


@pytest.mark.parametrize("condition", TROUBLE)
def test_trouble_of_the_database_is_503_with_retry_after(owner_client, condition):
    """Trouble of the database, such as a full disk, no connection left or a restart, is 503 with
    `Retry-After`; the same request may succeed later."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION 'as told' USING ERRCODE = '{condition}'; END $$;"
            "CREATE TRIGGER fail BEFORE INSERT ON tasks_task "
            "FOR EACH ROW EXECUTE FUNCTION fail()"
        )

    during = owner_client.post(TASKS, QUESTION, format="json")
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER fail ON tasks_task")
    after = owner_client.post(TASKS, QUESTION, format="json")

    assert (during.status_code, [*during.json()]) == (503, ["detail"])
    assert int(during.headers["Retry-After"]) > 0
    assert after.status_code == 200


def test_the_index_has_links_and_needs_no_key(anonymous_client):
    """`GET /api/v1/` is an index of the API with links, and needs no key."""
    index = anonymous_client.get("/api/v1/")

    assert index.status_code == 200
    assert index.json()["tasks"] == f"http://testserver{TASKS}"


@pytest.mark.django_db
@pytest.mark.parametrize(("seconds", "told"), [(50, "ok"), (70, "late")], ids=["ok", "late"])
def test_health_answers_as_readyz(client, seconds, told):
    """`GET /health` answers as `/readyz`: 200 `{"status": "ok", "scheduler": "ok", "visits": "ok",
    "jobs": "ok"}`, with `"late"` for a scheduler that has not run for a minute"""
    Heartbeat.objects.update_or_create(
        name="scheduler", defaults={"at": DatabaseNow() - timedelta(seconds=seconds)}
    )

    answers = [client.get(path) for path in ("/health", "/readyz")]

    for answer in answers:
        assert (answer.status_code, answer.json()) == (200, WELL | {"scheduler": told})


@pytest.mark.django_db
@pytest.mark.parametrize(("minutes", "told"), [(4, "ok"), (6, "late")], ids=["ok", "late"])
def test_health_says_late_for_visits_that_are_due_for_five_minutes(owner, client, minutes, told):
    """and for visits that have been due for more than five minutes … It has no numbers."""
    make_task(owner, next_run_at=clock.now() - timedelta(minutes=minutes))

    answer = client.get("/health")

    assert answer.json()["visits"] == told
    assert not re.search(r"\d", answer.text)


@pytest.mark.django_db
def test_health_says_failed_while_a_job_of_the_queue_has_failed(client):
    """and with `"failed"` if jobs of the queue have failed."""
    before = client.get("/health").json()["jobs"]

    make_failed_job()

    assert (before, client.get("/health").json()["jobs"]) == ("ok", "failed")


def test_the_root_is_a_page_for_people(client):
    """`/` is a page for people."""
    page = client.get("/")

    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
