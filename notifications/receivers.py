"""Record what the tasks app tells, in the transaction that tells it."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from executions.models import Execution
from notifications.channels.email import address_of_notices
from notifications.models import EventType
from notifications.notices import record_notice
from notifications.record import record_sends
from tasks.events import Event, Notice
from tasks.models import Task
from tasks.signals import told


@receiver(told, dispatch_uid="record")
def record(
    *,
    event: Event,
    task: Task,
    execution: Execution,
    notice: Notice | None,
    now: datetime,
    **_: Any,
) -> None:
    """Record the sends that an event leads to."""
    if notice is None:
        record_sends(task=task, execution=execution, now=now)
    else:
        record_notice(
            EventType(event),
            notice,
            user=task.user,
            recipient=address_of_notices(task),
            task_id=task.pk,
            task_name=task.name,
            execution_id=execution.pk,
            now=now,
        )
