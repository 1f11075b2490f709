"""The Execution model: its statuses, and the only methods that change them."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

import psycopg
from django.contrib.postgres.fields import ArrayField
from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.db.models.query import RawQuerySet
from django.utils import timezone

from accounts.models import User
from executions.failures import FailureKind
from executions.monitors import Answer
from executions.spending import Spending as Spending  # noqa: PLC0414 - Django looks for models here
from torale.uuid7 import uuid7

#: How long a worker may take for one attempt. After that, another worker assumes that it has died,
#: and takes over.
ASKING_LEASE = timedelta(minutes=3)
#: The time limit of one attempt. What is left of the lease is for storing the result.
ASKING_LIMIT = timedelta(seconds=150)


class ExecutionStatus(models.TextChoices):
    """The state of an execution, in the words of the API's contract."""

    #: Created, and waiting for a worker.
    PENDING = "pending"
    #: A worker is asking.
    RUNNING = "running"
    #: Answered.
    SUCCESS = "success"
    #: Failed, and due to be asked again.
    RETRYING = "retrying"
    #: Given up.
    FAILED = "failed"
    #: Replaced by a newer execution; an answer that comes late is discarded.
    CANCELLED = "cancelled"


WAITING = (ExecutionStatus.PENDING, ExecutionStatus.RETRYING)
OPEN = (*WAITING, ExecutionStatus.RUNNING)

#: The constraint because of which a task tells no claim twice.
TOLD_ONCE = "execution_told_once"


class ToldBefore(Exception):
    """The task has told this claim before."""


#: Reads one row of `execution_history` for each task, however many executions it has.
LATEST_OF_TASKS = """
SELECT latest.* FROM unnest(%s::uuid[]) AS task (id)
CROSS JOIN LATERAL (
    SELECT * FROM executions_execution
    WHERE task_id = task.id ORDER BY created_at DESC, id DESC LIMIT 1
) AS latest
"""


class ExecutionQuerySet(models.QuerySet["Execution"]):
    """The filters and the order of executions."""

    def for_user(self, user: User) -> Self:
        """Keep the executions of the tasks of `user`."""
        return self.filter(task__user=user)

    def of_task(self, task_id: UUID) -> Self:
        """Keep the executions of one task, newest first."""
        return self.filter(task_id=task_id).newest_first()

    def before(self, execution_id: UUID) -> Self:
        """Keep those that follow an execution in a task's list, which has the newest first.

        This takes a query of its own. If there is no such execution, none is kept.
        """
        return self.up_to(execution_id).exclude(pk=execution_id)

    def up_to(self, execution_id: UUID) -> Self:
        """Keep an execution and those that follow it in a task's list, with the newest first.

        This takes a query of its own. If there is no such execution, none is kept.
        """
        last = self.filter(pk=execution_id).values_list("created_at", flat=True).first()
        if last is None:
            return self.none()
        return self.filter(created_at__lte=last).exclude(created_at=last, pk__gt=execution_id)

    def latest_of(self, task_ids: Sequence[UUID]) -> "RawQuerySet[Execution]":
        """Return the latest execution of each of these tasks."""
        return self.raw(LATEST_OF_TASKS, [task_ids])

    def open(self) -> Self:
        """Keep those that have not ended."""
        return self.filter(status__in=OPEN)

    def ended(self) -> Self:
        """Keep those that have ended."""
        return self.exclude(status__in=OPEN)

    def failed(self, kind: FailureKind, *, since: datetime) -> Self:
        """Keep those that were created since then and failed for good because of this kind."""
        return self.filter(status=ExecutionStatus.FAILED, failure_kind=kind, created_at__gte=since)

    def with_notification(self) -> Self:
        """Keep those whose condition was met."""
        return self.filter(notification__isnull=False)

    def told(self, *, task_id: UUID, claim: str) -> Self:
        """Keep the one that told this claim of a task."""
        return self.filter(task_id=task_id, claim=claim)

    def newest_first(self) -> Self:
        """Use the order in which every list shows them."""
        return self.order_by("-created_at", "-id")

    def due(self, now: datetime) -> Self:
        """Keep those that a worker may claim now."""
        return self.filter(status__in=WAITING, next_attempt_at__lte=now)

    def replacing(self, execution: "Execution") -> Self:
        """Keep the execution for which `execution` was cancelled."""
        return self.filter(task_id=execution.task_id, created_at=execution.completed_at)

    def abandoned(self, now: datetime) -> Self:
        """Keep those whose worker has died."""
        return self.filter(status=ExecutionStatus.RUNNING, leased_until__lte=now)

    def asking(self, now: datetime) -> Self:
        """Keep those that a worker is asking."""
        return self.filter(status=ExecutionStatus.RUNNING, leased_until__gt=now)

    def recover(self, *, now: datetime) -> int:
        """Make those whose worker has died due again; return how many there were."""
        return self.abandoned(now).update(
            status=ExecutionStatus.RETRYING, next_attempt_at=now, leased_until=None
        )


