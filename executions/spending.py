"""What users may spend on the language model in a month, and what they have spent."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_UP, Decimal
from typing import Self

import psycopg
from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Count, F, Q, Sum

from accounts.models import User
from torale import clock

#: Amounts are kept in millionths of a dollar.
MILLIONTH = Decimal("0.000001")
#: Who has spent this part of the budget is close to its end.
CLOSE = Decimal("0.9")
#: Amounts below this are shown with four decimal places instead of two.
SMALL = Decimal("0.10")


class SpendingQuerySet(models.QuerySet["Spending"]):
    """Queries for what users spent."""

    def of_month(self, month: date) -> Self:
        """Keep those of the month that begins with this day."""
        return self.filter(month=month)


class Spending(models.Model):
    """What one user's questions took of the language model in one calendar month (UTC).

    It includes the worst case of each question that is being asked, and of those whose worker died.
    `reserve` and `settle` change it.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="spendings", db_index=False)
    #: The first day of the month.
    month = models.DateField()
    #: What it cost as far as prices are known, in US dollars.
    usd = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    #: Input and output together.
    tokens = models.PositiveBigIntegerField(default=0)
    #: The part of the tokens whose price is not known.
    unpriced_tokens = models.PositiveBigIntegerField(default=0)
    #: How often a model was asked to answer a question.
    run_count = models.PositiveIntegerField(default=0)

    objects = SpendingQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "spending"
        constraints = [
            # Read when money is reserved, and when the user is deleted.
            models.UniqueConstraint(fields=["user", "month"], name="spending_one_per_month"),
        ]
        indexes = [
            # Read by the metrics, by the admin's home page and by its list, the newest month first.
            models.Index("month", "id", name="spending_by_month"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What asking a language model takes."""

    #: Input and output together.
    tokens: int
    #: In US dollars; None if the price is not known.
    usd: Decimal | None

    @property
    def priced(self) -> Decimal:
        """The dollars to book."""
        return self.usd or Decimal(0)

    @property
    def unpriced(self) -> int:
        """The tokens to book as those whose price is not known."""
        return self.tokens if self.usd is None else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A booked worst case, which `settle` replaces."""

    #: The id of the row in which it is booked.
    spending_id: int
    #: What is booked.
    worst: Cost


class OverBudget(Exception):
    """The user's budget does not allow another run; the message tells the task's owner why.

    Attributes:
        ends_at: when the next month begins, with the whole budget.
    """

    def __init__(self, message: str, *, ends_at: datetime) -> None:
        super().__init__(message)
        self.ends_at = ends_at


def reserve(*, user_id: str, worst: Cost) -> Reservation:
    """Book the worst case of one run in this month's spending of a user.

    The booking is committed before this returns, so that workers together cannot spend more than
    the budget. If the worker dies before it calls `settle`, the worst case stays booked: what was
    really spent is unknown.

    Args:
        user_id: whose question is asked.
        worst: the most that the run may take. TORALE_USER_BUDGET_USD limits its dollars; if the
            price is not known, TORALE_USER_BUDGET_TOKENS limits its tokens, and there is no run
            once more dollars than the budget are spent.

    Raises:
        OverBudget: it does not fit into the budget, or the account was deleted meanwhile. Nothing
            is booked.
        RuntimeError: the call was made within a transaction.
    """
    month = month_of(clock.now())
    ends_at = _end_of(month)
    worst = replace(worst, usd=_rounded_up(worst.usd))
    try:
        with transaction.atomic(durable=True):
            spending, _ = Spending.objects.get_or_create(user_id=user_id, month=month)
            fitting = Spending.objects.filter(_fits(worst), pk=spending.pk)
            is_booked = fitting.update(
                usd=F("usd") + worst.priced,
                tokens=F("tokens") + worst.tokens,
                unpriced_tokens=F("unpriced_tokens") + worst.unpriced,
                run_count=F("run_count") + 1,
            )
            if not is_booked:
                spending.refresh_from_db()
    except IntegrityError as error:
        if isinstance(error.__cause__, psycopg.errors.ForeignKeyViolation):
            raise OverBudget("The account has been deleted.", ends_at=ends_at) from error
        raise
    if not is_booked:
        raise OverBudget(_refusal(spending, worst, ends_at=ends_at), ends_at=ends_at)
    return Reservation(spending_id=spending.pk, worst=worst)


def settle(reservation: Reservation, *, actual: Cost) -> None:
    """Replace a booked worst case by what the run really took; call it once for each reservation.

    It is booked in the month of the reservation. A run that took no tokens is not counted. Nothing
    happens if the user has been deleted.

    Args:
        reservation: what `reserve` returned.
        actual: what the run took; it is booked even if it is more than the worst case.
    """
    worst, actual = reservation.worst, replace(actual, usd=_rounded_up(actual.usd))
    Spending.objects.filter(pk=reservation.spending_id).update(
        usd=F("usd") + (actual.priced - worst.priced),
        tokens=F("tokens") + (actual.tokens - worst.tokens),
        unpriced_tokens=F("unpriced_tokens") + (actual.unpriced - worst.unpriced),
        run_count=F("run_count") - (0 if actual.tokens else 1),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingStatus:
    """What all users together spent in a month."""

    #: In US dollars, as far as prices are known.
    usd: Decimal
    #: Input and output together.
    tokens: int
    #: How many users have spent nine tenths of a budget or more.
    close_users: int


def spending_status(*, now: datetime) -> SpendingStatus:
    """Return what was spent so far in the month of `now`; one query, which reads the month's rows.

    The index `spending_by_month` serves this.
    """
    close = Q(usd__gt=0, usd__gte=settings.TORALE_USER_BUDGET_USD * CLOSE) | Q(
        unpriced_tokens__gt=0, unpriced_tokens__gte=settings.TORALE_USER_BUDGET_TOKENS * CLOSE
    )
    sums = Spending.objects.of_month(month_of(now)).aggregate(
        dollars=Sum("usd", default=Decimal(0)),
        both_ways=Sum("tokens", default=0),
        close_users=Count("pk", filter=close),
    )
    return SpendingStatus(
        usd=sums["dollars"], tokens=int(sums["both_ways"]), close_users=sums["close_users"]
    )


def month_of(moment: datetime) -> date:
    """Return the first day of the month of `moment`, in UTC."""
    return moment.astimezone(UTC).date().replace(day=1)


def dollars(usd: Decimal | float) -> str:
    """Return an amount as people read it; small ones with four decimal places."""
    return f"${usd:,.4f}" if 0 < usd < SMALL else f"${usd:,.2f}"


def _fits(worst: Cost) -> Q:
    if worst.usd is None:
        # The model may be one of two, and the price of the other one known.
        return Q(
            unpriced_tokens__lte=settings.TORALE_USER_BUDGET_TOKENS - worst.tokens,
            usd__lte=settings.TORALE_USER_BUDGET_USD,
        )
    return Q(usd__lte=settings.TORALE_USER_BUDGET_USD - worst.usd)


def _refusal(spending: Spending, worst: Cost, *, ends_at: datetime) -> str:
    if worst.usd is None and spending.usd <= settings.TORALE_USER_BUDGET_USD:
        setting = "TORALE_USER_BUDGET_TOKENS"
        spent = f"{spending.unpriced_tokens:,} of {settings.TORALE_USER_BUDGET_TOKENS:,} tokens"
        most = f"{worst.tokens:,} more"
    else:
        setting = "TORALE_USER_BUDGET_USD"
        spent = f"{dollars(spending.usd)} of {dollars(settings.TORALE_USER_BUDGET_USD)}"
        most = f"{worst.tokens:,} tokens" if worst.usd is None else f"{dollars(worst.usd)} more"
    return (
        "This month's budget for the language model does not allow another visit: "
        f"{spent} are spent, or reserved for visits under way, and one visit may take {most}. The "
        f"next month begins on {ends_at.day} {ends_at:%B %Y} (UTC). The operator of this server "
        f"sets the budget with {setting}."
    )


def _end_of(month: date) -> datetime:
    following = (month + timedelta(days=31)).replace(day=1)
    return datetime(following.year, following.month, 1, tzinfo=UTC)


def _rounded_up(usd: Decimal | None) -> Decimal | None:
    return None if usd is None else usd.quantize(MILLIONTH, ROUND_UP)
