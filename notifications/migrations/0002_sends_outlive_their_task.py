"""Sends keep naming their task and execution after those are deleted; endpoints get ids and a switch.

The columns `task_id` and `execution_id` stay as they are, without their foreign keys. Rows whose ids
are null already get them back from what they carried. Where that is no longer kept, `task_id`
becomes the nil UUID (RFC 9562 §5.9), and `execution_id` the send's own id, as no two sends of one
channel may share one.
"""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, OrderBy

import torale.uuid7

NIL = UUID(int=0)
#: Payloads read at a time.
BATCH = 1000

FROM_PAYLOADS = """
UPDATE notifications_notificationsend AS send
SET task_name = told.task_name,
    task_id = coalesce(send.task_id, told.task_id),
    execution_id = coalesce(send.execution_id, told.execution_id)
FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::uuid[])
    AS told (send_id, task_name, task_id, execution_id)
WHERE send.id = told.send_id
"""
FROM_TASKS = """
UPDATE notifications_notificationsend AS send SET task_name = task.name
FROM tasks_task AS task WHERE task.id = send.task_id AND send.task_name = ''
"""
MADE_UP = """
UPDATE notifications_notificationsend
SET task_id = coalesce(task_id, %s), execution_id = coalesce(execution_id, id)
WHERE task_id IS NULL OR execution_id IS NULL
"""
FOR_DEFAULT_WEBHOOK = """
UPDATE notifications_notificationsend AS send SET is_for_default_webhook = true
FROM notifications_webhookconfig AS config
WHERE send.notification_type = 'webhook'
  AND config.user_id = send.user_id AND config.url = send.recipient
  AND NOT EXISTS (
      SELECT 1 FROM tasks_task WHERE id = send.task_id AND webhook_url = send.recipient
  )
"""
WITHOUT_TASK = """
UPDATE notifications_notificationsend AS send SET task_id = NULL
WHERE NOT EXISTS (SELECT 1 FROM tasks_task WHERE id = send.task_id)
"""
WITHOUT_EXECUTION = """
UPDATE notifications_notificationsend AS send SET execution_id = NULL
WHERE NOT EXISTS (SELECT 1 FROM executions_execution WHERE id = send.execution_id)
"""
# PostgreSQL alters no table whose foreign keys are still to be checked.
CHECK_NOW = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED"


def keep_ids_and_names(apps: Any, schema_editor: Any) -> None:
    """Fill what is new from what the sends carried, else from their tasks."""
    with schema_editor.connection.cursor() as cursor:
        for batch in batches(apps.get_model("notifications", "Payload").objects.all()):
            told = [(send_id, *what_it_tells(body)) for send_id, body in batch]
            cursor.execute(FROM_PAYLOADS, [list(column) for column in zip(*told, strict=True)])
        cursor.execute(FROM_TASKS)
        cursor.execute(FOR_DEFAULT_WEBHOOK)
        cursor.execute(MADE_UP, [NIL])
        cursor.execute(CHECK_NOW)


