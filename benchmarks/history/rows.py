"""The requests that are measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.db import connection

from benchmarks.history.measure import Call

SENDS = "/api/v1/notifications/sends"
ADMIN = "/admin/notifications/notificationsend/"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table."""

    name: str
    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What the filters of the large user's list look for."""

    task_id: UUID
    execution_id: UUID
    recipient: str
    send_id: UUID
    task_name: str
    sends: int

    @classmethod
    def of(cls, user_id: UUID) -> "Sample":
        """Take a webhook in the middle of a user's sends."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM notifications_notificationsend WHERE user_id = %s", [user_id]
            )
            [sends] = cursor.fetchone()
            cursor.execute(
                """
                SELECT task_id, execution_id, recipient, id, task_name
                FROM notifications_notificationsend
                WHERE user_id = %s AND notification_type = 'webhook'
                    AND created_at > now() - interval '180 days'
                ORDER BY created_at, id LIMIT 1
                """,
                [user_id],
            )
            task_id, execution_id, recipient, send_id, task_name = cursor.fetchone()
        return cls(
            task_id=task_id,
            execution_id=execution_id,
            recipient=recipient,
            send_id=send_id,
            task_name=task_name,
            sends=sends,
        )


def lists(keys: list[str], sample: Sample, now: datetime) -> list[Row]:
    """Return the pages of the large user's list, with each filter and with pairs of them."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    half = timedelta(hours=12)
    days = _between(midnight - timedelta(days=90), midnight - timedelta(days=60))
    parts = _between(midnight - timedelta(days=90) + half, midnight - timedelta(days=60) + half)
    task, recipient = {"task_id": str(sample.task_id)}, {"recipient": sample.recipient}
    failed, sent = {"status": "failed"}, {"status": "sent"}
    email, warning = {"notification_type": "email"}, {"event_type": "task.warning"}
    queries: dict[str, Mapping[str, str | int]] = {
        "first page of 50": {},
        "status=sent": sent,
        "status=failed": failed,
        "notification_type=email": email,
        "task_id": task,
        "30 whole days": days,
        "status=failed, type": {**failed, **email},
        "status=failed, 30 whole days": {**failed, **days},
        "status=sent, 30 whole days": {**sent, **days},
        "type, 30 whole days": {**email, **days},
        "task_id, status=failed": {**task, **failed},
        "task_id, 30 whole days": {**task, **days},
        "event_type=task.warning": warning,
        "event_type=task.condition_met": {"event_type": "task.condition_met"},
        "execution_id": {"execution_id": str(sample.execution_id)},
        "recipient": recipient,
        "recipient of nobody": {"recipient": "nobody@example.com"},
        "30 days from noon to noon": parts,
        "status=failed, 30 days from noon": {**failed, **parts},
        "event_type, status=failed": {**warning, **failed},
        "event_type, 30 days from noon": {**warning, **parts},
        "recipient, status=failed": {**recipient, **failed},
        "recipient, 30 days from noon": {**recipient, **parts},
        "task_id, event_type": {**task, **warning},
        "offset half-way": {"offset": sample.sends // 2},
    }
    return [Row(name, call(SENDS, keys, query)) for name, query in queries.items()]


def stats(keys: list[str], now: datetime) -> list[Row]:
    """Return the statistics of the large user's sends."""
    return [
        Row(
            f"statistics of {days} days",
            call(f"{SENDS}/stats", keys, _between(now - timedelta(days=days), now)),
        )
        for days in (60, 365)
    ]


def admin(cookie: str, sample: Sample, email: str) -> list[Row]:
    """Return the admin's list of sends."""
    queries: dict[str, Mapping[str, str | int]] = {
        "admin's list": {},
        "admin's list, status=failed": {"status__exact": "failed"},
        "admin's list, type=email": {"notification_type__exact": "email"},
        "admin's list, status and type": {
            "status__exact": "failed",
            "notification_type__exact": "email",
        },
        "admin's search for an id": {"q": str(sample.send_id)},
        "admin's search for an email": {"q": email},
        "admin's search for a part": {"q": "hooks1.user77"},
        "admin's search for a task's name": {"q": sample.task_name},
        "admin's search for nothing there": {"q": "zebrafish"},
    }
    return [
        Row(name, Call(path=_path(ADMIN, query), header="Cookie", values=[cookie]))
        for name, query in queries.items()
    ]


def tasks(keys: list[str]) -> list[Row]:
    """Return the list of a user's tasks."""
    return [
        Row("tasks, 50 of 1,000", call("/api/v1/tasks", keys, {"limit": 50})),
        Row("tasks, all 1,000", call("/api/v1/tasks", keys, {})),
    ]


def call(path: str, keys: list[str], query: Mapping[str, str | int] | None = None) -> Call:
    """Return a request with API keys."""
    return Call(path=_path(path, query or {}), values=[f"Bearer {key}" for key in keys])


def _between(after: datetime, before: datetime) -> dict[str, str]:
    return {"created_after": after.isoformat(), "created_before": before.isoformat()}


def _path(path: str, query: Mapping[str, str | int]) -> str:
    return f"{path}?{urlencode(query)}" if query else path
