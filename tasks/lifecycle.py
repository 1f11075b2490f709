"""Create, change and delete tasks. The rules here hold for every caller."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.models import User
from executions.models import Execution
from executions.monitors import BadQuestion, check
from executions.monitors.addresses import origins_in
from tasks import headers
from tasks.destinations import Destinations, parse
from tasks.models import State, Task
from tasks.run import AlreadyRunning, start
from torale.errors import Refused
from torale.fields import Undecryptable, kept

PUBLIC_WITH_HEADERS = (
    "A task with request_headers cannot be public, because everyone could read what only your "
    "log-in can. Remove them first: set request_headers to {}."
)
#: Fields that a caller may set. `notifications` is separate, as it is parsed into destinations, and
#: so is `request_headers`, as its values may be masked.
FIELDS = (
    "name",
    "search_query",
    "condition_description",
    "schedule",
    "time_zone",
    "is_public",
    "context",
)


@transaction.atomic
def create_task(
    *, user: User, fields: Mapping[str, Any], now: datetime, run_immediately: bool = False
) -> Task:
    """Store and return a new task of `user`. It is due at once, unless it is not active.

    Args:
        user: the owner.
        fields: validated values by their names in the API, except that `timezone` is `time_zone`;
            `search_query` is required.
        now: the time of the request.
        run_immediately: whether to start the first execution in the same transaction.

    Raises:
        BadQuestion: no monitor can answer the question.
        Refused: a notification is malformed, or the user has too many active tasks.
    """
    task = Task(user=user, created_at=now, state_changed_at=now, next_run_at=now)
    task.condition_description = fields["search_query"]
    _apply(task, fields)
    task.state = fields.get("state", State.ACTIVE)
    if task.state == State.ACTIVE:
        _check_active_limit(user)
    else:
        task.next_run_at = None
    task.save(force_insert=True)
    if run_immediately:
        start(task=task, now=now)
    return task


@transaction.atomic
def update_task(
    *, task: Task, fields: Mapping[str, Any], now: datetime, run_immediately: bool = False
) -> Task:
    """Change and return `task`. If any part of the request is refused, nothing is stored.

    Raises:
        BadQuestion: no monitor can answer the question.
        Refused: a notification is malformed, the change of state is not allowed, or the user has
            too many active tasks.
    """
    task = Task.objects.select_for_update().get(pk=task.pk)
    asked = task.search_query, task.condition_description
    if "search_query" in fields and task.condition_description == task.search_query:
        task.condition_description = fields["search_query"]  # still the default
    before = (task.schedule, task.time_zone)
    _apply(task, fields)
    if (task.schedule, task.time_zone) != before:
        _reschedule(task, now=now)
    if asked != (task.search_query, task.condition_description):
        task.ask_anew(now=now)
    if "state" in fields:
        if fields["state"] == State.ACTIVE != task.state:
            _check_active_limit(task.user)
        task.move_to(State(fields["state"]), now=now)
    task.updated_at = now
    if run_immediately:
        task.immediate_execution_error = None
    task.save()
    if run_immediately:
        try:
            start(task=task, now=now)
        except AlreadyRunning as error:
            task.immediate_execution_error = str(error)
            task.save(update_fields=["immediate_execution_error"])
    return task


@transaction.atomic
def delete_task(*, task: Task) -> None:
    """Delete `task` and its executions. The record of its sends stays.

    The task's row is locked first, as it is wherever an execution is created, so that no execution
    is added while the task is being deleted.

    Raises:
        Task.DoesNotExist: the task was deleted meanwhile.
    """
    Task.objects.select_for_update().get(pk=task.pk).delete()


def _apply(task: Task, fields: Mapping[str, Any]) -> None:
    has_headers = kept(task, "request_headers") is not None
    origins = origins_in(task.search_query)
    for name in FIELDS:
        if name in fields:
            setattr(task, name, fields[name])
    if "notifications" in fields:
        destinations = parse(fields["notifications"], networks=task.user.networks())
        task.destinations = _with_kept_headers(task, destinations, fields)
    if {"search_query", "condition_description"} & fields.keys():
        check(
            search_query=task.search_query,
            condition_description=task.condition_description,
            networks=task.user.networks(),
        )
    if has_headers or "request_headers" in fields:
        _apply_request_headers(task, fields.get("request_headers"), origins_before=origins)


def check_origin(search_query: str) -> None:
    """Check that request headers can be sent for a query: its pages are of one origin.

    Raises:
        BadQuestion: they are of several, or there is no page; the message says what to change.
    """
    origins = origins_in(search_query)
    if not origins:
        fault = "search_query names no page; leave the headers out."
    elif len(origins) > 1:
        fault = (
            "The headers are sent to one origin (scheme, host and port) only, but search_query "
            f"names pages of {len(origins)}: {', '.join(sorted(origins))}. Name pages of one "
            "origin, or leave the headers out."
        )
    else:
        return
    raise BadQuestion({"request_headers": fault})


def _apply_request_headers(
    task: Task, given: Mapping[str, str] | None, *, origins_before: frozenset[str]
) -> None:
    """Set the request headers; drop the stored ones if the pages are at another origin now.

    Args:
        task: the task, with its new query.
        given: what was sent; a masked value keeps the stored one. None keeps all that is stored.
        origins_before: the origins of the pages that the query named before.
    """
    stored = kept(task, "request_headers")
    if stored is None or not origins_before & origins_in(task.search_query):
        stored = {}
    try:
        new = stored if given is None else headers.unmasked(given, stored=stored)
    except Refused as error:
        raise BadQuestion({"request_headers": str(error)}) from error
    task.request_headers = new or None
    if new:
        check_origin(task.search_query)
        if task.is_public:
            raise Refused(PUBLIC_WITH_HEADERS)


def _reschedule(task: Task, *, now: datetime) -> None:
    """Set the next visit by a new schedule, unless a visit is under way: it sets the next one."""
    if not Execution.objects.open().filter(task=task).exists():
        task.visit_again(task.regular_visit(after=now))


def _with_kept_headers(
    task: Task, destinations: Destinations, fields: Mapping[str, Any]
) -> Destinations:
    """Keep headers that cannot be decrypted if the caller sends back the null that was shown."""
    stored = task.destinations.webhook_headers
    if isinstance(stored, Undecryptable) and any(
        config["type"] == "webhook" and "headers" in config and config["headers"] is None
        for config in fields["notifications"]
    ):
        return replace(destinations, webhook_headers=stored)
    return destinations


def _check_active_limit(user: User) -> None:
    """Check that the user may have one more active task; the lock makes requests wait in turn."""
    User.objects.select_for_update().get(pk=user.pk)
    limit = settings.TORALE_MAX_ACTIVE_TASKS
    if Task.objects.for_user(user).active().count() >= limit:
        raise Refused(
            f"You have {limit} active tasks, the most a user may have. Pause or complete one first."
        )
