"""The filters of the admin's list of sends, and how many sends match them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.db.models import Q, QuerySet
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual
from django.http import HttpRequest
from unfold.contrib.filters.forms import AutocompleteDropdownForm

from executions.models import Execution
from notifications import counts
from notifications.models.send import DAY
from notifications.newest import KINDS
from notifications.search import owner_of
from notifications.selection import whole_days
from torale.admin import Part, Total, as_uuid
from torale.admin_times import TimeFilter

#: The parameters of the filters by owner and by task.
OWNER = "user__id__exact"
TASK = "task_id__exact"


class KindFilter(admin.ChoicesFieldListFilter):
    """A filter by a column of KIND, for which `lookup_of` alone may be enough."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        """Keep what matches. Without a search, an owner or a task, `lookup_of` does so already.

        With a condition on the column as well, PostgreSQL would expect few rows to meet both.
        """
        is_needed = any(request.GET.get(name) for name in (SEARCH_VAR, OWNER, TASK))
        return super().queryset(request, queryset) if is_needed else queryset


class TaskFilter(admin.FieldListFilter):
    """A filter by the task, which may have been deleted; names are completed while you type."""

    template = "unfold/filters/filters_field.html"
    form_class = AutocompleteDropdownForm

    def __init__(
        self, field: Any, request: HttpRequest, params: Any, *arguments: Any, **options: Any
    ) -> None:
        """Take the parameter from the request."""
        super().__init__(field, request, params, *arguments, **options)
        self.request = request
        [_, self.model_admin, *_] = arguments

    def expected_parameters(self) -> list[str | None]:
        """Return the name of the parameter."""
        return [TASK]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Yield the form. Sends have no foreign key to tasks, so it takes that of executions."""
        yield {
            "form": self.form_class(
                request=self.request,
                label="By task",
                name=TASK,
                choices=(),
                field=Execution._meta.get_field("task"),
                model_admin=self.model_admin,
                data={TASK: self.request.GET.get(TASK)},
            )
        }


@dataclass(frozen=True)
class Filters:
    """What a request filters the list by."""

    kinds: dict[str, str]
    owner: UUID | None
    task: UUID | None

    @classmethod
    def of(cls, request: HttpRequest) -> "Filters":
        """Return a request's filters by kind, owner and task."""
        given = {name: request.GET.get(f"{name}__exact") for name in KINDS}
        return cls(
            kinds={name: kind for name, kind in given.items() if kind},
            owner=as_uuid(request.GET.get(OWNER, "")),
            task=as_uuid(request.GET.get(TASK, "")),
        )

    def total(self, times: TimeFilter | None) -> Total | None:
        """Return how many sends match, if the counts tell.

        Args:
            times: the filter by time.
        """
        days: tuple[date | None, date | None] = (None, None)
        if times and (times.since_at or times.until_at):
            whole = whole_days(times.since_at, times.until_at)
            if self.task or not whole or not _are_midnights(times):
                return None
            days = whole
        user = owner_of(self.task) if self.task else self.owner
        if self.owner and user != self.owner:
            return None
        number = counts.total(kinds=self.kinds, user_id=user, task_id=self.task, days=days)
        return Total(number)


def _are_midnights(times: TimeFilter) -> bool:
    bounds = [at for at in (times.since_at, times.until_at) if at]
    return all((at.hour, at.minute, at.second, at.microsecond) == (0, 0, 0, 0) for at in bounds)


def within_days(part: Part, times: TimeFilter | None) -> Part:
    """Return `part` with the days of the filter by time, if its index has the day of each send."""
    if not part.order or times is None:
        return part
    condition = part.condition
    if times.since_at:
        condition &= Q(GreaterThanOrEqual(DAY, times.since_at.date()))
    if times.until_at:
        condition &= Q(LessThanOrEqual(DAY, times.until_at.date()))
    return Part(condition, part.order)
