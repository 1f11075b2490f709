"""Tasks in the admin, read-only. Their owners change them through the API."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from tasks.destinations import shown_url
from tasks.models import Task, TaskQuerySet
from torale import clock
from torale.admin import LongList, ReadOnly


class TroubleFilter(admin.SimpleListFilter):
    """A filter for tasks that are in trouble."""

    title = "trouble"
    parameter_name = "trouble"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the kinds of trouble."""
        return [("failing", "failing"), ("overdue", "overdue")]

    def queryset(self, request: HttpRequest, queryset: Any) -> TaskQuerySet:
        """Keep the tasks in the chosen trouble."""
        tasks: TaskQuerySet = queryset
        match self.value():
            case "failing":
                return tasks.failing()
            case "overdue":
                return tasks.with_overdue_visit(clock.now())
        return tasks


@admin.register(Task)
class TaskAdmin(ReadOnly, LongList):
    """Tasks, with their owners and their next visits."""

    list_display = ["name", "user", "state", "next_run_at", "is_public", "created_at"]
    list_filter = ["state", TroubleFilter, "is_public", "created_at"]
    list_select_related = ["user"]
    search_fields = ["name", "user__email"]
    search_ids = ["id", "user"]
    search_help_text = "Part of a name or of an owner's email; or an id"
    ordering = ["-id"]  # sorts by time of creation
    # Header values are secrets shared with the receiver or the watched site, and so are some URLs.
    exclude = ["webhook_headers", "webhook_url", "request_headers", "warnings"]
    readonly_fields = ["shown_webhook_url", "shown_warnings"]

    @admin.display(description="warnings", empty_value="-")
    def shown_warnings(self, task: Task) -> str | None:
        """Return the warnings that stand, one on a line."""
        return "\n".join(task.warning_texts) or None

    @admin.display(description="webhook URL", empty_value="-")
    def shown_webhook_url(self, task: Task) -> str | None:
        """Return the webhook's URL as an operator may see it."""
        url = task.webhook_url
        return url and shown_url(url, format_=task.webhook_format)
