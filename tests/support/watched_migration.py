"""Apply a migration and look at what PostgreSQL does: the locks it takes, what it reads under them.

Where a migration has to be judged by what it says, each new way of saying it needs a new rule.
PostgreSQL itself tells what a statement locks, scans and rewrites, whoever wrote it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.migrations.executor import MigrationExecutor
from psycopg.pq import TransactionStatus

from torale.schema import Key, is_additive

#: Tables that stay small, whatever users do: Django's own.
SMALL = ("auth_%", "django_%")

#: Modes of a table's lock in which nobody else can write to the table.
LOCKED = {"ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"}
#: The mode of a table that a transaction has written to.
WRITTEN = "RowExclusiveLock"

TABLES = """
SELECT c.oid::int, c.relname, c.relfilenode::int, coalesce(s.seq_scan, 0)
FROM pg_class c LEFT JOIN pg_stat_xact_user_tables s ON s.relid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
    AND NOT c.relname LIKE ANY (%s)
"""
LOCKS = """
SELECT relation::int, mode FROM pg_locks
WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted
"""
COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
    a.atthasdef OR a.attidentity <> ''
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v')
    AND a.attnum > 0 AND NOT a.attisdropped
"""
#: What statements may name without naming a column: ON CONFLICT needs a unique index.
NAMED = """
SELECT 'function ' || oid::regprocedure FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL
SELECT 'unique index ' || indexrelid::regclass FROM pg_index JOIN pg_class c ON c.oid = indrelid
WHERE indisunique AND c.relnamespace = 'public'::regnamespace
"""

#: The ways of reading that are switched off while a migration is watched.
WAYS_BY_INDEX = ("enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan")

#: Statements that are allowed outside of a transaction: they block nobody for long.
ALONE = re.compile(
    r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|VALUES|SET|SHOW|\w+ .*CONCURRENTLY)", re.IGNORECASE
)


class Column(NamedTuple):
    """What older versions rely on in a column."""

    type: str
    is_not_null: bool
    has_default: bool


class Table(NamedTuple):
    """A table as a transaction sees it."""

    name: str
    file: int
    scans: int


@dataclass
class Watcher:
    """Wraps the execution of each statement of a migration."""

    #: Whether the migration is one transaction.
    is_atomic: bool
    #: The tables that there were before.
    tables: dict[int, Table]
    #: What was seen, with the statement that did it.
    seen: dict[str, str] = field(default_factory=dict)

    def __call__(
        self,
        execute: Callable[..., Any],
        sql: str,
        params: Any,
        many: bool,  # noqa: FBT001 - Django passes it so
        context: dict[str, Any],
    ) -> Any:
        database = context["connection"]
        if not database.in_atomic_block:
            if not ALONE.match(sql):
                self.seen.setdefault("may wait for a lock for ever, outside a transaction", sql)
            return execute(sql, params, many, context)
        session = database.connection
        if session.info.transaction_status == TransactionStatus.IDLE:
            self.tables = self._now(session)  # counts of scans begin with the transaction
        result = execute(sql, params, many, context)
        for what in self._look(session):
            self.seen.setdefault(what, sql)
        return result

    def _now(self, session: Any) -> dict[int, Table]:
        rows = session.execute(TABLES, [[*SMALL]]).fetchall()
        return {oid: Table(*rest) for oid, *rest in rows if oid in self.tables}

    def _look(self, session: Any) -> Iterator[str]:
        """Yield what the last statement has done to the tables that others use."""
        before, self.tables = self.tables, self._now(session)
        modes: dict[int, set[str]] = {oid: set() for oid in self.tables}
        for oid, mode in session.execute(LOCKS).fetchall():
            modes.get(oid, set()).add(mode)
        locked = [table.name for oid, table in self.tables.items() if modes[oid] & LOCKED]
        for oid, table in self.tables.items():
            if locked and table.file != before[oid].file:
                yield f"{table.name} is rewritten"
            elif locked and table.scans > before[oid].scans:
                yield f"{table.name} is read while nobody can write to {' and '.join(locked)}"
            elif self.is_atomic and WRITTEN in modes[oid]:
                yield f"rows of {table.name} are changed in the migration's transaction"


def harm_done_by(key: Key) -> list[str]:
    """Apply the migrations up to `key`; return what the last one does that others would notice.

    These are locks that are held while a table is read or rewritten, and, if the migration says
    that it is additive, what older versions would miss.
    """
    executor = MigrationExecutor(connection)
    migration = executor.loader.get_migration(*key)
    before = [*executor.loader.graph.node_map[key].parents]
    if plan := executor.migration_plan(before):
        executor.migrate(before, plan)
        executor = MigrationExecutor(connection)
    with connection.cursor() as cursor:
        columns, named = _columns(cursor), _named(cursor)
        cursor.execute(TABLES, [[*SMALL]])
        watcher = Watcher(migration.atomic, {oid: Table(*rest) for oid, *rest in cursor.fetchall()})
    with connection.cursor() as cursor:
        # Otherwise the planner could look at all rows by an index, which is not counted.
        cursor.execute("; ".join(f"SET {way} = off" for way in WAYS_BY_INDEX))
    try:
        with connection.execute_wrapper(watcher):
            executor.migrate([key])
    finally:
        with connection.cursor() as cursor:
            cursor.execute("; ".join(f"RESET {way}" for way in WAYS_BY_INDEX))
    seen = [f"{what}: {' '.join(sql.split())}" for what, sql in watcher.seen.items()]
    if is_additive(migration):
        with connection.cursor() as cursor:
            seen += _missed(columns, _columns(cursor))
            seen += [f"{gone} is gone" for gone in sorted(named - _named(cursor))]
    return seen


def _missed(
    before: dict[tuple[str, str], Column], after: dict[tuple[str, str], Column]
) -> Iterator[str]:
    tables = {table for table, _ in before}
    for (table, name), column in before.items():
        now = after.get((table, name))
        if now is None:
            yield f"{table}.{name} is gone"
        elif now.type != column.type:
            yield f"{table}.{name} was {column.type} and is {now.type}"
        elif now.is_not_null and not column.is_not_null:
            yield f"{table}.{name} is no longer nullable"
        elif column.has_default and not now.has_default:
            yield f"{table}.{name} has no default any more"
    for (table, name), column in after.items():
        is_new = (table, name) not in before
        if is_new and table in tables and column.is_not_null and not column.has_default:
            yield f"{table}.{name} has no default, so older versions cannot insert"


def _columns(cursor: CursorWrapper) -> dict[tuple[str, str], Column]:
    cursor.execute(COLUMNS)
    return {(table, name): Column(*rest) for table, name, *rest in cursor.fetchall()}


def _named(cursor: CursorWrapper) -> set[str]:
    cursor.execute(NAMED)
    return {name for (name,) in cursor.fetchall()}
