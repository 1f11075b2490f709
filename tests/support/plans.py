"""Plans of statements, as PostgreSQL has executed them."""

from typing import Any

from django.db import connection

Plan = dict[str, Any]


def executed_plan(statement: str) -> Plan:
    """Execute a statement and return its plan."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {statement}")
        [[[found]]] = cursor.fetchall()
    plan: Plan = found["Plan"]
    return plan


def buffers(plan: Plan) -> int:
    """Return how many pages of 8 KiB the plan has touched."""
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def scans_of(table: str, plan: Plan) -> set[str]:
    """Return the kinds of scan by which a plan reads a table, such as `Seq Scan`."""
    own = {plan["Node Type"]} if plan.get("Relation Name") == table else set()
    return own.union(*(scans_of(table, part) for part in plan.get("Plans", [])))
