"""Sends in the admin: the record is read, never written."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from notifications.models import (
    Attempt,
    EmailSuppression,
    NotificationSend,
    Status,
    WebhookEndpoint,
)
from notifications.redeliver import redeliver_all
from torale import clock

#: Of the labels; what needs no look has none.
COLORS = {
    Status.SENT: "success",
    Status.DELIVERED: "success",
    Status.RETRYING: "warning",
    Status.FAILED: "danger",
    Status.BOUNCED: "danger",
    Status.COMPLAINED: "danger",
}


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
        "colored_status",
        "notification_type",
        "recipient",
        "task",
        "user",
        "error_message",
    ]
    list_filter = ["status", "notification_type", "created_at"]
    list_select_related = ["user", "task"]
    search_fields = ["=id", "=recipient", "=task__id", "=user__email"]
    # Ids sort by creation; an index on created_at alone would serve this page only.
    ordering = ["-id"]
    show_full_result_count = False
    exclude = ["lease", "leased_until", "host", "earlier_attempt_count"]
    inlines = [AttemptInline]
    actions = ["redeliver"]

    @display(description="status", ordering="status", label=COLORS)  # type: ignore[untyped-decorator]
    def colored_status(self, send: NotificationSend) -> tuple[str, str]:
        """Return the status and what is shown for it."""
        return send.status, send.get_status_display()

    @admin.action(description="Deliver the selected sends again", permissions=["view"])
    def redeliver(self, request: HttpRequest, queryset: QuerySet[NotificationSend]) -> None:
        """Queue those of `queryset` that have ended and can be delivered."""
        sends = NotificationSend.objects.filter(pk__in=queryset.values("pk"))
        count = redeliver_all(sends=sends, now=clock.now())
        self.message_user(request, f"Queued {count} of {queryset.count()} sends.")


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnly, ModelAdmin):
    """Where webhooks go and how that has fared."""

    list_display = ["url", "user", "failing_since", "switched_off_at", "switched_off_because"]
    list_filter = [
        ("failing_since", admin.EmptyFieldListFilter),
        ("switched_off_at", admin.EmptyFieldListFilter),
    ]
    list_select_related = ["user"]
    search_fields = ["url", "=user__email"]
    ordering = ["-id"]
    show_full_result_count = False
    actions = ["switch_on"]

    @admin.action(description="Switch the selected webhooks on again", permissions=["view"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        """Let those of `queryset` that are off have webhooks again."""
        endpoints = WebhookEndpoint.objects.filter(pk__in=queryset.values("pk"))
        self.message_user(request, f"Switched {endpoints.switch_on()} webhooks on.")


@admin.register(EmailSuppression)
class EmailSuppressionAdmin(ModelAdmin):
    """Addresses that get no more mail; deleting one lets mail through again."""

    list_display = ["address", "reason", "created_at"]
    list_filter = ["reason"]
    search_fields = ["address"]
    ordering = ["-created_at"]
    show_full_result_count = False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        """An entry is made or deleted, never edited."""
        return False
