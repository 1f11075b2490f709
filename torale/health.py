"""What a supervisor asks: is the process alive? tasks/readiness.py says what it is ready for."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import View

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
