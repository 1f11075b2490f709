"""What `status` and Prometheus read does not grow with the queue."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.metrics import COUNTED_UP_TO, delivery_status, shown_count
from notifications.models import NotificationSend
from notifications.operator_errors import SERVER_ERRORS, UNDECRYPTABLE
from tests.support.factories import NOW, make_endpoint
from tests.support.plans import executed_plan, rows_read
from torale.uuid7 import uuid7

pytestmark = pytest.mark.django_db

#: Kinds of unfinished sends, of which there are many each.
KINDS: list[dict[str, Any]] = [
    {"status": "queued"},
    {"status": "retrying", "error_message": "The receiver answered 500."},
    {"status": "retrying", "error_message": UNDECRYPTABLE},
    {
        "status": "retrying",
        "error_message": f"{SERVER_ERRORS[0]}: why",
        "notification_type": "email",
        "attempt_count": 2,
    },
]


def make_many(owner, count: int) -> None:
    endpoint = make_endpoint(owner)
    NotificationSend.objects.bulk_create(
        NotificationSend(
            **{
                "user": owner,
                "task_id": uuid7(),
                "execution_id": uuid7(),
                "notification_type": "webhook",
                "recipient": "https://receiver.example/hook",
                "endpoint": None if kind.get("notification_type") == "email" else endpoint,
                "host": "receiver.example:443",
                "next_attempt_at": NOW - timedelta(seconds=number),
                **kind,
            }
        )
        for kind in KINDS
        for number in range(count)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE notifications_notificationsend")


def rows_of_status() -> int:
    with CaptureQueriesContext(connection) as queries:
        delivery_status(now=NOW)
    return sum(rows_read(executed_plan(query["sql"])) for query in queries)


def test_the_state_of_a_long_queue_reads_as_many_rows_as_that_of_a_short_one(owner, monkeypatch):
    monkeypatch.setattr("notifications.metrics.COUNTED_UP_TO", 100)
    make_many(owner, 100)
    short = rows_of_status()

    make_many(owner, 5000)

    assert rows_of_status() < short + 50


def test_sends_are_counted_up_to_a_limit(owner, monkeypatch):
    monkeypatch.setattr("notifications.metrics.COUNTED_UP_TO", 5)
    make_many(owner, 6)

    status = delivery_status(now=NOW)

    assert (status.due, status.undecryptable, status.mail_refused) == (5, 5, 0)
    assert [shown_count(4), shown_count(status.due)] == ["4", "5+"]
    assert (status.queued, status.retrying) == (6, 18)


def test_a_count_that_was_cut_off_is_shown_with_a_plus():
    assert shown_count(COUNTED_UP_TO) == "10,000+"
