"""The roles: a group that reads everything, and one that acts as well."""

from django.db import migrations

APPS = ("accounts", "executions", "tasks", "notifications")
AUDITOR = "auditor"
OPERATOR = "operator"
#: What an operator may do besides: app, model, codename, and the name if the model has none.
ACTIONS = [
    ("accounts", "user", "add_user", "Can add user"),
    ("accounts", "user", "disable_user", "Can disable user"),
    ("accounts", "user", "reset_password_user", "Can reset password of user"),
    ("accounts", "apikey", "revoke_apikey", "Can revoke API key"),
    ("notifications", "notificationsend", "redeliver_notificationsend", ""),
    ("notifications", "notificationsend", "give_up_notificationsend", ""),
    ("notifications", "webhookendpoint", "switch_on_webhookendpoint", ""),
    ("notifications", "webhookendpoint", "switch_off_webhookendpoint", ""),
    ("tasks", "task", "run_task", ""),
    ("tasks", "task", "pause_task", ""),
    ("tasks", "task", "resume_task", ""),
    ("tasks", "task", "complete_task", ""),
]


def make_roles(apps, schema_editor):
    """Make the groups and the permissions that they need.

    Django makes permissions after all migrations, and leaves those that exist as they are.
    """
    database = schema_editor.connection.alias
    groups = apps.get_model("auth", "Group").objects.using(database)
    models = [model for app in APPS for model in apps.get_app_config(app).get_models()]
    views = [
        _permission(apps, database, model, f"view_{model._meta.model_name}", f"Can view {model._meta.verbose_name}")
        for model in models
    ]
    actions = [
        _permission(apps, database, apps.get_model(app, model), codename, name)
        for app, model, codename, name in ACTIONS
    ]
    for name, permissions in {AUDITOR: views, OPERATOR: views + actions}.items():
        group, _ = groups.get_or_create(name=name)
        group.permissions.add(*permissions)


def remove_roles(apps, schema_editor):
    """Remove the groups. The permissions stay, as the models have them."""
    groups = apps.get_model("auth", "Group").objects.using(schema_editor.connection.alias)
    groups.filter(name__in=[AUDITOR, OPERATOR]).delete()


def _permission(apps, database, model, codename, name):
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.using(database).get_or_create(
        app_label=model._meta.app_label, model=model._meta.model_name
    )
    permission, _ = apps.get_model("auth", "Permission").objects.using(database).get_or_create(
        content_type=content_type,
        codename=codename,
        defaults={"name": dict(model._meta.permissions).get(codename, name)},
    )
    return permission


class Migration(migrations.Migration):

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("accounts", "0003_wants_notices"),
        ("executions", "0006_unsuccessful"),
        ("tasks", "0010_permissions_of_the_desk"),
        ("notifications", "0010_permissions_of_the_desk"),
    ]

    operations = [migrations.RunPython(make_roles, remove_roles)]
