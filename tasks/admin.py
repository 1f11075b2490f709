"""Tasks in the admin. Their owners change them through the API; operators run and pause them."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from unfold.decorators import display

from executions.models import Execution
from tasks.destinations import shown_url
from tasks.models import State, Task, TaskQuerySet
from tasks.operate import Operated, move_all, run_all
from torale import clock
from torale.admin import LongList, ReadOnly, log_changes, shortened
from torale.admin_actions import RecordPage, ask_first

#: How many executions a task's page shows.
EXECUTIONS_ON_PAGE = 20
#: How many of the tasks that could not be changed a message names.
NAMED = 5
COLORS = {State.ACTIVE: "success", State.PAUSED: "warning", State.COMPLETED: ""}


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
class TaskAdmin(ReadOnly, RecordPage, LongList):
    """Tasks, with their owners and their next visits."""

    record_template = "tasks/admin/task.html"
    list_display = ["short_name", "owner", "colored_state", "next_visit", "trouble", "is_public"]
    list_filter = ["state", TroubleFilter, "is_public", "created_at"]
    list_select_related = ["user"]
    search_fields = ["name", "user__email"]
    search_ids = ["id", "user"]
    search_help_text = "Part of a name or of an owner's email; or an id"
    ordering = ["-id"]  # sorts by time of creation
    actions = ["run_now", "pause", "resume", "complete"]
    page_actions = {
        "run_now": "Run now",
        "pause": "Pause",
        "resume": "Resume",
        "complete": "Complete",
    }
    dangerous_actions = frozenset({"complete"})

    @admin.display(description="name")
    def short_name(self, task: Task) -> str:
        """Return the name, shortened."""
        return shortened(task.name, width="20rem")

    @admin.display(description="owner")
    def owner(self, task: Task) -> str:
        """Return the owner's email, shortened."""
        return shortened(task.user.email, width="13rem")

    @display(description="state", label=COLORS)  # type: ignore[untyped-decorator]
    def colored_state(self, task: Task) -> tuple[str, str]:
        """Return the state and its label."""
        return task.state, task.get_state_display()

    @admin.display(description="next visit (UTC)", empty_value="-", ordering="next_run_at")
    def next_visit(self, task: Task) -> str | None:
        """Return when the task is visited next."""
        return f"{task.next_run_at:%Y-%m-%d %H:%M}" if task.next_run_at else None

    @admin.display(description="trouble", empty_value="-")
    def trouble(self, task: Task) -> str | None:
        """Return how often the task has failed in a row, or else what it warns of."""
        count = task.failed_run_count
        if count:
            times = "once" if count == 1 else f"{count} times in a row"
            return shortened(f"failed {times}", width="14rem")
        texts = task.warning_texts
        return shortened(" ".join(texts), width="14rem") if texts else None

    def record_context(self, request: HttpRequest, row: Task) -> dict[str, Any]:
        """Return what the task watches, and its newest executions."""
        executions = Execution.objects.of_task(row.pk).defer("grounding_sources")
        newest = [*executions[: EXECUTIONS_ON_PAGE + 1]]
        url = row.webhook_url
        return {
            "color": COLORS[State(row.state)],
            # Header values are secrets shared with the receiver or the watched site, and so are
            # some URLs.
            "webhook_url": url and shown_url(url, format_=row.webhook_format),
            "executions": newest[:EXECUTIONS_ON_PAGE],
            "has_more": len(newest) > EXECUTIONS_ON_PAGE,
            "all_executions": f"{reverse('admin:executions_execution_changelist')}?q={row.pk}",
            "all_sends": reverse("admin:notifications_notificationsend_changelist")
            + f"?task_id__exact={row.pk}",
        }

    def applies(self, request: HttpRequest, action: str, row: Task) -> bool:
        """Offer the changes of state that the state allows."""
        is_active = row.state == State.ACTIVE
        return {"pause": is_active, "complete": is_active, "resume": not is_active}.get(
            action, True
        )

    def has_run_permission(self, request: HttpRequest) -> bool:
        """Whether the user may run any user's tasks."""
        return request.user.has_perm("tasks.run_task")

    def has_pause_permission(self, request: HttpRequest) -> bool:
        """Whether the user may pause any user's tasks."""
        return request.user.has_perm("tasks.pause_task")

    def has_resume_permission(self, request: HttpRequest) -> bool:
        """Whether the user may resume any user's tasks."""
        return request.user.has_perm("tasks.resume_task")

    def has_complete_permission(self, request: HttpRequest) -> bool:
        """Whether the user may complete any user's tasks."""
        return request.user.has_perm("tasks.complete_task")

    @admin.action(description="Run the selected tasks now", permissions=["run"])
    @ask_first("Run {rows} now?")
    @transaction.atomic
    def run_now(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:
        """Start an execution of each task of `queryset`; log each of them."""
        operated = run_all(tasks=_in_order(queryset), now=clock.now())
        self._report(request, operated, "Run now.", "Started")

    @admin.action(description="Pause the selected tasks", permissions=["pause"])
    @ask_first("Pause {rows}? They are not visited until they are resumed.")
    @transaction.atomic
    def pause(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:
        """Pause the tasks of `queryset`; log each of them."""
        operated = move_all(tasks=_in_order(queryset), state=State.PAUSED, now=clock.now())
        self._report(request, operated, "Paused.", "Paused")

    @admin.action(description="Resume the selected tasks", permissions=["resume"])
    @ask_first("Resume {rows}? They are visited at once.")
    @transaction.atomic
    def resume(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:
        """Make the tasks of `queryset` active again; log each of them."""
        operated = move_all(tasks=_in_order(queryset), state=State.ACTIVE, now=clock.now())
        self._report(request, operated, "Resumed.", "Resumed")

    @admin.action(description="Complete the selected tasks", permissions=["complete"])
    @ask_first("Complete {rows}? They are no longer visited.", about_one=True)
    @transaction.atomic
    def complete(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:
        """Complete the tasks of `queryset`; log each of them."""
        operated = move_all(tasks=_in_order(queryset), state=State.COMPLETED, now=clock.now())
        self._report(request, operated, "Completed.", "Completed")

    def _report(self, request: HttpRequest, operated: Operated, logged: str, did: str) -> None:
        done, refused = operated.done, operated.refused
        log_changes(request, done, logged)
        self.message_user(request, f"{did} {len(done)} of {len(done) + len(refused)} tasks.")
        for task, because in refused[:NAMED]:
            self.message_user(request, f"{task.name}: {because}", messages.WARNING)
        if len(refused) > NAMED:
            more = f"{len(refused) - NAMED} more tasks were left as they are, too."
            self.message_user(request, more, messages.WARNING)


def _in_order(tasks: QuerySet[Task]) -> QuerySet[Task]:
    """Return the tasks in one order, so that two operators do not wait for each other."""
    return Task.objects.filter(pk__in=[*tasks.values_list("pk", flat=True)]).order_by("pk")
