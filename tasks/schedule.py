"""Claim the tasks whose visit is due and start them; pick up what a dead worker left."""

from datetime import datetime, timedelta

from django.db import transaction

from executions.models import Execution
from tasks.models import FALLBACK_INTERVAL, Task
from tasks.run import wake

#: Tasks started in one transaction: large enough to keep up, small enough to hold locks briefly.
BATCH = 200
#: How long past its time an execution may wait before its job is taken for lost.
LOST_AFTER = timedelta(minutes=1)


@transaction.atomic
def start_due(*, now: datetime) -> int:
    """Start up to BATCH due tasks and return how many were due.

    Tasks are locked while they are started, so that two schedulers share them. The next visit is
    set a day away at once: should all that follows be lost, the task is late but not forgotten. A
    task that is being asked already is only put off; its answer sets the next visit. So is one of a
    user who is switched off.
    """
    due = list(
        Task.objects.due(now)
        .select_related("user")
        .order_by("next_run_at")
        .select_for_update(skip_locked=True, of=("self",))[:BATCH]
    )
    busy = set(Execution.objects.open().filter(task__in=due).values_list("task_id", flat=True))
    for execution in Execution.objects.bulk_create(
        Execution(task=task, created_at=now, started_at=now, next_attempt_at=now)
        for task in due
        if task.pk not in busy and task.user.is_active
    ):
        wake(execution)
    Task.objects.filter(pk__in=[task.pk for task in due]).update(
        next_run_at=now + FALLBACK_INTERVAL
    )
    return len(due)


def recover(*, now: datetime) -> int:
    """Wake executions that no worker has in hand any more; return how many.

    Those are the ones left `running` by a worker that died, and those whose job was lost.
    """
    stuck = Execution.objects.open().claimable(now - LOST_AFTER).order_by("created_at")[:BATCH]
    for execution in stuck:
        wake(execution)
    return len(stuck)
