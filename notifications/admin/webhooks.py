"""Webhooks in the admin: whether they fail, and what they answered last."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from unfold.decorators import display

from notifications.last_answers import attach_last_answers
from notifications.models import WebhookEndpoint
from torale import clock
from torale.admin import LongChangeList, LongList, ReadOnly, as_uuid, log_changes, shortened
from torale.admin_actions import RecordPage, ask_first


class EndpointChangeList(LongChangeList):
    """A list of webhooks with their last answers."""

    def get_results(self, request: HttpRequest) -> None:
        """Find the page's rows, and what each answered last."""
        super().get_results(request)
        rows: list[Any] = [*self.result_list]
        self.result_list = attach_last_answers(rows)


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnly, RecordPage, LongList):
    """The URLs that webhooks go to, and whether they fail."""

    record_template = "notifications/admin/webhook.html"
    list_display = [
        "short_url",
        "owner",
        "state",
        "failing",
        "last_answer",
        "last_answered_at",
    ]
    list_filter = [
        ("failing_since", admin.EmptyFieldListFilter),
        ("switched_off_at", admin.EmptyFieldListFilter),
    ]
    list_select_related = ["user"]
    search_fields = ["url", "user__email"]
    search_help_text = "Part of a URL or of an owner's email; or an id"
    search_ids = ["public_id", "user"]
    ordering = ["-id"]
    actions = ["switch_on", "switch_off"]
    page_actions = {"switch_on": "Switch on", "switch_off": "Switch off"}
    dangerous_actions = frozenset({"switch_off"})

    @admin.display(description="URL")
    def short_url(self, endpoint: WebhookEndpoint) -> str:
        """Return the URL as an operator may see it; a chat's is its owner's secret."""
        return shortened(endpoint.shown_url, width="15rem")

    @admin.display(description="owner")
    def owner(self, endpoint: WebhookEndpoint) -> str:
        """Return the owner's email."""
        return shortened(endpoint.user.email, width="8.5rem")

    @display(  # type: ignore[untyped-decorator]
        description="state", label={"on": "success", "failing": "danger", "off": ""}
    )
    def state(self, endpoint: WebhookEndpoint) -> tuple[str, str]:
        """Return whether it works, fails or is switched off."""
        state = "off" if endpoint.switched_off_at else "failing" if endpoint.failing_since else "on"
        return state, state

    @admin.display(description="failing since (UTC)", empty_value="-")
    def failing(self, endpoint: WebhookEndpoint) -> str | None:
        """Return since when all attempts have failed."""
        since = endpoint.failing_since
        return f"{since:%Y-%m-%d %H:%M}" if since else None

    @admin.display(description="last answer", empty_value="-")
    def last_answer(self, endpoint: WebhookEndpoint) -> str | None:
        """Return what came of the last attempt."""
        attempt = endpoint.last_attempt
        if attempt is None:
            return None
        href = reverse("admin:notifications_notificationsend_change", args=[attempt.send_id])
        text = attempt.error_message or f"{attempt.response_status or 'Accepted'}"
        return shortened(text, width="13rem", href=href)

    @admin.display(description="answered at (UTC)", empty_value="-")
    def last_answered_at(self, endpoint: WebhookEndpoint) -> str | None:
        """Return when the last attempt ended."""
        attempt = endpoint.last_attempt
        return f"{attempt.ended_at:%Y-%m-%d %H:%M:%S}" if attempt else None

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[EndpointChangeList]:
        """Return the list that shows the last answers."""
        return EndpointChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search the part of each URL that is shown, and the owners' emails."""
        if not search_term or as_uuid(search_term):
            return queryset, False
        showing = Q(pk__in=WebhookEndpoint.objects.showing(search_term).values("pk"))
        return queryset.filter(showing | Q(user__email__icontains=search_term)), False

    def record_context(self, request: HttpRequest, row: WebhookEndpoint) -> dict[str, Any]:
        """Return the last answer, and where the webhook's sends are listed."""
        [row] = attach_last_answers([row])
        sends = reverse("admin:notifications_notificationsend_changelist")
        answered = row.last_attempt.response_body if row.last_attempt else None
        return {
            "sends": f"{sends}?user__id__exact={row.user_id}&notification_type__exact=webhook",
            "response_body": row.without_secrets(answered or ""),
        }

    def applies(self, request: HttpRequest, action: str, row: WebhookEndpoint) -> bool:
        """Offer to switch on what is off, and to switch off what is on."""
        return (action == "switch_on") == (row.switched_off_at is not None)

    def has_switch_on_permission(self, request: HttpRequest) -> bool:
        """Whether the user may switch webhooks on again."""
        return request.user.has_perm("notifications.switch_on_webhookendpoint")

    def has_switch_off_permission(self, request: HttpRequest) -> bool:
        """Whether the user may switch webhooks off."""
        return request.user.has_perm("notifications.switch_off_webhookendpoint")

    @admin.action(description="Switch the selected webhooks on again", permissions=["switch_on"])
    @ask_first("Switch {rows} on again?")
    @transaction.atomic
    def switch_on(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        """Switch on those of `queryset` that are off, and log each of them."""
        selected = [*queryset.values_list("pk", flat=True)]
        endpoints = WebhookEndpoint.objects.filter(pk__in=selected).switched_off()
        off = [*endpoints.order_by("pk").select_for_update()]
        WebhookEndpoint.objects.filter(pk__in=[endpoint.pk for endpoint in off]).switch_on()
        log_changes(request, off, "Switched on again.")
        self.message_user(request, f"Switched on {len(off)} of {len(selected)} webhooks.")

    @admin.action(description="Switch the selected webhooks off", permissions=["switch_off"])
    @ask_first("Switch {rows} off? Nothing is sent to them until they are switched on again.")
    @transaction.atomic
    def switch_off(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        """Switch off those of `queryset` that are on, and log each of them."""
        selected = [*queryset.values_list("pk", flat=True)]
        endpoints = WebhookEndpoint.objects.filter(pk__in=selected, switched_off_at=None)
        on = [*endpoints.order_by("pk").select_for_update()]
        ids = [endpoint.pk for endpoint in on]
        WebhookEndpoint.objects.filter(pk__in=ids).switch_off_by_operator(now=clock.now())
        log_changes(request, on, "Switched off.")
        self.message_user(request, f"Switched off {len(on)} of {len(selected)} webhooks.")
