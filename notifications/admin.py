"""Sends in the admin, where the record is only read."""

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from notifications.models import (
    Attempt,
    EmailSuppression,
    NotificationSend,
    SendStatus,
    WebhookEndpoint,
)
from notifications.redeliver import redeliver_all
from torale import clock
from torale.admin import ReadOnly, log_changes

#: The colors of the statuses that deserve attention.
COLORS = {
    SendStatus.SENT: "success",
    SendStatus.DELIVERED: "success",
    SendStatus.RETRYING: "warning",
    SendStatus.FAILED: "danger",
    SendStatus.BOUNCED: "danger",
    SendStatus.COMPLAINED: "danger",
}


class AttemptInline(ReadOnly, TabularInline):
    """The attempts of a send, and what the receiver answered."""

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
    """Who was notified, when, and with what result."""

    list_display = [
        "created_at",
        "colored_status",
        "event_type",
        "notification_type",
        "shown_recipient",
        "task_name",
        "user",
        "error_message",
    ]
    list_filter = ["status", "event_type", "notification_type", "created_at"]
    list_select_related = ["user", "endpoint"]
    search_fields = ["=id", "=recipient", "=task_id", "=user__email"]
    # Ids sort by time of creation; an index on created_at would serve this page only.
    ordering = ["-id"]
    show_full_result_count = False
    exclude = [
        "host",
        "earlier_attempt_count",
        "is_for_default_webhook",
        "recipient",  # the URL of a chat is a secret of its owner's
    ]
    readonly_fields = ["shown_recipient"]
    inlines = [AttemptInline]
    actions = ["redeliver"]

    @display(description="status", ordering="status", label=COLORS)  # type: ignore[untyped-decorator]
    def colored_status(self, send: NotificationSend) -> tuple[str, str]:
        """Return the status and its label."""
        return send.status, send.get_status_display()

    @admin.display(description="recipient", ordering="recipient")
    def shown_recipient(self, send: NotificationSend) -> str:
        """Return the recipient as an operator may see it."""
        return send.shown_recipient

    def has_redeliver_permission(self, request: HttpRequest) -> bool:
        """Whether the user may have sends delivered again."""
        return request.user.has_perm("notifications.redeliver_notificationsend")

    @admin.action(description="Deliver the selected sends again", permissions=["redeliver"])
    @transaction.atomic
    def redeliver(self, request: HttpRequest, queryset: QuerySet[NotificationSend]) -> None:
        """Queue those of `queryset` that have ended and can be delivered; log each of them."""
        selected = [*queryset.values_list("pk", flat=True)]
        # The rows are locked, so that those unfinished afterwards are the ones queued here. They
        # are found by id, as a filter by status no longer matches them then.
        ended = NotificationSend.objects.filter(pk__in=selected).finished().order_by("pk")
        ids = [*ended.select_for_update().values_list("pk", flat=True)]
        sends = NotificationSend.objects.filter(pk__in=ids)
        count = redeliver_all(sends=sends, now=clock.now())
        log_changes(request, sends.unfinished(), "Queued to be delivered again.")
        self.message_user(request, f"Queued {count} of {len(selected)} sends.")


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnly, ModelAdmin):
    """The URLs that webhooks go to, and whether they fail."""

    exclude = ["url"]  # the URL of a chat is a secret of its owner's
    readonly_fields = ["shown_url"]
    list_display = ["shown_url", "user", "failing_since", "switched_off_at", "switched_off_because"]
    list_filter = [
        ("failing_since", admin.EmptyFieldListFilter),
        ("switched_off_at", admin.EmptyFieldListFilter),
    ]
    list_select_related = ["user"]
    search_fields = ["url", "=user__email"]
    ordering = ["-id"]
    show_full_result_count = False
    actions = ["switch_on"]

    @admin.display(description="URL", ordering="url")
    def shown_url(self, endpoint: WebhookEndpoint) -> str:
        """Return the URL as an operator may see it."""
        return endpoint.shown_url

    def has_switch_on_permission(self, request: HttpRequest) -> bool:
        """Whether the user may switch webhooks on again."""
        return request.user.has_perm("notifications.switch_on_webhookendpoint")

    @admin.action(description="Switch the selected webhooks on again", permissions=["switch_on"])
    @transaction.atomic
    def switch_on(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        """Switch on those of `queryset` that are off, and log each of them."""
        selected = [*queryset.values_list("pk", flat=True)]
        endpoints = WebhookEndpoint.objects.filter(pk__in=selected).switched_off()
        off = [*endpoints.order_by("pk").select_for_update()]
        WebhookEndpoint.objects.filter(pk__in=[endpoint.pk for endpoint in off]).switch_on()
        log_changes(request, off, "Switched on again.")
        self.message_user(request, f"Switched on {len(off)} of {len(selected)} webhooks.")


@admin.register(EmailSuppression)
class EmailSuppressionAdmin(ModelAdmin):
    """Addresses that get no more mail; deleting one lets mail through again."""

    list_display = ["address", "reason", "created_at"]
    list_filter = ["reason"]
    search_fields = ["address"]
    ordering = ["-created_at"]
    show_full_result_count = False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """An entry is made or deleted, never edited."""
        return False