def forget_ids(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001 - Django's signature
    """Leave no id that names nothing: foreign keys would refuse it."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(WITHOUT_TASK)
        cursor.execute(WITHOUT_EXECUTION)
        cursor.execute(CHECK_NOW)


def give_ids(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001 - Django's signature
    """Give each endpoint an id of its own."""
    for endpoint in apps.get_model("notifications", "WebhookEndpoint").objects.order_by("pk"):
        endpoint.public_id = torale.uuid7.uuid7()
        endpoint.save(update_fields=["public_id"])


def batches(payloads: Any) -> Iterator[list[tuple[UUID, str]]]:
    """Yield ids and bodies, so many at a time that they need little memory."""
    last = NIL
    while batch := list(
        payloads.filter(pk__gt=last).order_by("pk").values_list("pk", "body")[:BATCH]
    ):
        yield batch
        last = batch[-1][0]


def what_it_tells(body: str) -> tuple[str, UUID | None, UUID | None]:
    """Return the task's name and the ids of task and execution that a body holds, if it does."""
    try:
        told = json.loads(body)
    except ValueError:
        return "", None, None
    event = told.get("data", {})
    task = event.get("task", {"id": told.get("task_id"), "name": told.get("task_name")})
    execution = event.get("execution", {})
    return (task.get("name") or "")[:200], uuid(task.get("id")), uuid(execution.get("id"))


def uuid(text: str | None) -> UUID | None:
    """Return the UUID that a text is, if it is one."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0001_initial"),
        ("executions", "0001_initial"),
        ("tasks", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="notificationsend",
            name="task",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="sends",
                to="tasks.task",
            ),
        ),
        migrations.AlterField(
            model_name="notificationsend",
            name="execution",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="sends",
                to="executions.execution",
            ),
        ),
        migrations.AddField(
            model_name="notificationsend",
            name="task_name",
            field=models.CharField(
                default="",
                help_text="The task's name when the send was recorded; empty where an older "
                "version did not keep it.",
                max_length=200,
            ),
        ),
        migrations.AddField(
            model_name="notificationsend",
            name="event_type",
            field=models.CharField(
                choices=[("task.condition_met", "Condition Met")],
                default="task.condition_met",
                help_text="What the send tells.",
                max_length=30,
            ),
        ),
        migrations.AddField(
            model_name="notificationsend",
            name="is_for_default_webhook",
            field=models.BooleanField(default=False),
        ),
        migrations.RunPython(keep_ids_and_names, forget_ids),
        # The columns and what is built on them stay; only Django's word for them changes.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint(
                    model_name="notificationsend", name="send_one_per_channel"
                ),
                migrations.RemoveIndex(model_name="notificationsend", name="send_list_of_task"),
                migrations.RemoveField(model_name="notificationsend", name="task"),
                migrations.RemoveField(model_name="notificationsend", name="execution"),
                migrations.AddField(
                    model_name="notificationsend",
                    name="task_id",
                    field=models.UUIDField(null=True),
                ),
                migrations.AddField(
                    model_name="notificationsend",
                    name="execution_id",
                    field=models.UUIDField(null=True),
                ),
                migrations.AddIndex(
                    model_name="notificationsend",
                    index=models.Index(
                        F("task_id"),
                        F("user"),
                        OrderBy(F("created_at"), descending=True),
                        OrderBy(F("id"), descending=True),
                        name="send_list_of_task",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="notificationsend",
                    constraint=models.UniqueConstraint(
                        fields=("execution_id", "notification_type"), name="send_one_per_channel"
                    ),
                ),
            ]
        ),
        migrations.AlterField(
            model_name="notificationsend",
            name="task_id",
            field=models.UUIDField(
                help_text="The task that the send is about; it may have been deleted since."
            ),
        ),
        migrations.AlterField(
            model_name="notificationsend",
            name="execution_id",
            field=models.UUIDField(
                help_text="The execution that led to the send; it may have been deleted since."
            ),
        ),
        migrations.AddConstraint(
            model_name="notificationsend",
            constraint=models.CheckConstraint(
                condition=models.Q(("event_type__in", ["task.condition_met"])),
                name="send_event_type_known",
            ),
        ),
        migrations.AddField(
            model_name="webhookendpoint",
            name="public_id",
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.RunPython(give_ids, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="webhookendpoint",
            name="public_id",
            field=models.UUIDField(default=torale.uuid7.uuid7, editable=False, unique=True),
        ),
        migrations.AddField(
            model_name="webhookendpoint",
            name="is_switched_off_by_owner",
            field=models.BooleanField(default=False),
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_switched_off_by_owner", False),
                    ("switched_off_at__isnull", False),
                    _connector="OR",
                ),
                name="webhook_endpoint_by_owner_only_off",
            ),
        ),
    ]
