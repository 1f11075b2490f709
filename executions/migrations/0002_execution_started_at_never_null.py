"""Clients of the API require `started_at`: until a worker begins, it is the time of creation."""

import django.utils.timezone
from django.db import migrations, models
from django.db.models import F


def begin_at_creation(apps, schema_editor):
    """Set `started_at` of the executions that no worker has begun to when they were created."""
    Execution = apps.get_model("executions", "Execution")
    waiting = Execution.objects.using(schema_editor.connection.alias).filter(started_at=None)
    waiting.update(started_at=F("created_at"))


class Migration(migrations.Migration):
    dependencies = [("executions", "0001_initial")]

    operations = [
        migrations.RunPython(begin_at_creation, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="execution",
            name="started_at",
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
    ]
