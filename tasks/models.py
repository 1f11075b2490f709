"""The Task model: what to watch, its state, and where its notifications go."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import NAMESPACE_URL, UUID, uuid5

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from accounts.models import User
from executions.models import Execution, ExecutionQuerySet
from executions.monitors import TOPIC_CHARACTERS, Answer, hosts_of, interval_of
from executions.rendering import cut, one_line
from tasks import standing, visit_schedule
from tasks.destinations import METHODS, OWN_FORMAT, Destinations
from tasks.next_visit import after_answer, after_failure
from tasks.previews import Preview as Preview  # noqa: PLC0414 - Django looks for models here
from torale.errors import Refused
from torale.fields import EncryptedJSONField, kept
from torale.uuid7 import uuid7

NAME_LENGTH = 200
#: The name of a task that nobody has named.
UNNAMED = "New Monitor"


class State(models.TextChoices):
    """Whether a task is visited. The values are those of the contract."""

    #: Visited on its schedule.
    ACTIVE = "active"
    #: Not visited until it is made active again.
    PAUSED = "paused"
    #: Done: no longer visited. Its history stays.
    COMPLETED = "completed"


TRANSITIONS = {
    State.ACTIVE: {State.PAUSED, State.COMPLETED},
    State.PAUSED: {State.ACTIVE},
    State.COMPLETED: {State.ACTIVE},
}


class TaskQuerySet(models.QuerySet["Task"]):
    """Queries for tasks."""

    def for_user(self, user: User) -> Self:
        """Keep the tasks of `user`."""
        return self.filter(user=user)

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Keep the tasks that `user` may read: their own and public ones."""
        return self.filter(Q(is_public=True) | Q(user_id=user.pk))

    def public(self) -> Self:
        """Keep the tasks that anyone may read."""
        return self.filter(is_public=True)

    def active(self) -> Self:
        """Keep the tasks that are visited on their schedule."""
        return self.filter(state=State.ACTIVE)

    def due(self, now: datetime) -> Self:
        """Keep the active tasks whose next visit is due and not already under way."""
        under_way = Execution.objects.open().filter(task=OuterRef("pk"))
        return self.active().filter(~Exists(under_way), next_run_at__lte=now)

    def overdue(self, now: datetime) -> Self:
        """Keep the due tasks that are to be visited: those of active users."""
        return self.due(now).filter(user__is_active=True)

    def with_overdue_visit(self, now: datetime) -> Self:
        """Keep the tasks whose visit is due but not begun, or was begun by a worker that died."""
        executions = Execution.objects
        return self.filter(
            Q(pk__in=Task.objects.overdue(now).values("pk"))
            | Q(pk__in=executions.due(now).values("task"))
            | Q(pk__in=executions.abandoned(now).values("task"))
        )

    def failing(self) -> Self:
        """Keep the active tasks whose last visits all failed."""
        return self.active().filter(failed_run_count__gt=0)

    def by_email(self) -> Self:
        """Keep the tasks that send emails, and those that did until somebody unsubscribed."""
        return self.exclude(is_muted=False, notification_email=None, webhook_url__isnull=False)

    def newest_first(self) -> Self:
        """Order the tasks as lists show them by default."""
        return self.order_by("-created_at", "-id")

    def most_popular_first(self) -> Self:
        """Order by the number of forks by other users, then by views."""
        return self.order_by("-subscriber_count", "-view_count", "-created_at", "-id")

    def feed(self) -> ExecutionQuerySet:
        """Return the tasks' executions with a notification, newest first.

        Each has its task's fields as `task_…`. This is one query; PostgreSQL decides whether to
        read the newest executions of all tasks or those of each task.
        """
        return (
            Execution.objects.filter(task__in=self)
            .with_notification()
            .newest_first()
            .annotate(
                task_name=F("task__name"),
                task_search_query=F("task__search_query"),
                task_is_public=F("task__is_public"),
                task_user_id=F("task__user_id"),
            )
        )