class Execution(models.Model):
    """One asking of a task's question."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    task = models.ForeignKey("tasks.Task", models.CASCADE, related_name="executions")
    #: The task's owner, with whom others share the workers in turn. It is deleted with its task.
    user = models.ForeignKey(
        User, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    #: The servers that asking calls, as `host:port`: each is called by few executions at a time.
    hosts = ArrayField(models.TextField(), default=list, db_default=[])
    status = models.CharField(
        max_length=10, choices=ExecutionStatus, default=ExecutionStatus.PENDING
    )
    notify = models.BooleanField(
        default=True, help_text="Whether people are notified if the condition is met."
    )
    attempt_count = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, default=timezone.now)
    leased_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    #: When the latest attempt began; before the first attempt, when the execution was created.
    started_at = models.DateTimeField(default=timezone.now)
    completed_at = models.DateTimeField(null=True)
    #: When the first look found what is told only if a second look finds it, too; null before that,
    #: and in an execution that looks only once.
    first_look_at = models.DateTimeField(null=True)
    result = models.JSONField(null=True)
    notification = models.TextField(null=True)
    #: What was told, in a form that is the same whenever the same is told; null if nothing was, and
    #: if the monitor does not say.
    claim = models.CharField(max_length=300, null=True)
    grounding_sources = models.JSONField(default=list)
    failure_kind = models.CharField(max_length=12, null=True)
    error_message = models.TextField(null=True)

    objects = ExecutionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["task"], condition=Q(status__in=OPEN), name="execution_one_open_per_task"
            ),
            # Also read to find out when a claim was told before.
            models.UniqueConstraint(
                fields=["task", "claim"], condition=Q(claim__isnull=False), name=TOLD_ONCE
            ),
            models.CheckConstraint(
                condition=Q(status__in=ExecutionStatus.values), name="execution_status_known"
            ),
            models.CheckConstraint(
                condition=Q(status__in=OPEN, completed_at=None)
                | (~Q(status__in=OPEN) & Q(completed_at__isnull=False)),
                name="execution_completed_when_not_open",
            ),
            models.CheckConstraint(
                condition=Q(status__in=WAITING, next_attempt_at__isnull=False)
                | (~Q(status__in=WAITING) & Q(next_attempt_at=None)),
                name="execution_due_when_waiting",
            ),
            models.CheckConstraint(
                condition=Q(status=ExecutionStatus.RUNNING, leased_until__isnull=False)
                | (~Q(status=ExecutionStatus.RUNNING) & Q(leased_until=None)),
                name="execution_leased_when_running",
            ),
            models.CheckConstraint(
                condition=Q(notification=None) | Q(status=ExecutionStatus.SUCCESS),
                name="execution_notification_only_on_success",
            ),
        ]
        indexes = [
            # Read by a task's history and for its latest execution.
            models.Index("task", F("created_at").desc(), F("id").desc(), name="execution_history"),
            # Read by …/notifications, RSS, and the feeds of few tasks.
            models.Index(
                "task",
                F("created_at").desc(),
                F("id").desc(),
                name="execution_met",
                condition=Q(notification__isnull=False),
            ),
            # Read by the feeds of many tasks.
            models.Index(
                F("created_at").desc(),
                F("id").desc(),
                name="execution_feed",
                condition=Q(notification__isnull=False),
            ),
            # Read when old executions are pruned, the oldest first; those with a notification are
            # read by `execution_feed`.
            models.Index(
                "created_at", name="execution_prunable", condition=Q(notification__isnull=True)
            ),
            # Read by the admin's list of those that failed or were cancelled.
            models.Index(
                "status",
                "created_at",
                name="execution_unsuccessful",
                condition=Q(status__in=[ExecutionStatus.FAILED, ExecutionStatus.CANCELLED]),
            ),
            # Read by the metrics, the admin's home page and its list of those that failed for one
            # reason.
            models.Index(
                "failure_kind",
                "created_at",
                name="execution_failed",
                condition=Q(status=ExecutionStatus.FAILED),
            ),
            # Read by workers, which take the users in turn.
            models.Index(
                "user", "next_attempt_at", name="execution_due", condition=Q(status__in=WAITING)
            ),
            # Read by workers, which count what runs, and by the search for those of dead workers.
            models.Index(
                "leased_until", name="execution_leased", condition=Q(status=ExecutionStatus.RUNNING)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.created_at:%Y-%m-%d %H:%M:%S}"

    def record_answer(self, answer: Answer, *, now: datetime) -> bool:
        """Store the answer; return False if this attempt is no longer the current one.

        Raises:
            ToldBefore: the task has told the answer's claim before; nothing was stored.
        """
        try:
            with transaction.atomic():
                return self._leave_running(
                    status=ExecutionStatus.SUCCESS,
                    completed_at=now,
                    notification=answer.notification,
                    claim=answer.claim if answer.condition_met else None,
                    failure_kind=None,
                    error_message=None,
                    **kept_of(answer),
                )
        except IntegrityError as error:
            cause = error.__cause__
            if (
                isinstance(cause, psycopg.errors.UniqueViolation)
                and cause.diag.constraint_name == TOLD_ONCE
            ):
                raise ToldBefore from error
            raise

    def record_first_look(self, *, look_again_at: datetime, now: datetime) -> bool:
        """Store that the answer is tentative; return False if this attempt is no longer current.

        The question is asked again at `look_again_at`, and this look does not count as an attempt.
        The error of an earlier attempt is cleared.
        """
        return self._leave_running(
            status=ExecutionStatus.RETRYING,
            attempt_count=F("attempt_count") - 1,
            next_attempt_at=look_again_at,
            first_look_at=now,
            failure_kind=None,
            error_message=None,
        )

    def record_failure(
        self, kind: FailureKind, message: str, *, retry_at: datetime | None, now: datetime
    ) -> bool:
        """Store a failure; return False if this attempt is no longer the current one.

        The question is asked again at `retry_at`. If that is None, the execution has failed.
        """
        return self._leave_running(
            status=ExecutionStatus.RETRYING if retry_at else ExecutionStatus.FAILED,
            next_attempt_at=retry_at,
            completed_at=None if retry_at else now,
            failure_kind=kind,
            error_message=message,
        )

    def _leave_running(self, **changes: Any) -> bool:
        # The attempt's number and the first look guard the result: an attempt that ends later than
        # the next one has begun changes nothing. Before the first look and after it, the attempts
        # are counted from different numbers, so that no two attempts have both in common.
        won = Execution.objects.filter(
            pk=self.pk,
            status=ExecutionStatus.RUNNING,
            attempt_count=self.attempt_count,
            first_look_at=self.first_look_at,
        ).update(leased_until=None, **changes)
        if won:
            self.refresh_from_db()
        return bool(won)

    def cancel(self, *, now: datetime) -> bool:
        """End an open execution without an answer; return False if it has already ended."""
        return bool(
            Execution.objects.open()
            .filter(pk=self.pk)
            .update(
                status=ExecutionStatus.CANCELLED,
                completed_at=now,
                next_attempt_at=None,
                leased_until=None,
            )
        )


def kept_of(answer: Answer) -> dict[str, Any]:
    """Return what an execution keeps of an answer: the values of `result` and `grounding_sources`.

    Both are plain JSON.
    """
    return {
        "result": {
            "evidence": answer.evidence,
            "confidence": answer.confidence,
            "sources": [source.url for source in answer.sources],
            "activity": answer.activity,
            "failed_pages": [asdict(page) for page in answer.failed_pages],
            **({"usage": asdict(answer.usage)} if answer.usage else {}),
        },
        "grounding_sources": [
            {"url": source.url, "uri": source.url, "title": source.title}
            for source in answer.sources
        ],
    }
