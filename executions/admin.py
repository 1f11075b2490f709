"""Executions in the admin: read-only."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from executions.models import Execution
from torale.admin import ReadOnly


@admin.register(Execution)
class ExecutionAdmin(ReadOnly, ModelAdmin):
    """Shows what was asked and answered; nobody can add or change an execution here."""

    list_display = ["id", "task", "status", "has_notification", "created_at", "completed_at"]
    list_filter = ["status", ("notification", admin.EmptyFieldListFilter), "created_at"]
    list_select_related = ["task"]
    search_fields = ["=id", "=task__id"]
    ordering = ["-created_at", "-id"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Execution]:
        """Leave the long texts of the answers out of the list's query."""
        executions: QuerySet[Execution] = super().get_queryset(request)
        return executions.defer("result", "grounding_sources")

    @admin.display(boolean=True, description="condition met")
    def has_notification(self, execution: Execution) -> bool:
        """Return whether the condition was met."""
        return execution.notification is not None
