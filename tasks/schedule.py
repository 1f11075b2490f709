"""Start the tasks whose visit is due, and recover executions that a dead worker left behind."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError, transaction
from procrastinate.exceptions import ConnectorException

from executions.failures import FailureKind
from executions.models import Execution, ExecutionStatus
from tasks.models import Task
from tasks.next_visit import LONGEST_WAIT
from tasks.run import tell_failure, wake
from torale.trouble import is_trouble

logger = structlog.get_logger(__name__)

#: How many tasks one transaction starts: enough to keep up, few enough to hold locks briefly.
TASKS_AT_ONCE = 200
#: How long after its due time an execution may wait before its job counts as lost.
LOST_AFTER = timedelta(minutes=1)
#: The error that the owner sees if a visit could not be started at all.
NOT_STARTED = "The visit could not be started; the details are in the server's log."
#: Database errors, as raised by Django and by the queue.
DATABASE_ERRORS = (DatabaseError, ConnectorException)


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
        .only("next_run_at", "user__is_active")
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
    """Create an execution and its job for each of `tasks`. One failure does not stop the others.

    All are created together. If the database refuses that, each is created alone.

    Raises:
        DatabaseError, ConnectorException: the database cannot serve now; no task is the cause.
    """
    try:
        with transaction.atomic():
            for execution in Execution.objects.bulk_create(
                Execution(task=task, created_at=now, started_at=now, next_attempt_at=now)
                for task in tasks
            ):
                wake(execution)
    except DATABASE_ERRORS as error:
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
            execution = Execution.objects.create(
                task=task,
                status=ExecutionStatus.FAILED,
                created_at=now,
                started_at=now,
                completed_at=now,
                next_attempt_at=None,
                failure_kind=FailureKind.SYSTEM_ERROR,
                error_message=NOT_STARTED,
            )
            task.put_off(since=now, now=now)
            tell_failure(task=task, execution=execution, now=now)
    except DATABASE_ERRORS:  # the cause has been logged already
        Task.objects.filter(pk=task.pk).update(next_run_at=now + LONGEST_WAIT)


@transaction.atomic
def recover(*, now: datetime) -> int:
    """Wake the executions that no worker is running any more. Return how many there were.

    They were left `running` by a worker that died, or their job was lost.
    """
    stuck = list(
        Execution.objects.open().claimable(now - LOST_AFTER).order_by("created_at")[:TASKS_AT_ONCE]
    )
    for execution in stuck:
        try:
            with transaction.atomic():
                wake(execution)
        except ConnectorException:
            logger.exception("execution_not_woken", execution_id=str(execution.pk))
    return len(stuck)
