"""Let auditors and operators see what users spend on the language model."""

from django.db import migrations

ROLES = ("auditor", "operator")


def let_view(apps, schema_editor):
    """Give the permission to those of the groups that still exist.

    Django makes permissions after all migrations, and leaves those that exist as they are.
    """
    database = schema_editor.connection.alias
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.using(database).get_or_create(
        app_label="executions", model="spending"
    )
    permission, _ = apps.get_model("auth", "Permission").objects.using(database).get_or_create(
        content_type=content_type,
        codename="view_spending",
        defaults={"name": "Can view spending"},
    )
    for group in apps.get_model("auth", "Group").objects.using(database).filter(name__in=ROLES):
        group.permissions.add(permission)


def let_nobody_view(apps, schema_editor):
    """Take the permission from the groups."""
    database = schema_editor.connection.alias
    permissions = apps.get_model("auth", "Permission").objects.using(database)
    for permission in permissions.filter(codename="view_spending"):
        for group in apps.get_model("auth", "Group").objects.using(database).filter(name__in=ROLES):
            group.permissions.remove(permission)


class Migration(migrations.Migration):

    dependencies = [
        ("desk", "0001_roles"),
        ("executions", "0009_spending"),
    ]

    operations = [migrations.RunPython(let_view, let_nobody_view)]
