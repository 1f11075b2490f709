"""Filters of the lists of sends and of deliveries, and of the statistics of sends."""

from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import Any
from uuid import UUID

import django_filters
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone
from rest_framework.exceptions import NotFound

from accounts.authentication import caller
from notifications.models import Attempt, EventType, NotificationSend, NotificationType, SendStatus
from tasks.models import Task
from torale.api.filters import ChoiceFilter, IdFilter, TimeFilter

#: The time range of statistics, unless another one is given.
USUAL_RANGE = timedelta(days=30)
#: The longest time range, as all sends in it are read.
LONGEST_RANGE = timedelta(days=366)


class SendFilterSet(django_filters.FilterSet):
    """Query parameters of the list of sends."""

    notification_type = ChoiceFilter(
        choices=NotificationType.choices, help_text="Only sends by this channel."
    )
    task_id = IdFilter(help_text="Only sends of this task.")
    status = ChoiceFilter(choices=SendStatus.choices, help_text="Only sends in this status.")
    execution_id = IdFilter(help_text="Only sends of this execution.")
    event_type = ChoiceFilter(
        choices=EventType.choices, help_text="Only sends with this event type."
    )
    recipient = django_filters.CharFilter(
        help_text="Only sends to exactly this email address or URL."
    )
    created_after = TimeFilter(
        "created_at", "gte", help_text="Only sends that were recorded at this time or later."
    )
    created_before = TimeFilter(
        "created_at", "lt", help_text="Only sends that were recorded before this time."
    )

    class Meta:
        model = NotificationSend
        fields = [
            "notification_type",
            "task_id",
            "status",
            "execution_id",
            "event_type",
            "recipient",
        ]


def lookups(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `QuerySet.filter` takes to keep the sends that match all that is given.

    Args:
        given: valid values, by the names of SendFilterSet's filters.
    """
    filters = SendFilterSet.base_filters
    return {
        f"{filters[name].field_name}__{filters[name].lookup_expr}": value
        for name, value in given.items()
    }


class DeliveryFilterSet(django_filters.FilterSet):
    """Query parameters of the list of deliveries."""

    task_id = IdFilter("send__task_id", method="of_task", help_text="Only attempts for this task.")

    class Meta:
        model = Attempt
        fields = ["task_id"]

    def of_task(self, attempts: QuerySet[Attempt], name: str, task_id: UUID) -> QuerySet[Attempt]:
        """Keep the attempts for a task of the caller's.

        Raises:
            NotFound: the caller never had such a task. One that was deleted is known by its sends.
        """
        user = caller(self.request)
        own = Task.objects.for_user(user).filter(pk=task_id)
        sends = NotificationSend.objects.for_user(user).filter(task_id=task_id)
        if not (own.exists() or sends.exists()):
            raise NotFound
        # Ordered by the day first, as the index of a task's sends is.
        day = TruncDate("send__created_at", tzinfo=UTC).desc()
        return attempts.filter(**{name: task_id}).order_by(day, *attempts.query.order_by)


def in_time_range(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with both ends of a time range: until now, and from 30 days before its end.

    Args:
        given: valid values, by the names of SendFilterSet's filters.

    Raises:
        ValidationError: there is no such time range, or it is too long.
    """
    before = given.get("created_before") or timezone.now()
    try:
        after = given.get("created_after") or before - USUAL_RANGE
    except OverflowError as error:  # from the beginning of the calendar
        fault = {"created_before": "Nothing was sent at that time."}
        raise ValidationError(fault) from error
    if before - after > LONGEST_RANGE:
        days = LONGEST_RANGE.days
        raise ValidationError({"created_after": f"The time range may have at most {days} days."})
    return {**given, "created_after": after, "created_before": before}
