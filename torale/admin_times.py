"""The filter by time of the admin's long lists: links for usual ranges, and a form."""

from argparse import ArgumentTypeError
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.admin import FieldListFilter
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest

from torale import clock, durations

#: The days that may be named, as numbers of days before today.
DAYS = {"today": 0, "yesterday": 1}
#: The ranges that have links, with their `since` and `until`.
RANGES = {
    "Any time": ("", ""),
    "Today": ("today", ""),
    "Yesterday": ("yesterday", "today"),
    "Last 7 days": ("7d", ""),
}
#: Years outside of these are typing errors, and PostgreSQL's driver does not store all of them.
YEARS = range(1970, 9000)


class NoTime(ValueError):
    """A text does not state a time; the message says what is expected."""


@dataclass(frozen=True)
class Bar:
    """What the bar above a list shows of its filter by time."""

    links: list[dict[str, Any]]
    since_name: str
    until_name: str
    since: str
    until: str
    #: The list's other parameters, which the form passes on.
    others: list[tuple[str, str]]


class TimeFilter(FieldListFilter):
    """A filter by a moment: since one time, and until before another one.

    The parameters `NAME__gte` and `NAME__lt` take a time in ISO 8601 (UTC if it says nothing else),
    a time of today such as `9:00`, `today`, `yesterday`, or an age such as `2h`.
    """

    template = "torale/admin/time_filter.html"

    def __init__(self, field: Any, request: HttpRequest, *arguments: Any, **options: Any) -> None:
        """Take the two parameters from the request."""
        self.since_name, self.until_name = f"{field.name}__gte", f"{field.name}__lt"
        self.request = request
        super().__init__(field, request, *arguments, **options)
        self.since = self._given(self.since_name)
        self.until = self._given(self.until_name)
        self.fault: str | None = None
        self.since_at = self.until_at = None
        try:
            now = clock.now() if self.since or self.until else datetime.min.replace(tzinfo=UTC)
            self.since_at = moment(self.since, now=now) if self.since else None
            self.until_at = moment(self.until, now=now) if self.until else None
        except NoTime as error:
            self.fault = str(error)

    def expected_parameters(self) -> list[str | None]:
        """Return the names of the two parameters."""
        return [self.since_name, self.until_name]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rows of the range; none, and say why, if it cannot be read."""
        if self.fault:
            messages.error(request, self.fault)
            return queryset.none()
        bounds = {self.since_name: self.since_at, self.until_name: self.until_at}
        return queryset.filter(**{name: at for name, at in bounds.items() if at})

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Yield the usual ranges, with links to them."""
        for title, (since, until) in RANGES.items():
            wanted = {self.since_name: since or None, self.until_name: until or None}
            yield {
                "selected": (self.since, self.until) == (since, until),
                "display": title,
                "query_string": changelist.get_query_string(wanted),
            }

    def bar(self, changelist: ChangeList) -> Bar:
        """Return what the bar above the list shows."""
        own = {self.since_name, self.until_name, PAGE_VAR}
        return Bar(
            links=[*self.choices(changelist)],
            since_name=self.since_name,
            until_name=self.until_name,
            since=self.since,
            until=self.until,
            others=[
                (name, str(text)) for name, text in self.request.GET.items() if name not in own
            ],
        )

    def _given(self, name: str) -> str:
        values: Mapping[str, Any] = self.used_parameters
        given = values.get(name) or ""
        return str(given[-1] if isinstance(given, list) else given).strip()


def moment(text: str, *, now: datetime) -> datetime:
    """Return the moment that `text` states, as an operator writes it.

    Args:
        text: `today`, `yesterday`, a time of today such as `9:00`, an age such as `2h`, or a day or
            a moment in ISO 8601. All are in UTC, unless the last says otherwise.
        now: the time by which `today` and ages are meant.

    Raises:
        NoTime: it is none of these.
    """
    today = datetime.combine(now.astimezone(UTC).date(), time.min, UTC)
    word = text.lower()
    if word in DAYS:
        return today - timedelta(days=DAYS[word])
    try:
        found = durations.moment(text, now=now)
    except ArgumentTypeError:
        found = None
    if found is None or found.year not in YEARS:
        raise NoTime(
            f"“{text}” is not a time. Write it like 9:00, 2h (two hours ago), today, yesterday, "
            "2026-03-04 or 2026-03-04 09:00; times are in UTC."
        )
    return found
