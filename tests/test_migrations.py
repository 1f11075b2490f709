"""Migrations say what the models say."""

from io import StringIO

import pytest
from django.core.management import call_command


@pytest.mark.django_db
def test_models_have_no_change_without_a_migration():
    call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_every_migration_can_be_undone():
    for app in ("desk", "notifications", "tasks", "executions", "torale"):
        call_command("migrate", app, "zero", verbosity=0)
    call_command("migrate", verbosity=0)
