"""Executions in the admin: read-only."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from executions.failures import FailureKind
from executions.models import Execution, ExecutionStatus
from torale.admin import LongList, Lookup, Part, ReadOnly, as_uuid

#: The parts of the executions that have an index by time, by the value of the filter for them.
PARTS = {"1": Part(Q(notification=None)), "0": Part(Q(notification__isnull=False))}


class FailedFilter(admin.SimpleListFilter):
    """A filter for executions that failed because of one kind of failure."""

    title = "failure"
    parameter_name = "failed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the kinds of failures."""
        return [(kind, kind.replace("_", " ")) for kind in FailureKind]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Execution]) -> QuerySet[Execution]:
        """Keep those that failed because of the chosen kind."""
        if not self.value():
            return queryset
        return queryset.filter(status=ExecutionStatus.FAILED, failure_kind=self.value())


@admin.register(Execution)
class ExecutionAdmin(ReadOnly, LongList):
    """Shows what was asked and answered; nobody can add or change an execution here."""

    list_display = ["id", "task", "status", "has_notification", "created_at", "completed_at"]
    list_filter = [
        "status",
        FailedFilter,
        ("notification", admin.EmptyFieldListFilter),
        "created_at",
    ]
    list_select_related = ["task"]
    search_fields = search_ids = ["id", "task"]
    search_help_text = "The id of an execution or a task"
    ordering = ["-created_at", "-id"]
    sortable_by = ["created_at"]  # only this has an index

    def get_queryset(self, request: HttpRequest) -> QuerySet[Execution]:
        """Leave the long texts of the answers out of the list's query."""
        executions: QuerySet[Execution] = super().get_queryset(request)
        return executions.defer(
            "result", "grounding_sources", "task__last_known_state", "task__context"
        )

    def lookup_of(self, request: HttpRequest, words: str) -> Lookup:
        """Look them up by the partial indexes that together have all executions."""
        if words:
            return super().lookup_of(request, words)
        if request.GET.get(FailedFilter.parameter_name):
            return Lookup()  # those that failed have an index of their own
        if request.GET.get("status__exact", ExecutionStatus.SUCCESS) != ExecutionStatus.SUCCESS:
            return Lookup()  # each other status has an index of its own
        wanted = request.GET.get("notification__isempty")
        return Lookup([PARTS[wanted]] if wanted in PARTS else [*PARTS.values()])

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search for ids only."""
        return (queryset.none() if search_term and not as_uuid(search_term) else queryset), False

    @admin.display(boolean=True, description="condition met")
    def has_notification(self, execution: Execution) -> bool:
        """Return whether the condition was met."""
        return execution.notification is not None
