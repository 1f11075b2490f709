"""The page that says why somebody was told, or why nobody was."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from desk.links import may_ask_why
from notifications.why import UnknownId, explain
from torale import clock
from torale.admin import as_uuid

NO_ID = "“{words}” is not an id. Give the whole id of a task, an execution or a send."


@require_safe
def why(request: HttpRequest, wanted: UUID | None = None) -> HttpResponse:
    """Show why somebody was told, or why nobody was; without an id in the path, ask for one.

    Args:
        request: may have the id in its query, as `id`.
        wanted: the id of a task, an execution or a send.

    Raises:
        PermissionDenied: the user may not view tasks, executions or sends.
    """
    if not may_ask_why(request):
        raise PermissionDenied
    words = str(wanted or request.GET.get("id", "")).strip()
    found = as_uuid(words)
    if found and not wanted:
        return redirect("admin-why", wanted=found)
    context: dict[str, Any] = {"words": words}
    if found:
        try:
            context["explanation"] = explain(found, now=clock.now())
        except UnknownId as error:
            context["error"] = str(error)
    elif words:
        context["error"] = NO_ID.format(words=words)
    return render(
        request,
        "desk/why.html",
        {**admin.site.each_context(request), "title": "Why?", **context},
        status=HTTPStatus.NOT_FOUND if "error" in context else HTTPStatus.OK,
    )
