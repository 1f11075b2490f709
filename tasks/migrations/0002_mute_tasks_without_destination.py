"""A task without a destination notifies its owner from now on; those of today stay silent.

Among them are tasks whose emails somebody has unsubscribed from.
"""

from typing import Any

from django.db import migrations, models


def mute(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001 - Django's signature
    """Mute the tasks that name no destination."""
    tasks = apps.get_model("tasks", "Task").objects
    tasks.filter(notification_email=None, webhook_url=None).update(is_muted=True)


class Migration(migrations.Migration):
    dependencies = [("tasks", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="task",
            name="is_muted",
            field=models.BooleanField(
                default=False,
                help_text="Whether somebody has unsubscribed from this task's emails: none are "
                "sent then. Naming an email in `notifications` ends it.",
            ),
        ),
        migrations.RunPython(mute, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_muted", False), ("notification_email", None), _connector="OR"
                ),
                name="task_muted_without_email",
            ),
        ),
    ]
