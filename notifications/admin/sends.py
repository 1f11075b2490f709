"""Sends in the admin, where the record is only read."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from notifications import search
from notifications.admin.filters import Filters, KindFilter, TaskFilter, within_days
from notifications.admin.timeline import timeline_of
from notifications.give_up import give_up_all
from notifications.models import UNFINISHED, NotificationSend, SendStatus
from notifications.newest import KINDS, of_kinds
from notifications.redeliver import redeliver_all
from tasks.models import Task
from torale import clock
from torale.admin import (
    LongChangeList,
    LongList,
    Lookup,
    Part,
    ReadOnly,
    Total,
    as_uuid,
    log_changes,
    shortened,
)
from torale.admin_actions import RecordPage, ask_first
from torale.admin_times import TimeFilter

#: The colors of the statuses that deserve attention.
COLORS = {
    SendStatus.SENT: "success",
    SendStatus.DELIVERED: "success",
    SendStatus.RETRYING: "warning",
    SendStatus.FAILED: "danger",
    SendStatus.BOUNCED: "danger",
    SendStatus.COMPLAINED: "danger",
}


class SendChangeList(LongChangeList):
    """The list of sends. Some of their indexes are in the order of days."""

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet[Any]:
        """Return the rows that match, and let the lookup read no more days than it needs."""
        rows = super().get_queryset(request, exclude_parameters)
        parts = [within_days(part, self.times) for part in self.lookup.parts]
        self.lookup = Lookup(parts, by_id=self.lookup.by_id)
        return rows


@admin.register(NotificationSend)
class NotificationSendAdmin(ReadOnly, RecordPage, LongList):
    """Who was notified, when, and with what result."""

    record_template = "notifications/admin/send.html"
    list_display = [
        "recorded",
        "colored_status",
        "event",
        "short_recipient",
        "task",
        "owner",
        "error",
    ]
    list_filter = [
        *((name, KindFilter) for name in KINDS),
        ("task_id", TaskFilter),
        ("user", AutocompleteSelectFilter),
        ("created_at", TimeFilter),
    ]
    list_select_related = ["user", "endpoint"]
    search_fields = ["recipient", "task_name", "user__email"]  # for the box; see lookup_of
    search_help_text = "Part of a recipient, a task's name or an owner's email; or an id"
    ordering = ["-created_at", "-id"]
    sortable_by = ["recorded"]  # only this has an index
    actions = ["redeliver", "give_up"]
    page_actions = {"redeliver": "Deliver again", "give_up": "Give up"}
    dangerous_actions = frozenset({"give_up"})
    actions_on_all = {"redeliver": "Deliver all {} again"}

    @admin.display(description="recorded (UTC)", ordering="created_at")
    def recorded(self, send: NotificationSend) -> str:
        """Return when it was recorded, on one line."""
        return f"{send.created_at:%Y-%m-%d %H:%M:%S}"

    @display(description="status", label=COLORS)  # type: ignore[untyped-decorator]
    def colored_status(self, send: NotificationSend) -> tuple[str, str]:
        """Return the status and its label."""
        return send.status, send.get_status_display()

    @admin.display(description="event")
    def event(self, send: NotificationSend) -> str:
        """Return what it tells, and by which channel."""
        told = send.event_type.partition(".")[2].replace("_", " ")
        return f"{told} · {send.notification_type}"

    @admin.display(description="recipient")
    def short_recipient(self, send: NotificationSend) -> str:
        """Return the recipient as an operator may see it, shortened."""
        return shortened(send.shown_recipient, width="9.5rem")

    @admin.display(description="task")
    def task(self, send: NotificationSend) -> str:
        """Return the task's name, with a link to the task's sends."""
        name = send.task_name or str(send.task_id)
        return shortened(name, width="9rem", href=f"?task_id__exact={send.task_id}")

    @admin.display(description="owner")
    def owner(self, send: NotificationSend) -> str:
        """Return the owner's email, with a link to the owner's sends."""
        return shortened(send.user.email, width="8.5rem", href=f"?user__id__exact={send.user_id}")

    @admin.display(description="error")
    def error(self, send: NotificationSend) -> str:
        """Return what went wrong, shortened."""
        return shortened(send.error_message, width="8.5rem") if send.error_message else "-"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[SendChangeList]:
        """Return the list that reads only the days that are asked for."""
        return SendChangeList

    def lookup_of(self, request: HttpRequest, words: str) -> Lookup:
        """Return how to find what matches the search or the filters by task, owner and kind."""
        filters = Filters.of(request)
        if words.strip():
            return self._search(request, words.strip(), filters)
        if filters.task:
            return search.of_task(filters.task)
        if filters.owner:
            return search.of_user(filters.owner, filters.kinds)
        return Lookup([Part(kind) for kind in of_kinds(filters.kinds)])

    def _search(self, request: HttpRequest, words: str, filters: Filters) -> Lookup:
        wanted = as_uuid(words)
        if wanted:
            if filters.task:
                return search.of_task(filters.task, search.any_id(wanted))
            return search.by_id(wanted)
        owner = search.owner_of(filters.task) if filters.task else filters.owner
        found = search.by_text(words, owner=owner)
        if found.is_cut:
            self.message_user(
                request,
                f"More than {search.MOST_MATCHES:,} users, tasks or recipients match “{words}”. "
                f"Only the sends of the newest {search.MOST_MATCHES:,} are shown.",
                messages.WARNING,
            )
        if filters.task and owner:
            return found.of_task(filters.task, owner)
        if [owner] == found.users:
            return search.of_user(found.users[0], filters.kinds)
        return found.lookup()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Leave the search to `lookup_of`."""
        return queryset, False

    def total_of(self, request: HttpRequest, changelist: LongChangeList) -> Total | None:
        """Return how many sends match, if the counts tell."""
        if changelist.query:
            return None
        return Filters.of(request).total(changelist.times)

    def record_context(self, request: HttpRequest, row: NotificationSend) -> dict[str, Any]:
        """Return the timeline of a send, and what belongs to it."""
        return {
            "title": f"{row.get_notification_type_display()} to {row.shown_recipient}",
            "timeline": timeline_of(row, before=request.GET.get("before", "")),
            "color": COLORS.get(SendStatus(row.status), ""),
            "has_task": Task.objects.filter(pk=row.task_id).exists(),
            "siblings": NotificationSend.objects.filter(execution_id=row.execution_id)
            .exclude(pk=row.pk)
            .select_related("endpoint")
            .newest_first()[:20],
            "sends_of_task": f"{_list()}?task_id__exact={row.task_id}",
            "sends_of_owner": f"{_list()}?user__id__exact={row.user_id}",
        }

    def applies(self, request: HttpRequest, action: str, row: NotificationSend) -> bool:
        """Offer to give up a send that has not ended, and to deliver again one that has."""
        return (row.status in UNFINISHED) == (action == "give_up")

    def has_redeliver_permission(self, request: HttpRequest) -> bool:
        """Whether the user may have sends delivered again."""
        return request.user.has_perm("notifications.redeliver_notificationsend")

    def has_give_up_permission(self, request: HttpRequest) -> bool:
        """Whether the user may end sends that have not been delivered."""
        return request.user.has_perm("notifications.give_up_notificationsend")

    @admin.action(description="Deliver the selected sends again", permissions=["redeliver"])
    @ask_first("Deliver {rows} again?", about_one=True)
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

    @admin.action(description="Give up on the selected sends", permissions=["give_up"])
    @ask_first("Give up on {rows}? They end as failed.", about_one=True)
    @transaction.atomic
    def give_up(self, request: HttpRequest, queryset: QuerySet[NotificationSend]) -> None:
        """End those of `queryset` that are queued or retrying; log each of them."""
        selected = [*queryset.values_list("pk", flat=True)]
        ended = give_up_all(sends=NotificationSend.objects.filter(pk__in=selected))
        log_changes(request, ended, "Given up.")
        self.message_user(request, f"Gave up on {len(ended)} of {len(selected)} sends.")


def _list() -> str:
    return reverse("admin:notifications_notificationsend_changelist")