class Task(models.Model):
    """A question that is asked on a schedule."""

    #: The latest execution; set by `attach_last_executions`.
    last_execution: Execution | None

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="tasks")
    name = models.CharField(max_length=NAME_LENGTH, default=UNNAMED)
    search_query = models.TextField(max_length=2000)
    condition_description = models.TextField(max_length=2000)
    state = models.CharField(max_length=9, choices=State, default=State.ACTIVE)
    #: When it is visited, as `visit_schedule.parse` returns it.
    schedule = models.CharField(
        max_length=visit_schedule.MAX_LENGTH,
        default=visit_schedule.AUTO,
        db_default=visit_schedule.AUTO,
    )
    #: The IANA name of the time zone in which cron fields of `schedule` are read.
    time_zone = models.CharField(
        max_length=visit_schedule.MAX_LENGTH,
        default=visit_schedule.DEFAULT_ZONE,
        db_default=visit_schedule.DEFAULT_ZONE,
    )
    next_run_at = models.DateTimeField(null=True, default=timezone.now)
    last_known_state = models.JSONField(null=True)
    context = models.JSONField(null=True)

    notification_email = models.EmailField(max_length=254, null=True)
    webhook_url = models.CharField(max_length=2048, null=True)
    webhook_method = models.CharField(
        max_length=4, choices=[(m, m) for m in METHODS], default="POST"
    )
    webhook_headers = EncryptedJSONField(default=dict)
    #: The format of the webhook's body; the notifications app knows which formats exist.
    webhook_format = models.CharField(max_length=20, default=OWN_FORMAT, db_default=OWN_FORMAT)
    #: Sent with each visit of a page, such as cookies; null if there are none.
    request_headers = EncryptedJSONField(null=True)
    is_muted = models.BooleanField(
        default=False,
        help_text="Whether somebody has unsubscribed from this task's emails. While it is true, no "
        "emails are sent; setting an email in `notifications` makes it false.",
    )

    is_public = models.BooleanField(default=False)
    view_count = models.PositiveIntegerField(default=0)
    subscriber_count = models.PositiveIntegerField(default=0)
    forked_from_task = models.ForeignKey("self", models.SET_NULL, null=True, related_name="forks")

    #: How many runs in a row have failed for good.
    failed_run_count = models.PositiveIntegerField(default=0)
    #: When the first of them began; kept until the owner is told that the task works again.
    failing_since = models.DateTimeField(null=True)
    #: When the owner was told that the task keeps failing; null once they are told it works again.
    failure_told_at = models.DateTimeField(null=True)

    #: The warnings that stand, as StandingWarning.
    warnings = models.JSONField(default=list, db_default=[])

    state_changed_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(null=True)
    immediate_execution_error = models.TextField(null=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        permissions = [
            ("run_task", "Can run task now"),
            ("pause_task", "Can pause task"),
            ("resume_task", "Can resume task"),
            ("complete_task", "Can complete task"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="task_state_known"),
            models.CheckConstraint(
                condition=Q(webhook_method__in=METHODS), name="task_webhook_method_known"
            ),
            models.CheckConstraint(
                condition=Q(state=State.ACTIVE, next_run_at__isnull=False)
                | (~Q(state=State.ACTIVE) & Q(next_run_at=None)),
                name="task_scheduled_when_active",
            ),
            # What only its owner's log-in can read must not be shown to everyone.
            models.CheckConstraint(
                condition=Q(is_public=False) | Q(request_headers=None),
                name="task_private_with_request_headers",
            ),
            models.CheckConstraint(
                condition=Q(is_muted=False) | Q(notification_email=None),
                name="task_muted_without_email",
            ),
        ]
        indexes = [
            # Used by the list of a user's tasks and by the count of the active ones.
            models.Index("user", F("created_at").desc(), F("id").desc(), name="task_list"),
            # Used by schedule.start_due: active tasks only, the longest overdue first.
            models.Index("next_run_at", name="task_due", condition=Q(state=State.ACTIVE)),
            # Used by the metrics and `status`: only tasks in trouble.
            models.Index(
                "failing_since",
                name="task_failing",
                condition=Q(state=State.ACTIVE, failed_run_count__gt=0),
            ),
            # Used by the public list, by its total and by the public feed.
            models.Index(
                F("created_at").desc(),
                F("id").desc(),
                name="task_public",
                condition=Q(is_public=True),
            ),
            # Used by the public list when it is sorted by popularity.
            models.Index(
                F("subscriber_count").desc(),
                F("view_count").desc(),
                F("created_at").desc(),
                F("id").desc(),
                name="task_popular",
                condition=Q(is_public=True),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def last_execution_id(self) -> UUID | None:
        """The latest execution's id; needs `attach_last_executions`."""
        return self.last_execution.pk if self.last_execution else None

    @property
    def warning_texts(self) -> list[str]:
        """What there is to warn the owner of."""
        return [warning["text"] for warning in self.warnings]

    @property
    def destinations(self) -> Destinations:
        """Where the task's notifications go. If all are empty, they go to the owner."""
        return Destinations(
            email=self.notification_email,
            webhook_url=self.webhook_url,
            webhook_method=self.webhook_method,
            webhook_headers=kept(self, "webhook_headers"),
            webhook_format=self.webhook_format,
        )

    @destinations.setter
    def destinations(self, destinations: Destinations) -> None:
        self.notification_email = destinations.email
        self.webhook_url = destinations.webhook_url
        self.webhook_method = destinations.webhook_method
        self.webhook_headers = destinations.webhook_headers
        self.webhook_format = destinations.webhook_format
        if destinations.email:
            self.is_muted = False

    def mute(self) -> None:
        """Stop and store that the task sends no email, neither to its address nor to the owner."""
        self.notification_email = None
        self.is_muted = True
        self.save(update_fields=["notification_email", "is_muted"])

    def unmute(self, *, email: str) -> None:
        """Make the task send its emails again, to `email`; does nothing unless it is muted."""
        Task.objects.filter(pk=self.pk, is_muted=True).update(
            notification_email=email, is_muted=False
        )
        self.refresh_from_db(fields=["notification_email", "is_muted"])

    def move_to(self, state: State, *, now: datetime) -> None:
        """Change the state in memory. Does nothing if the task is already in `state`.

        Raises:
            Refused: the current state cannot be changed to `state`.
        """
        if state == self.state:
            return
        if state not in TRANSITIONS[State(self.state)]:
            raise Refused(f"Invalid state transition: {self.state} -> {state}")
        self.state = state
        self.state_changed_at = now
        self.next_run_at = now if state == State.ACTIVE else None

    def complete(self, *, now: datetime) -> None:
        """End and store the task, as its question is answered; does nothing unless it is active."""
        if self.state == State.ACTIVE:
            self.move_to(State.COMPLETED, now=now)
            self.save(update_fields=["state", "state_changed_at", "next_run_at"])

    def new_execution(self, *, now: datetime, **fields: Any) -> Execution:
        """Return a new execution of the task, due now and not stored yet.

        Args:
            now: when it is created.
            fields: fields of the execution.
        """
        hosts = hosts_of(
            search_query=self.search_query, condition_description=self.condition_description
        )
        own = {"hosts": hosts, "created_at": now, "started_at": now, "next_attempt_at": now}
        return Execution(task=self, user_id=self.user_id, **own | fields)

    def learn(self, answer: Answer, *, now: datetime, jitter: float = 0.5) -> None:
        """Store the monitor's state from the answer, and the time of the next visit.

        A task that nobody has named takes the answer's topic as its name.

        Args:
            answer: what was found out.
            now: the time at which it is stored.
            jitter: a random number from 0 to 1, which moves the next visit; 0.5 does not.
        """
        if answer.topic and self.name == UNNAMED:
            self.name = cut(one_line(answer.topic), TOPIC_CHARACTERS) or UNNAMED
        self.last_known_state = answer.state
        self.failed_run_count = 0
        if self.failure_told_at is None:
            self.failing_since = None
        self.warnings = standing.after_answer(self.warnings, answer.warnings, now=now)
        self.visit_again(
            after_answer(
                self.schedule,
                self.time_zone,
                now=now,
                proposed=answer.next_run_at,
                jitter=jitter,
            )
        )
        self.save(
            update_fields=[
                "name",
                "last_known_state",
                "failed_run_count",
                "failing_since",
                "warnings",
                "next_run_at",
            ]
        )
        PageText.objects.keep(self, answer.texts)

    def put_off(
        self,
        *,
        since: datetime,
        now: datetime,
        retry_after: datetime | None = None,
        warnings: Iterable[str] = (),
    ) -> None:
        """Store one more run that failed for good, and when to visit again.

        Args:
            since: when the run began.
            now: when it failed.
            retry_after: until when the page's server asked not to be visited.
            warnings: sentences that came with the failure.
        """
        if not self.failed_run_count:
            self.failing_since = since
        self.failed_run_count += 1
        self.warnings = standing.after_failure(self.warnings, warnings, now=now)
        self.visit_again(
            after_failure(
                failed_runs=self.failed_run_count,
                now=now,
                regular_at=self.regular_visit(after=now),
                retry_after=retry_after,
            )
        )
        self.save(update_fields=["failed_run_count", "failing_since", "warnings", "next_run_at"])

    def ask_anew(self, *, now: datetime) -> None:
        """Forget in memory, after the question was changed, what stood in its way.

        A task that failed is visited at once: the change may have mended it.
        """
        self.warnings = []
        if self.failed_run_count:
            self.visit_again(now)

    @property
    def interval(self) -> timedelta:
        """The usual time between two visits, if the schedule leaves it to the monitor."""
        return interval_of(
            search_query=self.search_query,
            condition_description=self.condition_description,
            state=self.last_known_state,
        )

    def regular_visit(self, *, after: datetime) -> datetime:
        """Return when the schedule has the next visit, without an answer to decide it."""
        return visit_schedule.next_visit(
            self.schedule, self.time_zone, after=after, interval=self.interval, jitter=0.5
        )

    def visit_again(self, at: datetime) -> None:
        """Set the next visit in memory, but only if the task is active: others have none."""
        if self.state == State.ACTIVE:
            self.next_run_at = at


class PageTextQuerySet(models.QuerySet["PageText"]):
    """Queries for the remembered texts."""

    def of(self, task_id: UUID) -> dict[str, bytes]:
        """Return what is remembered of the pages of a task, by their URLs."""
        return {text.url: bytes(text.content) for text in self.filter(task=task_id)}

    def keep(self, task: Task, texts: Mapping[str, bytes | None]) -> None:
        """Store `texts` by the URLs of their pages; None removes what was stored."""
        gone = [PageText.key(url) for url, content in texts.items() if content is None]
        if gone:
            self.filter(task=task, page__in=gone).delete()
        self.bulk_create(
            [
                PageText(task=task, page=PageText.key(url), url=url, content=content)
                for url, content in texts.items()
                if content is not None
            ],
            update_conflicts=True,
            update_fields=["content"],
            unique_fields=["task", "page"],
        )


class PageText(models.Model):
    """What a monitor remembers of a page's text.

    A table of its own, so that storing a task does not write megabytes again.
    """

    task = models.ForeignKey(Task, models.CASCADE, related_name="page_texts", db_index=False)
    #: The URL's UUID, as a URL may be too long for an index.
    page = models.UUIDField()
    url = models.TextField()
    #: In a form that only the monitor knows.
    content = models.BinaryField()

    objects = PageTextQuerySet.as_manager()

    class Meta:
        constraints = [
            # Read when the task's question is asked.
            models.UniqueConstraint(fields=["task", "page"], name="page_text_one_per_page"),
        ]

    def __str__(self) -> str:
        return self.url

    @staticmethod
    def key(url: str) -> UUID:
        """Return the UUID of a URL (RFC 9562 §5.5)."""
        return uuid5(NAMESPACE_URL, url)


def attach_last_executions(tasks: Iterable[Task]) -> list[Task]:
    """Set `last_execution` on tasks, with one query for all."""
    attached = list(tasks)
    found = Execution.objects.latest_of([task.pk for task in attached])
    executions = {execution.task_id: execution for execution in found}
    for task in attached:
        task.last_execution = executions.get(task.pk)
    return attached
