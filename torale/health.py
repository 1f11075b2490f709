"""What a supervisor or load balancer asks: is it alive, and may it get requests?"""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import View

from torale import scheduler
from torale.trouble import RETRY_AFTER_S

#: The paths that probes and Prometheus ask for. They may use any address of the process.
PROBED = re.compile(r"/(healthz|readyz|health|metrics)/?")


def at_any_host(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Answer probes whatever Host they send, as no answer depends on it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if PROBED.fullmatch(request.path_info):
            request.META["HTTP_HOST"] = urlsplit(settings.TORALE_URL).netloc
        return get_response(request)

    return middleware


class Liveness(View):
    """Whether the process answers.

    Nothing else is checked, so that no process is restarted because the database is unavailable.
    """

    def get(self, request: HttpRequest) -> JsonResponse:
        """Answer 200."""
        return JsonResponse({"status": "ok"})


class Readiness(View):
    """Whether requests can be served, which is so while the database answers.

    A late scheduler is shown, but does not change the status.
    """

    def get(self, request: HttpRequest) -> JsonResponse:
        """Answer 200, or 503 while the database is unavailable."""
        try:
            late = scheduler.is_late(scheduler.since_last_run())
        except DatabaseError:
            return JsonResponse(
                {"detail": "The database does not answer."},
                status=503,
                headers={"Retry-After": str(RETRY_AFTER_S)},
            )
        return JsonResponse({"status": "ok", "scheduler": "late" if late else "ok"})
