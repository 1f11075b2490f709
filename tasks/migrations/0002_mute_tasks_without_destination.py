"""Mute the existing tasks that have no destination.

From now on a task without a destination notifies its owner. The existing ones must stay silent:
somebody has unsubscribed from the emails of some of them.
"""

from typing import Any

from django.db import migrations, models


def mute(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001 - Django's signature
    """Mute the tasks that have no destination."""
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
                help_text="Whether somebody has unsubscribed from this task's emails. While it is "
                "true, no emails are sent; setting an email in `notifications` makes it false.",
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
