"""Sends in the admin, where the record is only read."""

from itertools import product
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import SEARCH_VAR
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.lookups import Exact
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from notifications import search
from notifications.models import (
    Attempt,
    EmailSuppression,
    EventType,
    NotificationSend,
    NotificationType,
    SendStatus,
    WebhookEndpoint,
)
from notifications.models.send import KIND
from notifications.redeliver import redeliver_all
from torale import clock
from torale.admin import LongList, Lookup, Part, ReadOnly, as_uuid, log_changes

#: The colors of the statuses that deserve attention.
COLORS = {
    SendStatus.SENT: "success",
    SendStatus.DELIVERED: "success",
    SendStatus.RETRYING: "warning",
    SendStatus.FAILED: "danger",
    SendStatus.BOUNCED: "danger",
    SendStatus.COMPLAINED: "danger",
}

#: The columns that tell the kind of a send, in the order of KIND, and their values.
KINDS = {
    "status": SendStatus.values,
    "event_type": EventType.values,
    "notification_type": NotificationType.values,
}


class KindFilter(admin.ChoicesFieldListFilter):
    """A filter by a column of KIND, which without a search is all that the lookup needs."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        """Keep what matches; leave that to `lookup_of` without a search.

        With a condition on the column as well, PostgreSQL would expect few rows to meet both.
        """
        return super().queryset(request, queryset) if request.GET.get(SEARCH_VAR) else queryset


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
    per_page = 20


@admin.register(NotificationSend)
class NotificationSendAdmin(ReadOnly, LongList):
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
    list_filter = [*((name, KindFilter) for name in KINDS), "created_at"]
    list_select_related = ["user", "endpoint"]
    search_fields = ["recipient", "task_name", "user__email"]  # for the box; see lookup_of
    search_help_text = "Part of a recipient, a task's name or an owner's email; or an id"
    ordering = ["-created_at", "-id"]
    sortable_by = ["created_at"]  # only this has an index
    exclude = [
        "lease",
        "leased_until",
        "host",
        "earlier_attempt_count",
        "is_for_default_webhook",
        "recipient",  # the URL of a chat is a secret of its owner's
    ]
    readonly_fields = ["shown_recipient"]
    inlines = [AttemptInline]
    actions = ["redeliver"]

    @display(description="status", label=COLORS)  # type: ignore[untyped-decorator]
    def colored_status(self, send: NotificationSend) -> tuple[str, str]:
        """Return the status and its label."""
        return send.status, send.get_status_display()

    @admin.display(description="recipient")
    def shown_recipient(self, send: NotificationSend) -> str:
        """Return the recipient as an operator may see it."""
        return send.shown_recipient

    def lookup_of(self, request: HttpRequest, words: str) -> Lookup:
        """Return what the search finds, or without one, a part for each kind of send."""
        if words.strip():
            return self._search(request, words.strip())
        kinds = product(
            *(
                [value] if (value := request.GET.get(f"{name}__exact")) else values
                for name, values in KINDS.items()
            )
        )
        return Lookup([Part(Q(Exact(KIND, " ".join(kind)))) for kind in kinds])

    def _search(self, request: HttpRequest, words: str) -> Lookup:
        wanted = as_uuid(words)
        if wanted:
            return search.by_id(wanted)
        found = search.by_text(words)
        if found.is_cut:
            self.message_user(
                request,
                f"More than {search.MOST_MATCHES:,} users, tasks or recipients match “{words}”. "
                f"Only the sends of the newest {search.MOST_MATCHES:,} are shown.",
                messages.WARNING,
            )
        return found.lookup()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Leave the search to `lookup_of`."""
        return queryset, False

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
class WebhookEndpointAdmin(ReadOnly, LongList):
    """The URLs that webhooks go to, and whether they fail."""

    exclude = ["url"]  # the URL of a chat is a secret of its owner's
    readonly_fields = ["shown_url"]
    list_display = ["shown_url", "user", "failing_since", "switched_off_at", "switched_off_because"]
    list_filter = [
        ("failing_since", admin.EmptyFieldListFilter),
        ("switched_off_at", admin.EmptyFieldListFilter),
    ]
    list_select_related = ["user"]
    search_fields = ["url", "user__email"]
    search_help_text = "Part of a URL or of an owner's email; or an id"
    search_ids = ["public_id", "user"]
    ordering = ["-id"]
    actions = ["switch_on"]

    @admin.display(description="URL")
    def shown_url(self, endpoint: WebhookEndpoint) -> str:
        """Return the URL as an operator may see it."""
        return endpoint.shown_url

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search the part of each URL that is shown, and the owners' emails."""
        if not search_term or as_uuid(search_term):
            return queryset, False
        showing = Q(pk__in=WebhookEndpoint.objects.showing(search_term).values("pk"))
        return queryset.filter(showing | Q(user__email__icontains=search_term)), False

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
