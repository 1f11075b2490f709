"""Empty the tables after a test that commits.

Django's flush truncates all tables, which creates new files for each, and then creates all
permissions and content types again. Most tests leave only some rows in a few tables.
"""

from functools import cache

from django.db import connection, transaction
from psycopg import sql

#: Tables that migrations have filled and that tests do not change.
KEPT = {"auth_permission", "django_content_type"}
#: A table of procrastinate's, which Django's introspection does not list.
QUEUE = "procrastinate_jobs"


def empty_tables() -> None:
    """Delete all rows that tests may have stored."""
    # Foreign keys are checked at the end, so the order does not matter.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_tables_with_rows())
        for (table,) in cursor.fetchall():
            cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))


@cache
def _tables_with_rows() -> sql.Composed:
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(name, sql.Identifier(name))
        for name in sorted({*names, QUEUE} - KEPT)
    )
