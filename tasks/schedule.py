"""Start the tasks whose visit is due, and recover the executions of dead workers."""

from collections.abc import Sequence
from datetime import datetime

import structlog
from django.db import DatabaseError, transaction

from executions.failures import FailureKind
from executions.models import Execution, ExecutionStatus
from tasks.models import Task
from tasks.next_visit import LONGEST_WAIT
from tasks.run import WAKE_UP, tell_failure
from torale.database import wake
from torale.trouble import is_trouble

logger = structlog.get_logger(__name__)

#: How many tasks one transaction starts: enough to keep up, few enough to hold locks briefly.
TASKS_AT_ONCE = 200
#: The error that the owner sees if a visit could not be started at all.
NOT_STARTED = "The visit could not be started; the details are in the server's log."


@transaction.atomic
def start_due(*, now: datetime) -> int:
    """Start up to TASKS_AT_ONCE due tasks and return how many were due.

    Tasks are locked while they are started, so that two schedulers can share the work.
    `next_run_at` stays the time of this visit until the visit ends, which sets the next one. Until
    then the open execution keeps the task from being due again. If that execution is lost, the task
    is due again and is visited again. A task whose user is not active is put off by an hour.
    """
    due = list(
        Task.objects.due(now)
        .select_related("user")
        .only("search_query", "condition_description", "next_run_at", "user__is_active")
        .order_by("next_run_at")
        .select_for_update(skip_locked=True, of=("self",))[:TASKS_AT_ONCE]
    )
    # Checked again under the locks: another scheduler may have started some since the query.
    under_way = set(Execution.objects.open().filter(task__in=due).values_list("task_id", flat=True))
    resting = [task.pk for task in due if not task.user.is_active]
    Task.objects.filter(pk__in=resting).update(next_run_at=now + LONGEST_WAIT)
    start_visits(
        [task for task in due if task.user.is_active and task.pk not in under_way], now=now
    )
    return len(due)


def start_visits(tasks: Sequence[Task], *, now: datetime) -> None:
    """Create an execution of each of `tasks`. One failure does not stop the others.

    All are created together. If the database refuses that, each is created alone.

    Raises:
        DatabaseError: the database cannot serve now; no task is the cause.
    """
    try:
        with transaction.atomic():
            Execution.objects.bulk_create(task.new_execution(now=now) for task in tasks)
            wake(WAKE_UP)
    except DatabaseError as error:
        if is_trouble(error):
            raise
        if len(tasks) > 1:
            for task in tasks:
                start_visits([task], now=now)
        else:
            logger.exception("visit_not_started", task_id=str(tasks[0].pk), error=str(error))
            put_off(tasks[0], now=now)


def put_off(task: Task, *, now: datetime) -> None:
    """Store that a visit could not be started, tell the owner if needed, and when to try again."""
    try:
        with transaction.atomic():
            execution = task.new_execution(
                now=now,
                status=ExecutionStatus.FAILED,
                completed_at=now,
                next_attempt_at=None,
                failure_kind=FailureKind.SYSTEM_ERROR,
                error_message=NOT_STARTED,
            )
            execution.save(force_insert=True)
            task.put_off(since=now, now=now)
            tell_failure(task=task, execution=execution, now=now)
    except DatabaseError:  # the cause has been logged already
        Task.objects.filter(pk=task.pk).update(next_run_at=now + LONGEST_WAIT)


def recover(*, now: datetime) -> int:
    """Make the executions due again whose worker has died; return how many there were."""
    recovered = Execution.objects.recover(now=now)
    if recovered:
        wake(WAKE_UP)
    return recovered
