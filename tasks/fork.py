"""Copy a task: the user's own, or another user's public one."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from accounts.models import User
from tasks.models import NAME_LENGTH, State, Task

SUFFIX = " (Copy)"


@transaction.atomic
def fork_task(*, task: Task, user: User, now: datetime, name: str | None = None) -> Task:
    """Store and return a paused, private copy of `task` that belongs to `user`.

    The state that the original's monitor keeps is not copied. A copy of the user's own task keeps
    its context, its notifications and whether it is muted. A copy of another user's task does not
    keep them; instead, the original's `subscriber_count` is raised in the same transaction.

    Args:
        task: the task to copy.
        user: the owner of the copy, who may read `task`.
        now: the time of the request.
        name: the copy's name; by default the original's name with a suffix.

    Raises:
        Task.DoesNotExist: the task was deleted, or made private by another owner, meanwhile.
    """
    original = Task.objects.visible_to(user).select_for_update(no_key=True).get(pk=task.pk)
    fork = Task(
        user=user,
        name=name or original.name[: NAME_LENGTH - len(SUFFIX)] + SUFFIX,
        search_query=original.search_query,
        condition_description=original.condition_description,
        schedule=original.schedule,
        time_zone=original.time_zone,
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
