"""The pages on which a task is written: a new one, or one that is changed.

Each has one form with several buttons. "Try it now" requests a preview, which a worker makes, and
the page shows it in the form. With JavaScript the preview appears by itself; without it, the button
"Show the result" asks for it.
"""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.authentication import caller
from accounts.models import User
from console.forms.tasks import TaskForm
from console.suggestions import suggestions_for
from tasks import preview
from tasks.lifecycle import create_task, update_task
from tasks.models import Task
from tasks.previews import UNFINISHED_PREVIEW, Preview
from torale import clock
from torale.api.fields import id_of


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Show the form of a new task, try what it says, or create the task."""
    return _answer(request, task=None)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request: HttpRequest, task_id: str) -> HttpResponse:
    """Show the form of a task, try what it says, or change the task."""
    task = get_object_or_404(Task.objects.for_user(caller(request)), pk=task_id)
    return _answer(request, task=task)


@require_safe
@login_required
def preview_result(request: HttpRequest, preview_id: str) -> HttpResponse:
    """Show what has come of a preview so far, as a part of the page."""
    context = _shown(caller(request), UUID(preview_id))
    return render(request, "console/tasks/_preview.html", context)


def _answer(request: HttpRequest, *, task: Task | None) -> HttpResponse:
    user = caller(request)
    if request.method != "POST":
        initial = None if task else {"search_query": request.GET.get("url", "")}
        form = TaskForm(user, task=task, initial=initial)
        return _page(request, form)
    given = request.POST.dict()
    if "rule" in given:
        given["condition_description"] = given["rule"]
    form = TaskForm(user, given, task=task)
    if "preview" in given:
        return _page(request, form, preview_id=_id(given["preview"]))
    if "try" in given or "rule" in given:
        return _page(request, form, preview_id=_tried(form))
    saved = _saved(form)
    if saved is None:
        return _page(request, form)
    messages.success(
        request,
        "Saved." if task else "Created. The page is being visited for the first time.",
    )
    return redirect("console:task", task_id=saved.pk)


def _tried(form: TaskForm) -> UUID | None:
    """Request a preview of what the form says; None if the form has errors."""
    if form.is_valid():
        with form.refusals():
            requested = preview.request(
                user=form.user,
                search_query=form.task_fields["search_query"],
                condition_description=form.task_fields["condition_description"],
                request_headers={},
                now=clock.now(),
            )
            return requested.pk
    return None


def _saved(form: TaskForm) -> Task | None:
    """Create or change the form's task; None if the form has errors.

    Raises:
        Http404: the task has been deleted meanwhile.
    """
    if form.is_valid():
        with form.refusals():
            if form.task is None:
                return create_task(
                    user=form.user, fields=form.task_fields, now=clock.now(), run_immediately=True
                )
            try:
                return update_task(task=form.task, fields=form.task_fields, now=clock.now())
            except Task.DoesNotExist as error:
                raise Http404 from error
    return None


def _page(request: HttpRequest, form: TaskForm, *, preview_id: UUID | None = None) -> HttpResponse:
    """Return the page, or only the form if htmx asks for it."""
    is_part = "HX-Request" in request.headers
    context: dict[str, object] = {"form": form, "task": form.task}
    if preview_id:
        context |= _shown(form.user, preview_id)
    name = "console/tasks/_form.html" if is_part else "console/tasks/form.html"
    return render(request, name, context)


def _shown(user: User, preview_id: UUID) -> dict[str, object]:
    """Return what the template of a preview needs."""
    found = Preview.objects.for_user(user).kept(clock.now()).filter(pk=preview_id).first()
    if found is None:
        return {"preview_id": preview_id, "preview": None}
    result = found.result or {}
    # What a model has read is not what the user wants to watch.
    pages = [] if result.get("usage") else result.get("pages", [])
    return {
        "preview_id": preview_id,
        "preview": found,
        "is_waiting": found.status in UNFINISHED_PREVIEW,
        "suggestions": suggestions_for(pages, condition=found.condition_description),
    }


def _id(text: str) -> UUID | None:
    try:
        return id_of(text)
    except ValueError:
        return None
