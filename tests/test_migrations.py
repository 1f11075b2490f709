"""Migrations say what the models say, and can be applied while older versions run."""

from io import StringIO

import pytest
from django.core.management import call_command

from tests.support.later_migrations import forks, later_migrations, undeclared
from tests.support.newer_version import NewerVersion
from tests.support.own_database import migrated_database
from tests.support.watched_migration import harm_done_by


@pytest.mark.django_db
def test_models_have_no_change_without_a_migration():
    call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())


def test_those_of_an_app_follow_one_another():
    # Two that follow the same one were written side by side, and nobody has tried them together.
    assert forks() == []


def test_later_ones_say_whether_older_versions_work_with_them():
    assert undeclared() == []


def test_later_ones_disturb_nobody(django_db_setup, django_db_blocker):
    if later := later_migrations():
        with django_db_blocker.unblock(), migrated_database("later"):
            assert {str(later[key]): harm_done_by(key) for key in later} == {
                str(migration): [] for migration in later.values()
            }


def test_one_that_does_not_say_it_and_one_written_side_by_side_are_found(tmp_path):
    newer = NewerVersion(tmp_path)
    before = newer.last
    newer.add("9001_more", "")
    newer.add("9002_stated", "", attributes="additive = False")
    newer.last = before
    newer.add("9003_beside", "", attributes="additive = True")

    with newer.installed():
        assert undeclared() == ["tasks.9001_more"]
        assert forks() == [("tasks.9002_stated", "tasks.9003_beside")]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_every_migration_can_be_undone():
    for app in ("desk", "notifications", "tasks", "executions", "torale"):
        call_command("migrate", app, "zero", verbosity=0)
    call_command("migrate", verbosity=0)
