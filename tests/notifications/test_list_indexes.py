"""Every list is read through one index, and not much more of it than the page shows."""

from datetime import timedelta
from itertools import combinations
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from notifications.models import NotificationSend
from tests.support.factories import NOW, make_execution, make_send, make_task
from tests.support.plans import Plan, buffers, executed_plans, scans_of
from torale.api import streamed_csv
from torale.api.keyset import Cursor

PATH = "/api/v1/notifications/sends"
SEND = NotificationSend._meta.db_table
#: The sends of the one with the long history, one every ten minutes, and those of each other user.
LONG, SHORT = 20_000, 4_000
#: No page takes more than 200 buffers. To find none in the long history by the wrong index takes at
#: least 500, even if the index alone is read.
MOST_BUFFERS = 300

# The long history is unlike the others: what is rare in it is old. `age` counts from the newest.
FILL = """
INSERT INTO notifications_notificationsend (
    id, user_id, task_id, execution_id, task_name, event_type, recipient, host, endpoint_id,
    is_for_default_webhook, notification_type, status, error_message, created_at, attempt_count,
    earlier_attempt_count
)
SELECT gen_random_uuid(), user_id,
       CASE WHEN is_rare THEN %(rare_task)s ELSE task_id END, gen_random_uuid(), '',
       CASE WHEN is_rare THEN 'task.failing' ELSE event_type END,
       CASE WHEN is_rare THEN 'rare@example.com' ELSE recipient END,
       host, CASE WHEN is_rare THEN NULL ELSE endpoint_id END, false,
       CASE WHEN is_rare THEN 'email' ELSE notification_type END,
       CASE WHEN is_old THEN 'failed' ELSE status END, CASE WHEN is_old THEN 'No.' END,
       created_at - age * interval '10 minutes', 1, 0
FROM (
    SELECT send.*, age, is_long AND age > 19000 AS is_old, is_long AND age > 19980 AS is_rare
    FROM (SELECT *, user_id = %(long)s AS is_long FROM notifications_notificationsend) AS send
    CROSS JOIN generate_series(1, CASE WHEN is_long THEN %(LONG)s ELSE %(SHORT)s END) AS age
) AS aged
"""


@pytest.fixture
def filters(owner, stranger) -> dict[str, dict[str, Any]]:
    """Fill the table; return filters, by what they are for, that find much or little in it."""
    task, rare_task, others = make_task(owner), make_task(owner), make_task(stranger)
    execution = make_execution(task)
    make_send(owner, task=task, execution=execution)
    make_send(stranger, task=others)
    with connection.cursor() as cursor:
        cursor.execute(
            FILL, {"long": owner.pk, "rare_task": rare_task.pk, "LONG": LONG, "SHORT": SHORT}
        )
        cursor.execute("ANALYZE notifications_notificationsend, notifications_sendcount")
    old = NOW - timedelta(minutes=10 * LONG)
    return {
        "all": {},
        "sent": {"status": "sent"},
        "old failures": {"status": "failed"},
        "no such status": {"status": "skipped"},
        "webhooks": {"notification_type": "webhook"},
        "rare emails": {"notification_type": "email"},
        "task": {"task_id": task.pk},
        "rare task": {"task_id": rare_task.pk},
        "another's task": {"task_id": others.pk},
        "execution": {"execution_id": execution.pk},
        "conditions met": {"event_type": "task.condition_met"},
        "rare events": {"event_type": "task.failing"},
        "recipient": {"recipient": "https://receiver.example/hook"},
        "rare recipient": {"recipient": "rare@example.com"},
        "oldest day": {"created_before": (old + timedelta(days=1)).isoformat()},
        "two days": {
            "created_after": (NOW - timedelta(days=70)).isoformat(),
            "created_before": (NOW - timedelta(days=68)).isoformat(),
        },
    }


def plan_of(client, path: str, query: dict[str, Any]) -> Plan:
    """Read a page or a file; return the plan of the last statement that reads sends."""
    with executed_plans() as plans:
        assert client.get(path, query).getvalue()
    return next(plan for plan in reversed(plans) if scans_of(SEND, plan))


def costly(plans: dict[str, Plan]) -> dict[str, int]:
    """Return the lists that take too many buffers, and how many they take."""
    return {
        name: buffers(plan)
        for name, plan in plans.items()
        if buffers(plan) > MOST_BUFFERS or "Seq Scan" in scans_of(SEND, plan)
    }


def test_the_first_page_with_any_filter_or_pair_of_filters_reads_few_buffers(owner_client, filters):
    pairs = {
        f"{one}, {other}": {**filters[one], **filters[other]}
        for one, other in combinations(filters, 2)
        if filters[one].keys().isdisjoint(filters[other])
    }

    plans = {
        name: plan_of(owner_client, PATH, query) for name, query in {**filters, **pairs}.items()
    }

    assert len(plans) > 80
    assert costly(plans) == {}


def test_a_page_in_the_middle_of_a_long_list_reads_few_buffers(owner_client, filters):
    half = LONG // 2
    offsets = {"all": half, "sent": half, "webhooks": half, "conditions met": half, "two days": 50}

    plans = {
        name: plan_of(owner_client, PATH, {**filters[name], "offset": offset})
        for name, offset in offsets.items()
    }

    assert costly(plans) == {}


@pytest.mark.parametrize("is_backward", [False, True])
def test_a_page_of_a_walk_reads_few_buffers(owner_client, filters, is_backward):
    middle = NOW - timedelta(minutes=10 * LONG // 2)
    cursor = Cursor(created_at=middle, id=UUID(int=1), is_backward=is_backward).encode()

    plans = {
        name: plan_of(owner_client, PATH, {**query, "cursor": cursor})
        for name, query in filters.items()
    }

    assert costly(plans) == {}


def test_each_batch_of_the_file_reads_few_buffers(owner_client, filters, monkeypatch):
    monkeypatch.setattr(streamed_csv, "ROWS_PER_FETCH", 50)

    plans = {
        name: plan_of(owner_client, f"{PATH}.csv", query)
        for name, query in filters.items()
        if name in ("old failures", "rare emails", "rare task", "two days", "oldest day")
    }

    assert costly(plans) == {}
