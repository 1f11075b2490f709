"""Helpers for the tests of the contract: calls of a client, and the work of workers."""

import re
from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app as jobs
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import User
from executions.monitors import Answer, Source
from tasks.run import settle
from tests.conftest import KeyClient
from tests.support.run_visits import claimed

TASKS = "/api/v1/tasks"
SENDS = "/api/v1/notifications/sends"
CONFIG = "/api/v1/webhooks/config"
#: All paths that list something; `{}` is a task's id.
LISTS = [
    SENDS, TASKS, f"{TASKS}/feed", f"{TASKS}/{{}}/executions", f"{TASKS}/{{}}/notifications",
    "/api/v1/public/tasks", "/api/v1/public/feed", "/api/v1/webhooks/deliveries", "/auth/api-keys",
]  # fmt: skip
QUESTION = {
    "search_query": "Is it there? https://shop.example/",
    "condition_description": 'contains "In stock"',
}
#: NOW, as the API writes it.
AT_NOW = "2026-03-04T09:00:10Z"
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

JSON = dict[str, Any]


def task_json(user: User, **differing: Any) -> JSON:
    """Return what is shown of a task of `user` with QUESTION that was made at NOW."""
    return {
        "user_id": str(user.pk),
        "name": "New Monitor",
        **QUESTION,
        "state": "active",
        "next_run": AT_NOW,
        "is_public": False,
        "view_count": 0,
        "subscriber_count": 0,
        "forked_from_task_id": None,
        "last_known_state": None,
        "last_execution_id": None,
        "last_execution": None,
        "notifications": [],
        "notification_email": None,
        "webhook_url": None,
        "is_muted": False,
        "request_headers": {},
        "warnings": [],
        "state_changed_at": AT_NOW,
        "created_at": AT_NOW,
        "updated_at": None,
        "immediate_execution_error": None,
        "context": None,
        "schedule": "auto",
        "timezone": "UTC",
        "config": {},
        "is_active": True,
        **differing,
    }


def new_task(client: KeyClient, **members: Any) -> JSON:
    """Create a task through the API and return it."""
    response = client.post(TASKS, {**QUESTION, **members}, format="json")
    assert response.status_code == 200, response.text
    created: JSON = response.json()
    return created


def webhook(url: str, **members: Any) -> JSON:
    """Return the member of a task that has its notifications posted to `url`."""
    return {"notifications": [{"type": "webhook", "url": url, **members}]}


def email(address: str) -> JSON:
    """Return the member of a task that has its notifications mailed to `address`."""
    return {"notifications": [{"type": "email", "address": address}]}


def tell(client: KeyClient, task: JSON, notification: str | None = "**In stock**") -> str:
    """Execute a task through the API, store the answer as a worker does, and return the id.

    Args:
        client: who calls.
        task: the task as the API shows it.
        notification: the notification; None if the condition is not met.

    Returns:
        The execution's id.
    """
    started = client.post(f"{TASKS}/{task['id']}/execute")
    assert started.status_code == 200, started.text
    settle_execution(started.json()["id"], notification)
    return str(started.json()["id"])


def settle_execution(execution_id: str, notification: str | None = "**In stock**") -> None:
    execution = claimed(execution_id)
    assert execution
    answer = Answer(
        condition_met=notification is not None,
        notification=notification,
        evidence="In stock, it says.",
        confidence=90,
        sources=[Source(url="https://shop.example/", title="The shop")],
        activity=[{"tool": "fetch"}],
        state={"pages": {}},
    )
    settle(execution, answer, now=timezone.now())


def work(name: str) -> None:
    """Run the jobs called `name` that wait in the queue, as a worker does."""
    for job in ProcrastinateJob.objects.filter(task_name=name).order_by("id"):
        jobs.tasks[name].func(**job.args)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs WHERE id = %s", [job.id])


def members(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield each member of all objects in a JSON value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name, inner
            yield from members(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from members(inner)
