"""The page that says why somebody was told, or why nobody was."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.authentication import caller
from notifications.why import UnknownId, explain
from torale import clock


@require_safe
@login_required
def why(request: HttpRequest, subject_id: str) -> HttpResponse:
    """Show every decision about a task, a visit or a send of the user's, in order."""
    try:
        explanation = explain(UUID(subject_id), now=clock.now(), user=caller(request))
    except UnknownId as error:
        raise Http404 from error
    return render(request, "console/why.html", {"explanation": explanation})
