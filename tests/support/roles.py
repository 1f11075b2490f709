"""The roles of the desk, made as its migration makes them."""

from importlib import import_module

from django.apps import apps
from django.contrib.auth.models import Group
from django.db import connection

from accounts.models import User

migration = import_module("desk.migrations.0001_roles")
of_spending = import_module("desk.migrations.0002_view_spending")


def make_roles() -> None:
    """Make the groups, which tests that commit delete."""
    with connection.schema_editor() as editor:
        migration.make_roles(apps, editor)


def remove_roles() -> None:
    with connection.schema_editor() as editor:
        migration.remove_roles(apps, editor)


def let_view_spending(*, undo: bool = False) -> None:
    """Give the groups the permission to view spending, or take it from them."""
    with connection.schema_editor() as editor:
        (of_spending.let_nobody_view if undo else of_spending.let_view)(apps, editor)


def user_of_role(role: str) -> User:
    """Store a user who may enter the admin and has only this role."""
    make_roles()
    user = User.objects.create_user(f"{role}@example.com", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user
