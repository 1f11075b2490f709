"""Workers that reserve money for one user at the same moment, on several connections."""

from decimal import Decimal

import pytest

from executions.spending import Cost, OverBudget, Reservation, Spending, reserve, settle
from tests.support.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS = 4


@pytest.fixture(autouse=True)
def _budgets(settings):
    settings.TORALE_USER_BUDGET_USD = Decimal("0.10")
    settings.TORALE_USER_BUDGET_TOKENS = 1000


def wish(user, worst: Cost) -> list[Reservation]:
    """Reserve as often as the budget allows, ten times at most."""
    won = []
    for _ in range(10):
        try:
            won.append(reserve(user_id=str(user.pk), worst=worst))
        except OverBudget:
            break
    return won


@pytest.mark.parametrize(
    "worst",
    [Cost(tokens=1, usd=Decimal("0.01")), Cost(tokens=100, usd=None)],
    ids=["dollars", "tokens"],
)
def test_workers_together_reserve_no_more_than_the_budget(owner, worst):
    won = at_once(*[lambda: wish(owner, worst)] * WORKERS)

    assert sum(map(len, won)) == 10
    row = Spending.objects.get()
    assert (row.usd, row.unpriced_tokens) == (worst.priced * 10, worst.unpriced * 10)


def test_nothing_is_lost_while_workers_reserve_and_settle(owner):
    worst = Cost(tokens=10, usd=Decimal("0.02"))

    def work() -> None:
        for _ in range(10):
            reservation = reserve(user_id=str(owner.pk), worst=worst)
            settle(reservation, actual=Cost(tokens=3, usd=Decimal("0.000001")))

    at_once(*[work] * WORKERS)

    row = Spending.objects.get()
    assert (row.usd, row.tokens, row.run_count) == (Decimal("0.00004"), 120, 40)
