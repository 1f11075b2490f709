"""Plans of statements, as PostgreSQL has executed them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from psycopg.errors import Diagnostic

Plan = dict[str, Any]


def executed_plan(statement: str) -> Plan:
    """Execute a statement and return its plan."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {statement}")
        [[[found]]] = cursor.fetchall()
    plan: Plan = found["Plan"]
    return plan


@contextmanager
def executed_plans() -> Iterator[list[Plan]]:
    """Collect the plans of the statements that are executed within the context.

    Prepared statements have the plans that PostgreSQL makes without seeing their values.
    """
    plans: list[Plan] = []

    def collect(notice: Diagnostic) -> None:
        _, is_plan, plan = (notice.message_primary or "").partition("plan:\n")
        if is_plan:
            plans.append(json.loads(plan)["Plan"])

    settings = {
        "auto_explain.log_min_duration": 0,
        "auto_explain.log_analyze": "on",
        "auto_explain.log_buffers": "on",
        "auto_explain.log_timing": "off",
        "auto_explain.log_format": "json",
        "auto_explain.log_level": "notice",
        "plan_cache_mode": "force_generic_plan",
    }
    with connection.cursor() as cursor:
        cursor.execute("LOAD 'auto_explain'")
        for name, value in settings.items():
            cursor.execute(f"SET LOCAL {name} = {value}")
    database = connection.connection
    database.add_notice_handler(collect)
    try:
        yield plans
    finally:
        # A prepared statement ends, and its plan comes, when the next statement begins.
        with connection.cursor() as cursor:
            for name in settings:
                cursor.execute(f"SET LOCAL {name} TO DEFAULT")
        database.remove_notice_handler(collect)


def buffers(plan: Plan) -> int:
    """Return how many pages of 8 KiB the plan has touched."""
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def scans_of(table: str, plan: Plan) -> set[str]:
    """Return the kinds of scan by which a plan reads a table, such as `Seq Scan`."""
    own = {plan["Node Type"]} if plan.get("Relation Name") == table else set()
    return own.union(*(scans_of(table, part) for part in plan.get("Plans", [])))


def rows_read(plan: Plan) -> int:
    """Return how many rows of tables the plan has looked at.

    Unlike `buffers`, this does not depend on what other tests have left in the tables' files.
    """
    own = 0
    if "Relation Name" in plan:
        each = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
        own = round(each * plan["Actual Loops"])
    return own + sum(rows_read(part) for part in plan.get("Plans", []))
