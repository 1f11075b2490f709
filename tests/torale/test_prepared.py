"""Prepared statements."""

import pytest
from django.db import OperationalError, connection

from torale import prepared


@pytest.mark.django_db
def test_a_statement_is_planned_once_for_each_connection():
    plans = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT $1::int%%'"

    found = [prepared.rows("SELECT %s::int", [number]) for number in range(3)]

    assert found == [[(0,)], [(1,)], [(2,)]]
    assert prepared.rows(plans, []) == [(1,)]


@pytest.mark.django_db
def test_values_may_have_names():
    found = prepared.rows("SELECT %(a)s::int, %(b)s::text, %(a)s::int", {"a": 1, "b": "x"})

    assert found == [(1, "x", 1)]


@pytest.fixture
def shop():
    """Make a table, and return what changes it without psycopg noticing."""

    def execute(statement):
        with connection.cursor() as cursor:
            cursor.execute(f"DO $$ BEGIN {statement}; END $$")

    execute("CREATE TABLE shop AS SELECT 'Ann'::varchar(10) AS name")
    yield execute
    execute("DROP TABLE shop")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "change", ["ALTER TABLE shop ALTER name TYPE varchar(20)", "EXECUTE 'DEALLOCATE ALL'"]
)
def test_a_statement_still_works_after_a_migration_or_behind_a_pooler(shop, change):
    assert prepared.rows("SELECT name FROM shop", []) == [("Ann",)]

    shop(change)

    assert prepared.rows("SELECT name FROM shop", []) == [("Ann",)]


@pytest.mark.django_db(transaction=True)
def test_a_request_waits_only_once_for_a_database_that_is_away(monkeypatch):
    tries = []

    def fail(_parameters):
        tries.append(1)
        raise OperationalError

    connection.close()
    monkeypatch.setattr(connection, "health_check_done", False)
    monkeypatch.setattr(connection, "get_new_connection", fail)

    with pytest.raises(OperationalError):
        prepared.rows("SELECT 1", [])
    assert len(tries) == 1
