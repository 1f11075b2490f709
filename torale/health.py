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

#: What probes and Prometheus ask for, by whatever address they know the process.
PROBED = re.compile(r"/(healthz|readyz|health|metrics)/?")


def at_any_host(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Answer what is probed whatever Host was asked for; none of it depends on the Host."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if PROBED.fullmatch(request.path_info):
            request.META["HTTP_HOST"] = urlsplit(settings.TORALE_URL).netloc
        return get_response(request)

    return middleware


class Liveness(View):
    """The process answers; nothing else is looked at, so that a lost database restarts nobody."""

    def get(self, request: HttpRequest) -> JsonResponse:  # noqa: ARG002
        """Answer 200."""
        return JsonResponse({"status": "ok"})


class Readiness(View):
    """Requests can be served: the database answers.

    A scheduler that is late makes no difference to that, so it is told, but with 200.
    """

    def get(self, request: HttpRequest) -> JsonResponse:  # noqa: ARG002
        """Answer 200, or 503 while the database is away."""
        try:
            late = scheduler.is_late(scheduler.since_last_run())
        except DatabaseError:
            return JsonResponse(
                {"detail": "The database does not answer."},
                status=503,
                headers={"Retry-After": str(RETRY_AFTER_S)},
            )
        return JsonResponse({"status": "ok", "scheduler": "late" if late else "ok"})
