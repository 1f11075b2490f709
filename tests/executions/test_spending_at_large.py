"""What is read of the spending of many users over many months."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from executions.spending import Cost, Spending, reserve, spending_status
from tests.support.factories import NOW
from tests.support.plans import buffers, executed_plan, scans_of

TABLE = Spending._meta.db_table
#: Most buffers that a statement may touch; the whole table has some 400.
MOST_BUFFERS = 100

#: 500 users, each with 48 months, the last of which is that of NOW.
FILL_USERS = """
INSERT INTO accounts_user (
    id, password, is_superuser, is_staff, is_active, email, first_name, has_seen_welcome,
    wants_notices, created_at
)
SELECT gen_random_uuid(), '', false, false, true, i || '@example.com', '', true, true, %(now)s
FROM generate_series(1, 500) i
"""
FILL = """
INSERT INTO executions_spending (user_id, month, usd, tokens, unpriced_tokens, run_count)
SELECT person.id, '2026-03-01'::date - i * interval '1 month', 0.001, 1, 0, 1
FROM generate_series(0, 47) i CROSS JOIN accounts_user AS person
ORDER BY i DESC
"""


@pytest.fixture(scope="module")
def spender(module_db) -> User:
    """Fill the table; return one of its users."""
    with connection.cursor() as cursor:
        cursor.execute(FILL_USERS, {"now": NOW})
        cursor.execute(FILL)
        cursor.execute(f"REINDEX TABLE {TABLE}")  # what others rolled back stays in it otherwise
        cursor.execute(f"ANALYZE {TABLE}, {User._meta.db_table}")  # a plan depends on both
    return User.objects.get(email="1@example.com")


@pytest.mark.usefixtures("at_now")
@pytest.mark.parametrize("read", ["status", "reserve", "delete", "list"])
def test_few_blocks_are_read_by_an_index(operator_client, spender, read):
    calls = {
        "status": lambda: spending_status(now=NOW),
        "reserve": lambda: reserve(user_id=str(spender.pk), worst=Cost(tokens=1, usd=None)),
        "delete": lambda: [*Spending.objects.filter(user__in=[spender])],
        "list": lambda: operator_client.get(reverse("admin:executions_spending_changelist")),
    }

    with CaptureQueriesContext(connection) as queries:
        calls[read]()

    own = [each["sql"] for each in queries if f'FROM "{TABLE}"' in each["sql"]]
    assert own
    for plan in map(executed_plan, own):
        assert "Seq Scan" not in scans_of(TABLE, plan)
        assert buffers(plan) <= MOST_BUFFERS
