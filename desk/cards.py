"""The cards of the home page: one figure each, with a link to the list of what it counts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from math import floor

from desk.links import created_within, list_of
from desk.periods import Period
from desk.sends import SendFigures, oldest_due
from executions.spending import Spending, SpendingStatus, dollars
from notifications.metrics import DeliveryStatus
from notifications.models import EventType, NotificationSend, SendStatus
from tasks.metrics import VisitStatus
from tasks.models import Task
from torale.queue import LATE_AFTER


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One figure."""

    title: str
    value: str
    note: str
    url: str
    #: Whether it says that something is so late that a person should look.
    is_late: bool = False


def of_period(figures: SendFigures, period: Period) -> Iterator[Card]:
    """Yield the cards about the sends of a period."""
    rate = figures.success_rate
    yield Card(
        title="Success rate",
        value="-" if rate is None else percent(rate),
        note=f"{figures.accepted:,} accepted, {figures.not_accepted:,} not",
        url=list_of(
            NotificationSend,
            status__exact=SendStatus.FAILED.value,
            **created_within(figures.since, figures.until),
        ),
    )
    timed = list_of(
        NotificationSend,
        event_type__exact=EventType.CONDITION_MET.value,
        **created_within(figures.latency_since, figures.until),
    )
    days = "yesterday and today" if period is Period.DAY else period.value
    for name, milliseconds in (("p50", figures.p50_ms), ("p95", figures.p95_ms)):
        yield Card(
            title=f"Time to accepted, {name}",
            value="-" if milliseconds is None else time_text(milliseconds / 1000),
            note=f"from condition met; {days}",
            url=timed,
        )


def of_delivery(delivery: DeliveryStatus, *, now: datetime) -> Iterator[Card]:
    """Yield the cards about the sends that wait now."""
    for status, count, note in (
        (SendStatus.QUEUED, delivery.queued, "await their first attempt"),
        (SendStatus.RETRYING, delivery.retrying, "failed, and are tried again"),
    ):
        yield Card(
            title=f"{status.label} now",
            value=f"{count:,}",
            note=note,
            url=list_of(NotificationSend, status__exact=status.value),
        )
    oldest = oldest_due(now=now)
    yield Card(
        title="Oldest due",
        value=time_text(delivery.oldest_due_s) if oldest else "-",
        note="since its attempt was due" if oldest else "no send is due",
        url=list_of(NotificationSend, **({"q": oldest} if oldest else {})),
        is_late=delivery.oldest_due_s > LATE_AFTER.total_seconds(),
    )


def of_visits(visits: VisitStatus) -> Iterator[Card]:
    """Yield the cards about tasks."""
    yield Card(
        title="Overdue tasks",
        value=f"{visits.overdue:,}",
        note=f"the longest for {time_text(visits.oldest_overdue_s)}"
        if visits.overdue
        else "all visits are on time",
        url=list_of(Task, trouble="overdue"),
        is_late=visits.oldest_overdue_s > LATE_AFTER.total_seconds(),
    )
    yield Card(
        title="Failing tasks",
        value=f"{visits.failing:,}",
        note="failed at their last visit",
        url=list_of(Task, trouble="failing"),
    )


def of_spending(spending: SpendingStatus) -> Card:
    """Return the card about the language model."""
    note = f"{spending.tokens:,} tokens"
    if spending.close_users:
        users = "user" if spending.close_users == 1 else "users"
        note += f"; {spending.close_users:,} {users} at 90% of the budget or more"
    return Card(
        title="Model, this month",
        value=dollars(spending.usd),
        note=note,
        url=list_of(Spending),
    )


def percent(part: float) -> str:
    """Return a fraction as a percentage, rounded down, so that only all is 100%."""
    return f"{floor(part * 1000) / 10:g}%"


def time_text(seconds: float) -> str:
    """Return a duration in the largest unit that it fills at least once."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.1f} s"
