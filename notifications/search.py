"""Find sends by a part of what an operator sees of them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import User
from notifications.models import NotificationSend, NotificationType, SendCount, WebhookEndpoint
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
        return Lookup(parts or [Part(Q(pk__in=[]))])


def by_id(wanted: UUID) -> Lookup:
    """Find the send that has this id, or the sends of the task, execution or user that has it."""
    # All of a task's sends are of one user; given this user, an index has them in order.
    of_task = NotificationSend.objects.filter(task_id=wanted).order_by("user")
    owners = of_task.values_list("user", flat=True)[:1]
    return Lookup(
        [
            Part(Q(pk=wanted)),
            Part(Q(user=wanted)),
            Part(Q(execution_id=wanted)),
            *(Part(Q(task_id=wanted, user=owner), [DAY]) for owner in owners),
        ]
    )


def by_text(text: str) -> Found:
    """Find the users, tasks and recipients whose email, name or address has `text` as a part.

    They are found in tables of their own, which are small. An index of the sends' texts would cost
    more than all else that is written for a delivery. The URL of a chat matches by the part that is
    shown, or as a whole: otherwise, it could be guessed letter by letter.
    """
    users = _first(User.objects.filter(email__icontains=text), "pk")
    tasks = Task.objects.filter(name__icontains=text).exclude(user__in=users)
    showing = WebhookEndpoint.objects.showing(text) | WebhookEndpoint.objects.filter(url=text)
    endpoints = showing.exclude(user__in=users)
    addresses = (
        # These conditions are those of the index of totals.
        SendCount.objects.exclude(number=0)
        .filter(day=None, task_id__isnull=False)
        .filter(notification_type=NotificationType.EMAIL, recipient__icontains=text)
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
