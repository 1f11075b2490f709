"""Filters of the list of sends."""

import django_filters

from notifications.models import NotificationSend, NotificationType, Status


class SendFilterSet(django_filters.FilterSet):
    """Query parameters of the list of sends."""

    notification_type = django_filters.ChoiceFilter(choices=NotificationType.choices)
    task_id = django_filters.UUIDFilter()
    status = django_filters.ChoiceFilter(choices=Status.choices)
    execution_id = django_filters.UUIDFilter()
    recipient = django_filters.CharFilter()
    created_after = django_filters.IsoDateTimeFilter("created_at", "gte")
    created_before = django_filters.IsoDateTimeFilter("created_at", "lt")

    class Meta:
        model = NotificationSend
        fields = ["notification_type", "task_id", "status", "execution_id", "recipient"]
