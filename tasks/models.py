"""Task: what to watch, its states, and where its notifications go."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.utils import timezone

from accounts.models import User
from executions.models import Execution, ExecutionQuerySet
from executions.monitors import Answer, Question
from tasks.destinations import METHODS, OWN_FORMAT, Destinations, shown_url
from torale.errors import Refused
from torale.fields import EncryptedJSONField, kept
from torale.uuid7 import uuid7

#: When a task is visited next if its monitor does not say, or never comes to say it.
FALLBACK_INTERVAL = timedelta(hours=24)


NAME_LENGTH = 200


class State(models.TextChoices):
    """Whether a task is watched; the contract's words."""

    #: Visited on its schedule.
    ACTIVE = "active"
    #: Not visited until it is made active again.
    PAUSED = "paused"
    #: Done; its history stays.
    COMPLETED = "completed"


TRANSITIONS = {
    State.ACTIVE: {State.PAUSED, State.COMPLETED},
    State.PAUSED: {State.ACTIVE},
    State.COMPLETED: {State.ACTIVE},
}


class TaskQuerySet(models.QuerySet["Task"]):
    """Questions asked of tasks."""

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
        """Keep the tasks that are watched."""
        return self.filter(state=State.ACTIVE)

    def due(self, now: datetime) -> Self:
        """Keep the tasks whose next visit has come and is not under way."""
        under_way = Execution.objects.open().filter(task=OuterRef("pk"))
        return self.active().filter(~Exists(under_way), next_run_at__lte=now)

    def newest_first(self) -> Self:
        """Order as every list shows them."""
        return self.order_by("-created_at", "-id")

    def most_popular_first(self) -> Self:
        """Order by forks of other users, then by views."""
        return self.order_by("-subscriber_count", "-view_count", "-created_at", "-id")

    def with_last_execution_id(self) -> Self:
        """Add `last_execution_id`, one index look-up a task."""
        latest = Execution.objects.filter(task=OuterRef("pk")).newest_first().values("id")[:1]
        return self.annotate(last_execution_id=Subquery(latest))

    def feed(self) -> ExecutionQuerySet:
        """Return these tasks' executions with a notification, newest first, with `task_…` of each.

        One query; the planner walks the newest of all or each task's own, whichever are fewer.
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
    """A question put on a schedule."""

    #: Of the latest execution; only there `with_last_execution_id`.
    last_execution_id: UUID | None
    #: The latest execution; set by `attach_last_executions`.
    last_execution: Execution | None

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="tasks")
    name = models.CharField(max_length=NAME_LENGTH, default="New Monitor")
    search_query = models.TextField(max_length=2000)
    condition_description = models.TextField(max_length=2000)
    state = models.CharField(max_length=9, choices=State, default=State.ACTIVE)
    next_run_at = models.DateTimeField(null=True, default=timezone.now)
    last_known_state = models.JSONField(null=True)
    context = models.JSONField(null=True)

    notification_email = models.EmailField(max_length=254, null=True)
    webhook_url = models.CharField(max_length=2048, null=True)
    webhook_method = models.CharField(
        max_length=4, choices=[(m, m) for m in METHODS], default="POST"
    )
    webhook_headers = EncryptedJSONField(default=dict)
    #: The form of the webhook's body; which there are is known to the notifications app.
    webhook_format = models.CharField(max_length=20, default=OWN_FORMAT, db_default=OWN_FORMAT)
    is_muted = models.BooleanField(
        default=False,
        help_text="Whether somebody has unsubscribed from this task's emails: none are sent then. "
        "Naming an email in `notifications` ends it.",
    )

    is_public = models.BooleanField(default=False)
    view_count = models.PositiveIntegerField(default=0)
    subscriber_count = models.PositiveIntegerField(default=0)
    forked_from_task = models.ForeignKey("self", models.SET_NULL, null=True, related_name="forks")

    #: Runs in a row that failed for good.
    failed_run_count = models.PositiveIntegerField(default=0)
    #: When the owner was told that it keeps failing; null again once told that it works.
    failure_told_at = models.DateTimeField(null=True)

    state_changed_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(null=True)
    immediate_execution_error = models.TextField(null=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
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
            models.CheckConstraint(
                condition=Q(is_muted=False) | Q(notification_email=None),
                name="task_muted_without_email",
            ),
        ]
        indexes = [
            # Read by the list of a user's tasks and by the count of the active ones.
            models.Index("user", F("created_at").desc(), F("id").desc(), name="task_list"),
            # Read by schedule.start_due: only tasks that wait for a visit, the longest due first.
            models.Index("next_run_at", name="task_due", condition=Q(state=State.ACTIVE)),
            # Read by the public list, by its total and by the public feed.
            models.Index(
                F("created_at").desc(),
                F("id").desc(),
                name="task_public",
                condition=Q(is_public=True),
            ),
            # Read by the public list, sorted by popularity.
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
    def destinations(self) -> Destinations:
        """Where this task's notifications go; if it names none, they go to the owner."""
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

    @property
    def shown_webhook_url(self) -> str | None:
        """Its webhook's URL as others than the owner may see it."""
        url = self.webhook_url
        return url and shown_url(url, format_=self.webhook_format)

    def mute(self) -> None:
        """Send no more email for this task, neither to an address nor to the owner; saves that."""
        self.notification_email = None
        self.is_muted = True
        self.save(update_fields=["notification_email", "is_muted"])

    def question(self, *, now: datetime) -> Question:
        """Return what an execution asks."""
        return Question(
            search_query=self.search_query,
            condition_description=self.condition_description,
            last_known_state=self.last_known_state,
            context=self.context,
            networks=self.user.networks(),
            asked_at=now,
        )

    def move_to(self, state: State, *, now: datetime) -> None:
        """Change state in memory; the state it already has is no change.

        Raises:
            Refused: no way leads from the present state to `state`.
        """
        if state == self.state:
            return
        if state not in TRANSITIONS[State(self.state)]:
            raise Refused(f"Invalid state transition: {self.state} -> {state}")
        self.state = state
        self.state_changed_at = now
        self.next_run_at = now if state == State.ACTIVE else None

    def learn(self, answer: Answer, *, now: datetime) -> None:
        """Store what the answer leaves for the next asking, and when that is."""
        self.last_known_state = answer.state
        self.failed_run_count = 0
        self.visit_again(answer.next_run_at or now + FALLBACK_INTERVAL)
        self.save(update_fields=["last_known_state", "failed_run_count", "next_run_at"])

    def put_off(self, *, now: datetime) -> None:
        """Store one more run that failed for good; the next visit is a day away."""
        self.failed_run_count += 1
        self.visit_again(now + FALLBACK_INTERVAL)
        self.save(update_fields=["failed_run_count", "next_run_at"])

    def visit_again(self, at: datetime) -> None:
        """Set the next visit in memory; a task that is not active has none."""
        if self.state == State.ACTIVE:
            self.next_run_at = at


def attach_last_executions(tasks: Iterable[Task]) -> list[Task]:
    """Set `last_execution` of tasks that come `with_last_execution_id`; one query for all."""
    attached = list(tasks)
    ids = [task.last_execution_id for task in attached]
    executions = Execution.objects.in_bulk([id_ for id_ in ids if id_])
    for task in attached:
        last_id = task.last_execution_id
        task.last_execution = executions.get(last_id) if last_id else None
    return attached
