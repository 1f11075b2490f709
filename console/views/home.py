"""The page at `/`: the user's tasks, or for visitors what Torale is."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts import sign_up


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Send users who have logged in to their tasks; show others the landing page.

    The landing page needs no database.
    """
    if request.user.is_authenticated:
        return redirect("console:tasks")
    return render(
        request,
        "console/landing.html",
        {
            "is_open": sign_up.is_open(),
            "interval": settings.TORALE_PAGE_INTERVAL_MINUTES,
        },
    )
