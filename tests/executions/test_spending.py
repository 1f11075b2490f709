"""What users may spend on the language model in a month, and what is booked for them."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import transaction

from executions.spending import (
    Cost,
    OverBudget,
    Spending,
    SpendingStatus,
    dollars,
    reserve,
    settle,
    spending_status,
)
from tests.support.factories import NOW, make_spending

pytestmark = pytest.mark.usefixtures("at_now")

CENT = Cost(tokens=1000, usd=Decimal("0.01"))
UNPRICED = Cost(tokens=1000, usd=None)
NOTHING = Cost(tokens=0, usd=Decimal(0))


@pytest.fixture(autouse=True)
def _budgets(settings):
    settings.TORALE_USER_BUDGET_USD = Decimal("0.05")
    settings.TORALE_USER_BUDGET_TOKENS = 5000


def booked(user) -> dict[str, tuple[Decimal, int, int, int]]:
    """Return what is stored for a user by month: dollars, tokens, unpriced tokens and runs."""
    return {
        str(row): (row.usd, row.tokens, row.unpriced_tokens, row.run_count)
        for row in Spending.objects.filter(user=user)
    }


def test_the_worst_case_is_booked_in_the_month_of_the_database(owner, stranger):
    reserve(user_id=str(owner.pk), worst=CENT)
    reserve(user_id=str(owner.pk), worst=UNPRICED)

    assert booked(owner) == {"2026-03": (Decimal("0.01"), 2000, 1000, 2)}
    assert booked(stranger) == {}


@pytest.mark.parametrize(
    ("worst", "actual", "left"),
    [
        (CENT, Cost(tokens=10, usd=Decimal("0.0000011")), (Decimal("0.000002"), 10, 0, 1)),
        (CENT, Cost(tokens=5000, usd=Decimal(1)), (Decimal(1), 5000, 0, 1)),
        (CENT, Cost(tokens=300, usd=None), (Decimal(0), 300, 300, 1)),
        (UNPRICED, Cost(tokens=300, usd=None), (Decimal(0), 300, 300, 1)),
        (UNPRICED, Cost(tokens=300, usd=Decimal("0.5")), (Decimal("0.5"), 300, 0, 1)),
        (CENT, NOTHING, (Decimal(0), 0, 0, 0)),
        (UNPRICED, Cost(tokens=0, usd=None), (Decimal(0), 0, 0, 0)),
        (Cost(tokens=9, usd=Decimal("0.0100005")), NOTHING, (Decimal(0), 0, 0, 0)),
    ],
    ids=[
        "less",
        "more than the worst case",
        "price unknown after all",
        "tokens",
        "price known after all",
        "not asked",
        "not asked, price unknown",
        "a fraction of a millionth",
    ],
)
def test_the_worst_case_is_replaced_by_what_it_took(owner, worst, actual, left):
    settle(reserve(user_id=str(owner.pk), worst=worst), actual=actual)

    assert booked(owner) == {"2026-03": left}


def test_a_budget_in_dollars_can_be_spent_to_the_last_cent_and_no_further(owner):
    for _ in range(5):
        reserve(user_id=str(owner.pk), worst=CENT)

    with pytest.raises(OverBudget) as refusal:
        reserve(user_id=str(owner.pk), worst=CENT)

    assert str(refusal.value) == (
        "This month's budget for the language model does not allow another visit: $0.0500 of "
        "$0.0500 are spent, or reserved for visits under way, and one visit may take $0.0100 more. "
        "The next month begins on 1 April 2026 (UTC). The operator of this server sets the budget "
        "with TORALE_USER_BUDGET_USD."
    )
    assert refusal.value.ends_at == datetime(2026, 4, 1, tzinfo=UTC)
    assert booked(owner) == {"2026-03": (Decimal("0.05"), 5000, 0, 5)}


def test_a_budget_in_tokens_counts_only_those_of_unknown_price(owner, settings):
    settings.TORALE_USER_BUDGET_TOKENS = 1_001_500
    make_spending(owner, tokens=9_000_000, unpriced_tokens=1_000_000, usd=Decimal("0.01"))
    reserve(user_id=str(owner.pk), worst=UNPRICED)

    with pytest.raises(OverBudget) as refusal:
        reserve(user_id=str(owner.pk), worst=UNPRICED)

    assert "1,001,000 of 1,001,500 tokens are spent" in str(refusal.value)
    assert "one visit may take 1,000 more." in str(refusal.value)
    assert str(refusal.value).endswith("with TORALE_USER_BUDGET_TOKENS.")
    reserve(user_id=str(owner.pk), worst=CENT)


def test_dollars_are_limited_although_the_price_of_one_of_two_models_is_not_known(owner):
    spent = make_spending(owner, usd=Decimal("0.05"))
    reserve(user_id=str(owner.pk), worst=UNPRICED)
    spent.usd = Decimal("0.050001")
    spent.save()

    with pytest.raises(OverBudget) as refusal:
        reserve(user_id=str(owner.pk), worst=UNPRICED)

    assert "$0.0500 of $0.0500 are spent" in str(refusal.value)
    assert "one visit may take 1,000 tokens." in str(refusal.value)
    assert str(refusal.value).endswith("with TORALE_USER_BUDGET_USD.")


def test_what_is_given_back_can_be_spent_again(owner, settings):
    settings.TORALE_USER_BUDGET_USD = Decimal("0.01")
    first = reserve(user_id=str(owner.pk), worst=CENT)
    with pytest.raises(OverBudget):
        reserve(user_id=str(owner.pk), worst=CENT)

    settle(first, actual=NOTHING)

    reserve(user_id=str(owner.pk), worst=CENT)


def test_each_month_and_each_user_has_a_whole_budget(owner, stranger, settings, time_machine):
    settings.TORALE_USER_BUDGET_USD = Decimal("0.01")
    time_machine.move_to(datetime(2026, 12, 31, 23, 59, tzinfo=UTC), tick=False)
    before = reserve(user_id=str(owner.pk), worst=CENT)
    reserve(user_id=str(stranger.pk), worst=CENT)
    with pytest.raises(OverBudget) as refusal:
        reserve(user_id=str(owner.pk), worst=CENT)
    assert refusal.value.ends_at == datetime(2027, 1, 1, tzinfo=UTC)

    time_machine.move_to(datetime(2027, 1, 1, tzinfo=UTC), tick=False)
    reserve(user_id=str(owner.pk), worst=CENT)
    settle(before, actual=Cost(tokens=7, usd=Decimal("0.002")))

    assert booked(owner) == {
        "2026-12": (Decimal("0.002"), 7, 0, 1),
        "2027-01": (Decimal("0.01"), 1000, 0, 1),
    }


@pytest.mark.django_db(transaction=True)
def test_a_booking_that_would_not_be_committed_at_once_is_refused(owner):
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        reserve(user_id=str(owner.pk), worst=CENT)


@pytest.mark.django_db(transaction=True)
def test_a_deleted_user_has_no_budget_and_what_was_reserved_is_forgotten(owner):
    user_id = str(owner.pk)
    reservation = reserve(user_id=user_id, worst=CENT)

    owner.delete()
    settle(reservation, actual=CENT)

    with pytest.raises(OverBudget, match="deleted"):
        reserve(user_id=user_id, worst=CENT)
    assert not Spending.objects.exists()


def test_the_months_sums_tell_who_is_close_to_a_budget(owner, stranger, operator):
    assert spending_status(now=NOW) == SpendingStatus(usd=Decimal(0), tokens=0, close_users=0)
    make_spending(owner, usd=Decimal("0.045"), tokens=10)
    make_spending(stranger, unpriced_tokens=4500, tokens=4600)
    make_spending(operator, usd=Decimal("0.044"), unpriced_tokens=4499, tokens=4499)
    make_spending(owner, month="2026-02-01", usd=Decimal("0.05"), tokens=9999)

    status = spending_status(now=NOW)

    assert status == SpendingStatus(usd=Decimal("0.089"), tokens=9109, close_users=2)


def test_without_a_budget_nobody_is_close_who_spent_nothing(owner, settings):
    settings.TORALE_USER_BUDGET_USD, settings.TORALE_USER_BUDGET_TOKENS = Decimal(0), 0
    make_spending(owner)

    assert spending_status(now=NOW).close_users == 0


@pytest.mark.parametrize(
    ("usd", "shown"),
    [(0, "$0.00"), (0.0042, "$0.0042"), (0.1, "$0.10"), (Decimal("1234.5"), "$1,234.50")],
)
def test_small_amounts_have_more_places(usd, shown):
    assert dollars(usd) == shown
