"""Prepared statements."""

import pytest

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
