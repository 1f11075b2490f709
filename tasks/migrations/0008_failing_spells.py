"""Store since when a task fails, and its warnings.

Failed tasks were put off by a day. Those that wait now are visited within the hour.
"""

from datetime import timedelta
from typing import Any

from django.db import migrations, models
from django.db.models import F
from django.db.models.functions import Coalesce, Least, Now


def visit_soon(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001 - Django's signature
    """Have the tasks that failed visited within the hour."""
    failing = apps.get_model("tasks", "Task").objects.filter(failed_run_count__gt=0)
    failing.update(failing_since=Coalesce(F("failure_told_at"), Now()))
    failing.filter(state="active").update(
        next_run_at=Least(F("next_run_at"), Now() + timedelta(hours=1))
    )


class Migration(migrations.Migration):
    dependencies = [("tasks", "0007_previews")]

    operations = [
        migrations.AddField(
            model_name="task",
            name="failing_since",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="task",
            name="warnings",
            field=models.JSONField(db_default=[], default=list),
        ),
        migrations.RunPython(visit_soon, migrations.RunPython.noop, elidable=True),
    ]
