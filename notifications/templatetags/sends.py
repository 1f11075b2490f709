"""A tag that finds the sends of executions, for templates of apps below this one."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import template

from notifications.models import NotificationSend

register = template.Library()

#: The most sends that a page shows. An execution has few, unless a webhook was often switched off.
MOST = 200


@register.simple_tag
def with_sends(executions: Iterable[Any]) -> list[tuple[Any, list[NotificationSend]]]:
    """Return each execution with its sends, in their order; one query finds them for all."""
    listed = [*executions]
    found: dict[UUID, list[NotificationSend]] = defaultdict(list)
    sends = NotificationSend.objects.filter(execution_id__in=[each.pk for each in listed])
    for send in sends.select_related("endpoint").order_by("created_at", "id")[:MOST]:
        found[send.execution_id].append(send)
    return [(execution, found[execution.pk]) for execution in listed]
