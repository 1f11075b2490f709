"""Fill tables fast: make their indexes and foreign keys at the end rather than row by row."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db.backends.utils import CursorWrapper

INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
FROM pg_index
WHERE indrelid = ANY(%s::regclass[])
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""
FOREIGN_KEYS = """
SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY(%s::regclass[])
"""


@contextmanager
def without_indexes(cursor: CursorWrapper, tables: Sequence[str]) -> Iterator[None]:
    """Drop the indexes of tables, except those of constraints, and make them again at the end.

    Outside of a transaction, a crash within the block leaves the tables without them.
    """
    cursor.execute(INDEXES, [[*tables]])
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")
    yield
    for _, definition in indexes:
        cursor.execute(definition)


@contextmanager
def without_foreign_keys(cursor: CursorWrapper, tables: Sequence[str]) -> Iterator[None]:
    """Drop the foreign keys of tables, and make them again at the end, which checks all rows.

    Outside of a transaction, a crash within the block leaves the tables without them.
    """
    # PostgreSQL does not alter a table that has checks left to be made.
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute(FOREIGN_KEYS, [[*tables]])
    keys = cursor.fetchall()
    for table, name, _ in keys:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    yield
    for table, name, definition in keys:
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
