"""A web process that waits for its database: it listens already, but does not serve yet."""

import threading
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

from torale.api.errors import unavailable

#: What is answered meanwhile, because it does not depend on the database.
ANSWERED: Final = ("/healthz", "/healthz/")

#: Whether this process waits. `manage.py web` sets and clears it.
waits = threading.Event()


def refuse_meanwhile(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Answer 503 while this process waits, as when the database is away."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if waits.is_set() and request.path_info not in ANSWERED:
            return unavailable(request)
        return get_response(request)

    return middleware
