"""Which index serves which filter; benchmarks tell what that is worth."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.models import NotificationSend
from tests.support.factories import NOW, make_endpoint, make_execution, make_task
from torale.uuid7 import uuid7

PATH = "/api/v1/notifications/sends"
#: Where most of a user's sends match, it is a toss-up which the planner takes in a table that has
#: not been vacuumed yet; after that, it is one of the first two.
ANY = {"send_of_status", "send_of_recipient", "send_list", "send_one_per_channel"}


@pytest.fixture
def history(owner, stranger):
    """Two long histories: mostly webhooks that went well, to one receiver."""
    tasks = {user: [make_task(user) for _ in range(40)] for user in (owner, stranger)}
    execution = make_execution(tasks[owner][0])
    endpoints = {user: make_endpoint(user) for user in tasks}
    NotificationSend.objects.bulk_create(
        NotificationSend(
            user=user,
            task_id=tasks[user][number % 40].pk,
            execution_id=execution.pk if (user, number) == (owner, 0) else uuid7(),
            recipient=f"https://receiver.example/{number % 50 and 'hook'}",
            endpoint=None if number % 3 == 0 else endpoints[user],
            notification_type="email" if number % 3 == 0 else "webhook",
            status="failed" if number % 100 == 0 else "sent",
            error_message="No." if number % 100 == 0 else None,
            created_at=NOW + timedelta(minutes=number),
        )
        for user in tasks
        for number in range(3000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE notifications_notificationsend")
        # At this size a look at the whole table is as quick; at a real one it is not.
        cursor.execute("SET LOCAL enable_seqscan = off")
    return {"task_id": tasks[owner][0].pk, "execution_id": execution.pk}


def indexes(plan: dict[str, Any]) -> set[str]:
    found = {plan["Index Name"]} if "Index Name" in plan else set()
    return found.union(*(indexes(part) for part in plan.get("Plans", [])))


@pytest.mark.parametrize(
    ("query", "of_total", "of_page"),
    [
        ({}, ANY, {"send_list"}),
        ({"status": "failed"}, {"send_of_status"}, {"send_of_status"}),
        ({"status": "sent"}, ANY, {"send_list"}),
        ({"notification_type": "email"}, ANY, {"send_list"}),
        ({"recipient": "https://receiver.example/hook"}, ANY, {"send_list"}),
        ({"recipient": "https://receiver.example/0"}, {"send_of_recipient"}, {"send_of_recipient"}),
        ({"task_id": ""}, {"send_list_of_task"}, {"send_list_of_task"}),
        ({"execution_id": ""}, {"send_one_per_channel"}, {"send_one_per_channel"}),
        (
            {"created_after": "2026-03-05T00:00:00Z", "created_before": "2026-03-05T02:00:00Z"},
            {"send_list"},
            {"send_list"},
        ),
    ],
    ids=lambda value: next(iter(value), "all") if isinstance(value, dict) else None,
)
def test_an_index_serves_the_total_and_the_page(owner_client, history, query, of_total, of_page):
    query = {name: value or history[name] for name, value in query.items()}

    with CaptureQueriesContext(connection) as queries:
        owner_client.get(PATH, query)

    with connection.cursor() as cursor:
        plans = []
        for asked in [each["sql"] for each in queries if "notificationsend" in each["sql"]]:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {asked}")
            [[[plan]]] = cursor.fetchall()
            plans.append(indexes(plan["Plan"]))
    total, page = plans
    assert total
    assert total <= of_total
    assert page == of_page
