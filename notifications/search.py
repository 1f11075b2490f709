"""Find sends by a part of what an operator sees of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import User
from notifications.models import (
    NotificationSend,
    NotificationType,
    SendCount,
    SendStatus,
    WebhookEndpoint,
)
from notifications.models.send import DAY
from tasks.models import Task
from torale.admin import Lookup, Part

#: The most users, the most tasks and the most recipients whose sends are looked for.
MOST_MATCHES = 1000
#: With more in all, they are no longer looked up one by one: each takes PostgreSQL a millisecond to
#: plan.
MANY_MATCHES = 100


@dataclass(frozen=True)
class Found:
    """The users, tasks and recipients that match."""

    users: list[UUID]
    #: Each task's id and user, unless the user is among `users`.
    tasks: list[tuple[UUID, UUID]]
    #: Users, and the recipients of theirs that match, unless the user is among `users`.
    recipients: list[tuple[UUID, str]]

    @property
    def is_cut(self) -> bool:
        """Whether there are more than MOST_MATCHES, so that some are missing."""
        return MOST_MATCHES in {len(self.users), len(self.tasks), len(self.recipients)}

    def lookup(self) -> Lookup:
        """Return how to find their sends."""
        task_ids = [task_id for task_id, _ in self.tasks]
        if len(self.users) + len(self.tasks) + len(self.recipients) > MANY_MATCHES:
            recipients = {recipient for _, recipient in self.recipients}
            of_any = Q(user__in=self.users) | Q(task_id__in=task_ids) | Q(recipient__in=recipients)
            return Lookup([Part(of_any)], by_id=True)
        parts = [
            *(Part(Q(user=user)) for user in self.users),
            *(Part(Q(task_id=task, user=user), [DAY]) for task, user in self.tasks),
            *(
                Part(Q(user=user, recipient=recipient) & ~Q(task_id__in=task_ids), [DAY])
                for user, recipient in self.recipients
            ),
        ]
        return Lookup(parts or [NONE])

    def of_task(self, task_id: UUID, owner: UUID) -> Lookup:
        """Return how to find those of their sends that are of one task."""
        if owner in self.users or (task_id, owner) in self.tasks:
            return of_task(task_id)
        recipients = [recipient for user, recipient in self.recipients if user == owner]
        return of_task(task_id, Q(recipient__in=recipients))


#: No row at all.
NONE = Part(Q(pk__in=[]))


def by_id(wanted: UUID) -> Lookup:
    """Find the send that has this id, or the sends of the task, execution or user that has it."""
    return Lookup(
        [
            Part(Q(pk=wanted)),
            Part(Q(user=wanted)),
            Part(Q(execution_id=wanted)),
            *(part for part in of_task(wanted).parts if part is not NONE),
        ]
    )


def any_id(wanted: UUID) -> Q:
    """Return the condition that a send, its task, its execution or its user has this id."""
    return Q(pk=wanted) | Q(user=wanted) | Q(execution_id=wanted) | Q(task_id=wanted)


def owner_of(task_id: UUID) -> UUID | None:
    """Return the owner of a task that has sends, even if the task has been deleted."""
    sends = NotificationSend.objects.filter(task_id=task_id).order_by("user")
    return sends.values_list("user", flat=True).first()


def of_task(task_id: UUID, condition: Q = Q()) -> Lookup:  # noqa: B008 - it is never changed
    """Find the sends of a task that meet a condition.

    All of a task's sends are of one user; given this user, an index has them in order.
    """
    owner = owner_of(task_id)
    return Lookup([Part(Q(task_id=task_id, user=owner) & condition, [DAY]) if owner else NONE])


def of_user(user_id: UUID, kinds: Mapping[str, str]) -> Lookup:
    """Find the sends of a user.

    Args:
        user_id: the user.
        kinds: their status, event and channel, as far as given. With a status and a channel, an
            index has them in order, however few they are.
    """
    if not kinds.keys() & {"status", "notification_type"}:
        return Lookup([Part(Q(user=user_id))])
    statuses = [kinds["status"]] if "status" in kinds else SendStatus.values
    channel = kinds.get("notification_type")
    channels = [channel] if channel else NotificationType.values
    return Lookup(
        [
            Part(Q(user=user_id, status=status, notification_type=channel))
            for status in statuses
            for channel in channels
        ]
    )


def by_text(text: str, *, owner: UUID | None = None) -> Found:
    """Find the users, tasks and recipients whose email, name or address has `text` as a part.

    With an `owner`, only this user and what is this user's.

    They are found in tables of their own, which are small. An index of the sends' texts would cost
    more than all else that is written for a delivery. The URL of a chat matches by the part that is
    shown, or as a whole: otherwise, it could be guessed letter by letter.
    """
    own = {"user": owner} if owner else {}
    people = User.objects.filter(email__icontains=text)
    users = _first(people.filter(pk=owner) if owner else people, "pk")
    tasks = Task.objects.filter(name__icontains=text, **own).exclude(user__in=users)
    showing = WebhookEndpoint.objects.showing(text) | WebhookEndpoint.objects.filter(url=text)
    endpoints = showing.filter(**own).exclude(user__in=users)
    addresses = (
        # These conditions are those of the index of totals.
        SendCount.objects.exclude(number=0)
        .filter(day=None, task_id__isnull=False)
        .filter(notification_type=NotificationType.EMAIL, recipient__icontains=text)
        .filter(**({"user_id": owner} if owner else {}))
        .exclude(user_id__in=users)
        .order_by("user_id", "recipient")
        .values_list("user_id", "recipient")
        .distinct()
    )
    recipients = {*_first(endpoints, "user", "url"), *addresses[:MOST_MATCHES]}
    return Found(users, _first(tasks, "pk", "user"), sorted(recipients)[:MOST_MATCHES])


def _first(rows: QuerySet[Any], *names: str) -> list[Any]:
    """Return those columns of the newest MOST_MATCHES of `rows`."""
    return [*rows.order_by("-pk").values_list(*names, flat=len(names) == 1)[:MOST_MATCHES]]
