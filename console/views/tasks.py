"""The user's tasks: the list, a task's page, and what can be done with a task."""

import math
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.authentication import caller
from console.task_history import history_of
from executions.pages.snapshot import SHOWN_CHARACTERS, snapshot_of
from tasks.fork import fork_task
from tasks.lifecycle import delete_task, update_task
from tasks.models import State, Task, attach_last_executions
from tasks.run import AlreadyRunning, start
from tasks.view_counts import view_counter
from torale import clock
from torale.api.fields import id_of
from torale.errors import Conflict, DomainError
from torale.limits import Limit, hit
from torale.proxies import client_address

TASKS_A_PAGE = 50
UNDER_WAY = "The page is being visited already."
#: Views of public tasks from one address.
PUBLIC_VIEWS = Limit("public_task_pages", 60, timedelta(minutes=1))


@require_safe
@login_required
def task_list(request: HttpRequest) -> HttpResponse:
    """List the user's tasks, newest first."""
    tasks = Task.objects.for_user(caller(request)).newest_first()
    wanted = request.GET.get("state")
    state = wanted if wanted in State.values else None
    if state:
        tasks = tasks.filter(state=state)
    page = Paginator(tasks, TASKS_A_PAGE).get_page(request.GET.get("page"))
    page.object_list = attach_last_executions(page.object_list)
    context = {"page": page, "state": state, "states": State}
    return render(request, "console/tasks/list.html", context)


@require_safe
def task(request: HttpRequest, task_id: str) -> HttpResponse:
    """Show a task: everything to its owner, and what is public to others."""
    visible = Task.objects.visible_to(request.user).select_related("user")
    found = get_object_or_404(visible, pk=task_id)
    is_owner = found.user_id == request.user.pk
    if not is_owner:
        verdict = hit(PUBLIC_VIEWS, client_address(request))
        if not verdict.allowed:
            refusal = render(request, "console/too_often.html", status=429)
            refusal.headers["Retry-After"] = str(math.ceil(verdict.wait.total_seconds()))
            return refusal
        if request.method == "GET":
            view_counter.add(found, by=request.user)
    history = history_of(
        found,
        before=_id_in(request, "before"),
        up_to=_id_in(request, "execution"),
        is_owner=is_owner,
    )
    context = {"task": found, "history": history, "is_owner": is_owner}
    if is_owner:
        return render(request, "console/tasks/task.html", context)
    return render(request, "console/tasks/public.html", context)


@require_safe
@login_required
def snapshots(request: HttpRequest, task_id: str) -> HttpResponse:
    """Show the text of one of a task's pages, and what has changed in it since the last telling."""
    found = _own(request, task_id)
    pages = found.page_texts.order_by("url")
    urls = [*pages.values_list("url", flat=True)]
    url = request.GET.get("url")
    shown = pages.filter(url=url if url in urls else next(iter(urls), None)).first()
    context = {
        "task": found,
        "urls": urls,
        "page": shown,
        "snapshot": shown and snapshot_of(bytes(shown.content)),
        "most_characters": SHOWN_CHARACTERS,
    }
    return render(request, "console/tasks/snapshots.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def pause(request: HttpRequest, task_id: str) -> HttpResponse:
    """Pause a task. Mails link here, and mail scanners open links: a GET only asks."""
    if request.method == "POST":
        return _change(request, task_id, "Paused. The page is no longer visited.", state="paused")
    return render(request, "console/tasks/pause.html", {"task": _own(request, task_id)})


@require_POST
@login_required
def resume(request: HttpRequest, task_id: str) -> HttpResponse:
    """Make a task active again."""
    return _change(request, task_id, "Resumed. The page is visited at once.", state="active")


@require_POST
@login_required
def share(request: HttpRequest, task_id: str) -> HttpResponse:
    """Make a task public."""
    said = "Anyone who has this page's address can see the task now."
    return _change(request, task_id, said, is_public=True)


@require_POST
@login_required
def unshare(request: HttpRequest, task_id: str) -> HttpResponse:
    """Make a task private."""
    return _change(request, task_id, "Only you can see the task now.", is_public=False)


@require_POST
@login_required
def run(request: HttpRequest, task_id: str) -> HttpResponse:
    """Visit a task's page now."""
    found = _own(request, task_id)
    said = "The page is being visited. What is found appears below."

    def visit() -> None:
        try:
            start(task=found, now=clock.now())
        except AlreadyRunning as error:
            raise Conflict(UNDER_WAY) from error

    return _done(request, found, visit, said)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def delete(request: HttpRequest, task_id: str) -> HttpResponse:
    """Delete a task, after asking."""
    found = _own(request, task_id)
    if request.method != "POST":
        return render(request, "console/tasks/delete.html", {"task": found})
    with suppress(Task.DoesNotExist):
        delete_task(task=found)
    messages.success(request, f"“{found.name}” is deleted. The record of its notifications stays.")
    return redirect("console:tasks")


@require_POST
@login_required
def fork(request: HttpRequest, task_id: str) -> HttpResponse:
    """Copy a task that the user may see."""
    user = caller(request)
    original = get_object_or_404(Task.objects.visible_to(user), pk=task_id)
    try:
        copy = fork_task(task=original, user=user, now=clock.now())
    except Task.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, "This is your copy. It is paused: check it, then resume it.")
    return redirect("console:task", task_id=copy.pk)


def _own(request: HttpRequest, task_id: str) -> Task:
    """Return the caller's task.

    Raises:
        Http404: the caller has no such task.
    """
    return get_object_or_404(Task.objects.for_user(caller(request)), pk=task_id)


def _change(request: HttpRequest, task_id: str, said: str, **fields: object) -> HttpResponse:
    """Change fields of the caller's task, and say so on its page."""
    found = _own(request, task_id)
    change = partial(update_task, task=found, fields=fields, now=clock.now())
    return _done(request, found, change, said)


def _done(request: HttpRequest, found: Task, act: Callable[[], object], said: str) -> HttpResponse:
    """Do something with a task; say on its page that it was done, or why it was refused."""
    try:
        act()
    except DomainError as error:
        messages.error(request, error.detail)
    except Task.DoesNotExist as error:
        raise Http404 from error
    else:
        messages.success(request, said)
    return redirect("console:task", task_id=found.pk)


def _id_in(request: HttpRequest, name: str) -> UUID | None:
    """Return the id that a query parameter has; None if it is absent or no id."""
    try:
        return id_of(request.GET.get(name, ""))
    except ValueError:
        return None
