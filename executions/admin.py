"""Executions, and what they cost each user in a month, in the admin: read-only."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from unfold.decorators import display

from executions.activity import steps_of, usage_of
from executions.failures import FailureKind
from executions.models import Execution, ExecutionStatus
from executions.rendering import html_of
from executions.spending import Spending, dollars
from torale.admin import LongList, Lookup, Part, ReadOnly, as_uuid, shortened
from torale.admin_actions import RecordPage
from torale.admin_times import TimeFilter

COLORS = {
    ExecutionStatus.SUCCESS: "success",
    ExecutionStatus.RETRYING: "warning",
    ExecutionStatus.RUNNING: "info",
    ExecutionStatus.FAILED: "danger",
}
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
class ExecutionAdmin(ReadOnly, RecordPage, LongList):
    """Shows what was asked and answered; nobody can add or change an execution here."""

    record_template = "executions/admin/execution.html"
    list_display = [
        "created",
        "short_task",
        "colored_status",
        "has_notification",
        "took",
        "error",
    ]
    list_filter = [
        "status",
        FailedFilter,
        ("notification", admin.EmptyFieldListFilter),
        ("created_at", TimeFilter),
    ]
    list_select_related = ["task"]
    search_fields = search_ids = ["id", "task"]
    search_help_text = "The id of an execution or a task"
    ordering = ["-created_at", "-id"]
    sortable_by = ["created"]  # only this has an index

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

    def record_context(self, request: HttpRequest, row: Execution) -> dict[str, Any]:
        """Return what was found, for people."""
        result = row.result if isinstance(row.result, dict) else {}
        return {
            "title": f"Execution of {row.created_at:%Y-%m-%d %H:%M:%S}",
            "color": COLORS.get(ExecutionStatus(row.status), ""),
            "finding": html_of(row.notification or ""),
            "result": result,
            "steps": steps_of(result),
            "usage": usage_of(result),
            "took": self.took(row),
            "rows": [row],  # the tag that finds sends takes several executions
        }

    @admin.display(description="created (UTC)", ordering="created_at")
    def created(self, execution: Execution) -> str:
        """Return when it was created, on one line."""
        return f"{execution.created_at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="task")
    def short_task(self, execution: Execution) -> str:
        """Return the task's name, with a link to the task's page."""
        href = reverse("admin:tasks_task_change", args=[execution.task_id])
        return shortened(str(execution.task), width="18rem", href=href)

    @display(description="status", label=COLORS)  # type: ignore[untyped-decorator]
    def colored_status(self, execution: Execution) -> tuple[str, str]:
        """Return the status and its label."""
        return execution.status, execution.get_status_display()

    @admin.display(description="took", empty_value="-")
    def took(self, execution: Execution) -> str | None:
        """Return how long the last attempt took."""
        if execution.completed_at is None:
            return None
        return f"{(execution.completed_at - execution.started_at).total_seconds():.1f} s"

    @admin.display(description="error", empty_value="-")
    def error(self, execution: Execution) -> str | None:
        """Return what went wrong, shortened."""
        message = execution.error_message
        return shortened(message, width="20rem") if message else None

    @admin.display(boolean=True, description="condition met")
    def has_notification(self, execution: Execution) -> bool:
        """Return whether the condition was met."""
        return execution.notification is not None


@admin.register(Spending)
class SpendingAdmin(ReadOnly, LongList):
    """Shows what each user's questions took of the language model in each month."""

    list_display = ["shown_month", "short_user", "cost", "shown_tokens", "unpriced", "run_count"]
    list_filter = ["month"]
    list_select_related = ["user"]
    search_fields = ["user__email"]
    search_ids = ["user"]
    search_help_text = "Part of a user's email; or a user's id"
    ordering = ["-month", "-id"]
    sortable_by = ["shown_month"]  # only this has an index

    @admin.display(description="month (UTC)", ordering="month")
    def shown_month(self, spending: Spending) -> str:
        """Return the month."""
        return str(spending)

    @admin.display(description="user")
    def short_user(self, spending: Spending) -> str:
        """Return the user's email, with a link to the user's page."""
        href = reverse("admin:accounts_user_change", args=[spending.user_id])
        return shortened(spending.user.email, width="18rem", href=href)

    @admin.display(description="cost")
    def cost(self, spending: Spending) -> str:
        """Return what it cost as far as prices are known."""
        return dollars(spending.usd)

    @admin.display(description="tokens")
    def shown_tokens(self, spending: Spending) -> str:
        """Return how many tokens were sent and received."""
        return f"{spending.tokens:,}"

    @admin.display(description="of unknown price")
    def unpriced(self, spending: Spending) -> str:
        """Return how many of the tokens have no known price."""
        return f"{spending.unpriced_tokens:,}"
