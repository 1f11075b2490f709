"""Filters of the lists of tasks and of a task's executions."""

import django_filters

from executions.models import Execution, Status
from tasks.models import State, Task


class TaskFilterSet(django_filters.FilterSet):
    """Query parameters of the list of tasks."""

    state = django_filters.ChoiceFilter(choices=State.choices)

    class Meta:
        model = Task
        fields = ["state"]


class ExecutionFilterSet(django_filters.FilterSet):
    """Query parameters of a task's executions."""

    status = django_filters.ChoiceFilter(choices=Status.choices)

    class Meta:
        model = Execution
        fields = ["status"]
