"""Tasks in the admin: read-only; their owners change them over the API."""

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from tasks.models import Task


@admin.register(Task)
class TaskAdmin(ModelAdmin):
    """What is watched, for whom, and when next."""

    list_display = ["name", "user", "state", "next_run_at", "is_public", "created_at"]
    list_filter = ["state", "is_public", "created_at"]
    list_select_related = ["user"]
    search_fields = ["name", "=id", "=user__email"]
    ordering = ["-created_at", "-id"]
    show_full_result_count = False
    # Header values are secrets of the receiver's.
    exclude = ["webhook_headers"]

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Tasks are made over the API, where their rules are checked."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Task | None = None) -> bool:  # noqa: ARG002
        """Tasks are changed over the API."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Task | None = None) -> bool:  # noqa: ARG002
        """Tasks are deleted over the API."""
        return False
