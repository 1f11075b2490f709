"""Copy a task, one's own or a public one of someone else's."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from accounts.models import User
from tasks.models import NAME_LENGTH, State, Task

SUFFIX = " (Copy)"


@transaction.atomic
def fork_task(*, task: Task, user: User, now: datetime, name: str | None = None) -> Task:
    """Store and return a paused, private copy of `task` that belongs to `user`.

    What the original has learnt is not copied. One's own keeps its context and notifications,
    and stays muted; another's leaves them behind, and counts one subscriber more in the same
    transaction.

    Args:
        task: what to copy.
        user: who may read `task`, and will own the copy.
        now: the time of the request.
        name: what to call the copy; the original's name with a suffix if not given.

    Raises:
        Task.DoesNotExist: the task has been deleted, or hidden from `user`, meanwhile.
    """
    original = Task.objects.visible_to(user).select_for_update(no_key=True).get(pk=task.pk)
    fork = Task(
        user=user,
        name=name or original.name[: NAME_LENGTH - len(SUFFIX)] + SUFFIX,
        search_query=original.search_query,
        condition_description=original.condition_description,
        state=State.PAUSED,
        next_run_at=None,
        forked_from_task=original,
        created_at=now,
        state_changed_at=now,
    )
    if original.user_id == user.pk:
        fork.context = original.context
        fork.destinations = original.destinations
        fork.is_muted = original.is_muted
    else:
        Task.objects.filter(pk=original.pk).update(subscriber_count=F("subscriber_count") + 1)
    fork.save(force_insert=True)
    return fork
