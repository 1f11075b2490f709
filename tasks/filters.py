"""Filters of the lists of tasks and of a task's executions."""

import django_filters

from executions.models import Execution, ExecutionStatus
from tasks.models import State, Task, TaskQuerySet
from torale.api.filters import ChoiceFilter, FlagFilter


class TaskFilterSet(django_filters.FilterSet):
    """Query parameters of the list of tasks."""

    state = ChoiceFilter(choices=State.choices, help_text="Only tasks in this state.")
    active = FlagFilter(
        label="Active",
        method="filter_active",
        help_text="`true`: only active tasks. `false`: only paused and completed ones.",
    )
    #: The name that the official SDK uses.
    is_active = FlagFilter(
        label="Is active", method="filter_active", help_text="The same as `active`."
    )

    class Meta:
        model = Task
        fields = ["state"]

    def filter_active(self, tasks: TaskQuerySet, _name: str, value: bool) -> TaskQuerySet:  # noqa: FBT001 - django-filter passes it by position
        """Keep the active tasks, or those that are not active."""
        return tasks.active() if value else tasks.exclude(state=State.ACTIVE)


class ExecutionFilterSet(django_filters.FilterSet):
    """Query parameters of a task's executions."""

    status = ChoiceFilter(
        choices=ExecutionStatus.choices, help_text="Only executions in this status."
    )

    class Meta:
        model = Execution
        fields = ["status"]
