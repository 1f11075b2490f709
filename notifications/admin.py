"""Sends in the admin: the record is read, never written."""

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from notifications.models import Attempt, NotificationSend


class ReadOnly:
    """Lets nobody add, change or delete: a record that can be edited proves nothing."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        """Nobody may."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        """Nobody may."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        """Nobody may."""
        return False


class AttemptInline(ReadOnly, TabularInline):
    """What was tried and what the other side said."""

    model = Attempt
    fields = [
        "number",
        "status",
        "started_at",
        "duration_ms",
        "response_status",
        "error_message",
        "response_body",
    ]
    ordering = ["number"]


@admin.register(NotificationSend)
class NotificationSendAdmin(ReadOnly, ModelAdmin):
    """Who was told, when, and how it went."""

    list_display = [
        "created_at",
        "notification_type",
        "recipient",
        "status",
        "error_message",
        "user",
        "task",
        "attempt_count",
    ]
    list_filter = ["status", "notification_type", "created_at"]
    list_select_related = ["user", "task"]
    search_fields = ["=id", "=recipient", "=task__id", "=user__email"]
    ordering = ["-created_at", "-id"]
    show_full_result_count = False
    exclude = ["lease", "leased_until"]
    inlines = [AttemptInline]
