"""Whether a version and the database's tables fit together."""

import pytest
from django.db import connection

from torale import schema
from torale.models import SchemaChange
from torale.schema import Comparison, Standing

pytestmark = pytest.mark.django_db


def test_a_migrated_database_fits(django_assert_num_queries):
    schema.compare()

    with django_assert_num_queries(1):
        assert schema.compare() == Comparison(Standing.FITS)
    assert schema.refusal() is None


def test_one_that_lacks_a_migration_is_behind():
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'tasks' AND name LIKE '0010%'")

    assert schema.compare() == Comparison(Standing.BEHIND, ("tasks.0010_permissions_of_the_desk",))
    assert schema.refusal() is None


def test_an_announced_additive_migration_is_no_reason_to_end():
    SchemaChange.objects.create(app="tasks", name="0011_more", is_additive=True)

    assert schema.compare() == Comparison(Standing.AHEAD, ("tasks.0011_more",))
    assert schema.refusal() is None


def test_an_announced_one_that_is_not_additive_is():
    SchemaChange.objects.create(app="tasks", name="0011_more", is_additive=True)
    SchemaChange.objects.create(app="tasks", name="0012_less", is_additive=False)

    assert schema.compare() == Comparison(Standing.TOO_NEW, ("tasks.0012_less",))
    assert "tasks.0012_less of a newer version" in (schema.refusal() or "")
