"""Sends of a period by status over time, how many were accepted, and how long that took."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Func, IntegerField, QuerySet, Sum, Value
from django.db.models.lookups import In

from desk.periods import Period, hours
from notifications.models import ACCEPTED, NotificationSend, SendCount, SendStatus
from notifications.models.send import KIND
from notifications.stats import latency_ms

#: With more sends yesterday and today, they are shown by day: to count 100,000 by hour takes
#: PostgreSQL 0.1 s.
MOST_COUNTED = 300_000
#: The percentiles of the time to acceptance.
PERCENTILES = {"p50": 0.5, "p95": 0.95}
#: The statuses of sends that were attempted, but did not arrive or were not wanted.
NOT_ACCEPTED = (SendStatus.FAILED, SendStatus.BOUNCED, SendStatus.COMPLAINED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """The sends that were recorded within an hour or a day."""

    since: datetime
    until: datetime
    #: How many of them are in each status now. Statuses without sends are left out.
    counts: Mapping[SendStatus, int]

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFigures:
    """The sends of all users that were recorded in a period."""

    bars: tuple[Bar, ...]
    #: Whether each bar is an hour; otherwise it is a day (UTC).
    is_by_hour: bool
    #: Where `p50_ms` and `p95_ms` begin: they are of whole days.
    latency_since: datetime
    #: How long it took from a condition that was met to the first acceptance, in milliseconds; None
    #: if nothing was accepted.
    p50_ms: int | None
    p95_ms: int | None

    @property
    def since(self) -> datetime:
        """When the first bar begins."""
        return self.bars[0].since

    @property
    def until(self) -> datetime:
        """When the last bar ends."""
        return self.bars[-1].until

    @property
    def counts(self) -> Mapping[SendStatus, int]:
        """How many there are in each status."""
        return sum((Counter(bar.counts) for bar in self.bars), Counter[SendStatus]())

    @property
    def accepted(self) -> int:
        """How many were accepted."""
        return sum(self.counts.get(status, 0) for status in ACCEPTED)

    @property
    def not_accepted(self) -> int:
        """How many failed for good, were returned, or were called spam."""
        return sum(self.counts.get(status, 0) for status in NOT_ACCEPTED)

    @property
    def success_rate(self) -> float | None:
        """Of the attempted sends that have ended, the fraction accepted; None if none has."""
        ended = self.accepted + self.not_accepted
        return self.accepted / ended if ended else None


def send_figures(period: Period, *, now: datetime) -> SendFigures:
    """Return the figures of a period that ends now; three statements.

    Days are read from the counts that are kept, however many sends they have. Hours are counted
    from the sends, unless their days have more than MOST_COUNTED.
    """
    days = period.days(now)
    counted = SendCount.objects.filter(user_id=None, day__range=(days[0].date(), days[-2].date()))
    # Each `exclude` is the condition of an index.
    numbers = counted.exclude(number=0)
    times = counted.exclude(timed=0).values_list("took").annotate(Sum("timed")).order_by("took")
    latency = latency_ms([(took, count) for took, count in times if count], PERCENTILES)
    by_hour = _by_hour(numbers, now=now) if period is Period.DAY else None
    return SendFigures(
        bars=tuple(by_hour or _by_day(numbers, days)),
        is_by_hour=by_hour is not None,
        latency_since=days[0],
        p50_ms=latency["p50"],
        p95_ms=latency["p95"],
    )


def oldest_due(*, now: datetime) -> UUID | None:
    """Return the send whose attempt has been due for the longest time; None if none is due."""
    due = NotificationSend.objects.unfinished().filter(next_attempt_at__lte=now)
    return due.order_by("next_attempt_at").values_list("pk", flat=True).first()


def _by_day(numbers: QuerySet[SendCount], days: list[datetime]) -> list[Bar]:
    places = {day.date(): place for place, day in enumerate(days)}
    found = numbers.values_list("day", "status").annotate(Sum("number"))
    return _bars(days, ((places[day], status, count) for day, status, count in found))


def _by_hour(numbers: QuerySet[SendCount], *, now: datetime) -> list[Bar] | None:
    """Return a bar for the present hour and each of the 23 before; None if that is too much work.

    The index `send_kind` finds the sends of each kind by time. Which kinds there are is read from
    the counts.
    """
    found = numbers.values_list("status", "event_type", "notification_type").annotate(Sum("number"))
    kinds = [(" ".join(kind), count) for *kind, count in found if count]
    if sum(count for _, count in kinds) > MOST_COUNTED:
        return None
    moments = hours(now)
    place = Func("created_at", Value(moments), function="width_bucket", output_field=IntegerField())
    sends = (
        NotificationSend.objects.filter(
            In(KIND, [kind for kind, _ in kinds]),
            created_at__gte=moments[0],
            created_at__lt=moments[-1],
        )
        .values_list(place, "status")
        .annotate(count=Count("*"))
        .order_by()
    )
    return _bars(moments, ((place - 1, status, count) for place, status, count in sends))


def _bars(moments: list[datetime], found: Iterable[tuple[int, str, int]]) -> list[Bar]:
    """Return the bars between the moments, from the counts of places and statuses."""
    counts: list[dict[SendStatus, int]] = [{} for _ in moments[1:]]
    for place, status, count in found:
        if count:
            counts[place][SendStatus(status)] = count
    return [
        Bar(since=since, until=until, counts=counted)
        for since, until, counted in zip(moments, moments[1:], counts, strict=False)
    ]
