"""condition_met -> recorded sends."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from executions.models import Execution
from notifications.record import record_sends
from tasks.models import Task
from tasks.signals import condition_met


@receiver(condition_met, dispatch_uid="record_sends")
def record(*, task: Task, execution: Execution, now: datetime, **_: Any) -> None:
    """Record the sends in the transaction that stores the answer."""
    record_sends(task=task, execution=execution, now=now)
