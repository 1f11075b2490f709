"""`manage.py seed_demo` stores a history to look at, in which nothing is due for a day."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts.models import User
from executions.models import Execution
from executions.monitors import check
from notifications.counts import recount
from notifications.models import Attempt, NotificationSend, Payload, WebhookEndpoint
from tasks.models import Task
from tests.conftest import client_of

pytestmark = pytest.mark.django_db(transaction=True)

SENDS = 1500
# Without casts and parentheses: PostgreSQL puts them at other places of a condition that is made
# from its own text.
INDEXES = r"""
SELECT indexname, regexp_replace(indexdef, '::(character varying|text)(\[\])?|[()]', '', 'g')
FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1
"""
KEYS = "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint ORDER BY 1, 2"


def seed(*arguments: str) -> str:
    out = StringIO()
    call_command("seed_demo", *arguments, stdout=out)
    return out.getvalue()


def rows(statement: str) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def test_a_history_is_stored_whose_counts_are_right(client):
    before = rows(INDEXES), rows(KEYS)

    said = seed("--sends", str(SENDS))

    assert (rows(INDEXES), rows(KEYS)) == before
    assert NotificationSend.objects.count() == SENDS
    assert Payload.objects.count() == 1000
    assert recount() == 0
    now = timezone.now()
    times = NotificationSend.objects.values_list("created_at", flat=True).order_by("created_at")
    assert now - times[0] > timedelta(days=29)
    assert now - times[SENDS - 1] < timedelta(days=1)
    demo = User.objects.get(email="demo@torale.example")
    assert client.login(username=demo.email, password=said.split("Password  ")[1].strip())
    listed = client_of(demo).get("/api/v1/notifications/sends").json()
    assert listed["total"] == NotificationSend.objects.for_user(demo).count() > 0


def test_nothing_in_it_is_due_today_and_nobody_is_ever_called():
    seed("--sends", str(SENDS))

    tonight = timezone.now() + timedelta(hours=23)
    assert not Task.objects.due(tonight).exists()
    assert not Execution.objects.open().exists()
    assert not NotificationSend.objects.filter(next_attempt_at__lt=tonight).exists()
    for url in WebhookEndpoint.objects.values_list("url", flat=True):
        assert url.split("/")[2].endswith(".example")
    for email in User.objects.values_list("email", flat=True):
        assert email.endswith(".example")
    assert {query.split("/")[2].rpartition(".")[2] for query in queries()} == {"example"}
    for task in Task.objects.select_related("user"):
        check(
            search_query=task.search_query,
            condition_description=task.condition_description,
            networks=task.user.networks(),
        )


def queries() -> list[str]:
    return [*Task.objects.values_list("search_query", flat=True)]


def test_it_is_believable():
    seed("--sends", str(SENDS))

    statuses = {*NotificationSend.objects.values_list("status", flat=True)}
    assert statuses >= {"sent", "delivered", "skipped"}
    assert Attempt.objects.filter(number__gt=1).exists()
    assert WebhookEndpoint.objects.failing().exists()
    assert {*Task.objects.values_list("state", flat=True)} == {"active", "paused", "completed"}
    assert Task.objects.failing().exists()
    sends = NotificationSend.objects.values_list("execution_id", flat=True)
    assert Execution.objects.with_notification().filter(pk__in=sends).count() == len({*sends})
    late_attempts = Attempt.objects.filter(started_at__gt=timezone.now() + timedelta(minutes=1))
    assert not late_attempts.exists()


def test_a_database_that_holds_users_is_not_filled_unless_forced():
    User.objects.create_user("owner@example.com")

    with pytest.raises(CommandError, match=r"^The database holds users\. Use a database of its"):
        seed()
    assert not NotificationSend.objects.exists()

    seed("--force", "--sends", "10")
    assert NotificationSend.objects.count() == 10
    with pytest.raises(CommandError, match="The demonstration is there already"):
        seed("--force", "--sends", "10")


@pytest.mark.parametrize("sends", ["1", "2", "7"])
def test_there_are_exactly_as_many_sends_as_were_asked_for(sends):
    seed("--sends", sends)

    assert NotificationSend.objects.count() == int(sends)
