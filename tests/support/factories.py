"""Plain functions that store valid rows. A test passes only the fields that it is about."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from cryptography.fernet import Fernet
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import BinaryField, Model
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast
from django.utils import timezone
from psycopg import sql
from yarl import URL

from accounts.models import EmailAddress, User
from executions.models import Execution, ExecutionStatus
from executions.spending import Spending
from notifications.models import (
    NotificationSend,
    Payload,
    SendStatus,
    WebhookConfig,
    WebhookEndpoint,
)
from tasks.models import State, Task
from tasks.previews import Preview
from torale.uuid7 import uuid7

#: The moment at which most rows are made: a Wednesday morning.
NOW = datetime(2026, 3, 4, 9, 0, 10, tzinfo=UTC)

#: What the body of an email's send holds.
EMAIL_BODY = {
    "task_id": "660e8400-e29b-41d4-a716-446655440000",
    "task_name": "Is it back?",
    "search_query": "https://shop.example/",
    "condition_description": 'contains "In stock"',
    "notification": "**Shop**\n\nIn stock.",
    "completed_at": "2026-03-04T09:00:10Z",
}


def staff_with(*codenames: str, email: str = "staff@example.com") -> User:
    """Store a user who may enter the admin and has only these permissions there."""
    staff = User.objects.create_user(email, is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return staff


def make_address(user: User, **fields) -> EmailAddress:
    """Store a verified address."""
    return EmailAddress.objects.create(
        user=user, **{"email": "second@example.com", "verified_at": NOW, **fields}
    )


def make_unverified_address(user: User, **fields) -> EmailAddress:
    """Store an unverified address. Its code, 123456, is valid for 15 minutes from NOW."""
    return make_address(
        user,
        **{
            "verified_at": None,
            "code": "123456",
            "code_expires_at": NOW + timedelta(minutes=15),
            **fields,
        },
    )


def make_task(user: User, **fields) -> Task:
    fields = {
        "search_query": "Is it there? https://shop.example/",
        "condition_description": 'contains "In stock"',
        "created_at": NOW,
        "state_changed_at": NOW,
        "next_run_at": NOW if fields.get("state", State.ACTIVE) == State.ACTIVE else None,
        **fields,
    }
    return Task.objects.create(user=user, **fields)


def make_preview(user: User, **fields) -> Preview:
    """Store a preview that waits for a worker."""
    fields = {
        "search_query": "https://owners.example/",
        "condition_description": "changes",
        "expires_at": timezone.now() + Preview.KEPT_FOR,
        **fields,
    }
    return Preview.objects.create(user=user, **fields)


def make_execution(task: Task, **fields) -> Execution:
    """Store an answered execution. Pass `notification` if its condition was met."""
    fields = {
        "status": ExecutionStatus.SUCCESS,
        "created_at": NOW,
        "started_at": NOW,
        "completed_at": NOW,
        "next_attempt_at": None,
        "attempt_count": 1,
        "result": {
            "evidence": "Seen.",
            "confidence": 100,
            "sources": [],
            "activity": [],
            "failed_pages": [],
        },
        **fields,
    }
    execution = task.new_execution(now=NOW, **fields)
    execution.save(force_insert=True)
    return execution


def make_pending_execution(task: Task, **fields) -> Execution:
    execution = task.new_execution(now=NOW, **fields)
    execution.save(force_insert=True)
    return execution


def make_spending(user: User, **fields) -> Spending:
    """Store what a user spent in the month of NOW: nothing, unless `fields` say otherwise."""
    return Spending.objects.create(user=user, **{"month": "2026-03-01", **fields})


def make_send(user: User, **fields) -> NotificationSend:
    """Store a send of a webhook. It is `sent` by default; an unfinished one is due at once.

    Without `task` or `execution`, the send refers to one that has been deleted.
    """
    body = fields.pop("body", '{"id": "1"}')
    task, execution = fields.pop("task", None), fields.pop("execution", None)
    headers = fields.pop("headers", None)
    unfinished = fields.get("status", SendStatus.SENT) in (SendStatus.QUEUED, SendStatus.RETRYING)
    given_up = fields.get("status", SendStatus.SENT) in (SendStatus.FAILED, SendStatus.SKIPPED)
    fields = {
        "task_id": task.pk if task else uuid7(),
        "task_name": task.name if task else "",
        "execution_id": execution.pk if execution else uuid7(),
        "notification_type": "webhook",
        "recipient": "https://receiver.example/hook",
        "status": SendStatus.SENT,
        "created_at": NOW,
        "next_attempt_at": NOW if unfinished else None,
        "error_message": "The receiver answered 500." if given_up else None,
        **fields,
    }
    if fields["notification_type"] == "webhook":
        WebhookConfig.objects.get_or_create(user=user)
        url = URL(fields["recipient"])
        fields.setdefault("host", f"{url.host}:{url.port}")
        if "endpoint" not in fields:
            fields["endpoint"] = make_endpoint(user, url=fields["recipient"])
    send = NotificationSend.objects.create(user=user, **fields)
    Payload.objects.create(send=send, body=body, headers=headers)
    return send


def make_queued_send(user: User, **fields) -> NotificationSend:
    """Store a send that was recorded just now, and is due."""
    now = timezone.now()
    return make_send(
        user, **{"status": SendStatus.QUEUED, "created_at": now, "next_attempt_at": now} | fields
    )


def make_queued_email(user: User, **fields) -> NotificationSend:
    """Store a send of an email that was recorded just now, and is due."""
    email = {
        "notification_type": "email",
        "recipient": "reader@example.com",
        "body": json.dumps(EMAIL_BODY),
    }
    return make_queued_send(user, **email | fields)


def make_endpoint(user: User, **fields) -> WebhookEndpoint:
    url = fields.pop("url", "https://receiver.example/hook")
    return WebhookEndpoint.objects.update_or_create(user=user, url=url, defaults=fields)[0]


def days(number: float) -> timedelta:
    return timedelta(days=number)


def make_undecryptable(row: Model, *fields: str) -> None:
    """Set `fields` of a stored row to values that were encrypted with a key that is lost."""
    lost = Fernet(Fernet.generate_key())
    for field in fields:
        type(row)._default_manager.filter(pk=row.pk).update(
            **{field: RawSQL("%s", [lost.encrypt(b'"lost"')])}
        )


def stored_value(row: Model, field: str) -> bytes:
    """Return the bytes that the database stores for an encrypted field."""
    query = type(row)._default_manager.filter(pk=row.pk)
    [value] = query.values_list(Cast(field, BinaryField()), flat=True)
    return bytes(value)


@contextmanager
def refused_rows(
    table: str, condition: str, *values: str, sqlstate: str = "P0001"
) -> Iterator[None]:
    """Make the database refuse to store rows of `table` for which the SQL `condition` is true."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "CREATE FUNCTION refuse_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"IF {condition.replace('%s', '{}')} THEN "
                f"RAISE 'refused by the test' USING ERRCODE = '{sqlstate}'; END IF; "
                "RETURN NEW; END $$; "
                f"CREATE TRIGGER refuse_row BEFORE INSERT OR UPDATE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION refuse_row()"
            ).format(*map(sql.Literal, values))
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION refuse_row CASCADE")
