"""Proxies in front of the web server: clients' addresses, and a warning about unknown proxies."""

from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.throttling import BaseThrottle

logger = structlog.get_logger(__name__)

#: Only this many characters of an address are used. No real address is longer.
ADDRESS_LENGTH = 100


def client_address(request: HttpRequest) -> str:
    """Return the address of the client, as limits and the log use it.

    It is read from X-Forwarded-For only if TORALE_PROXIES says that a proxy has written it. If
    TORALE_PROXIES is too large, the client has written it, and it may be anything.
    """
    address = BaseThrottle().get_ident(request) or ""  # type: ignore[arg-type]
    return address[:ADDRESS_LENGTH].replace("\0", "")


def warn_of_unknown_proxy(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Log, once in a process, that a proxy seems to be in front while TORALE_PROXIES is 0.

    All of its clients then share one address, and so one count of each limit per address. It is
    logged only once because any client can send the header.
    """
    is_logged = False

    def middleware(request: HttpRequest) -> HttpResponse:
        nonlocal is_logged
        if not is_logged and not settings.TORALE_PROXIES and "HTTP_X_FORWARDED_FOR" in request.META:
            is_logged = True
            logger.warning(
                "unknown_proxy",
                address=request.META.get("REMOTE_ADDR"),
                hint="X-Forwarded-For arrives, but TORALE_PROXIES is 0, so limits per address "
                "count all clients of a proxy as one. If a proxy of yours is in front, set "
                "TORALE_PROXIES to the number of proxies.",
            )
        return get_response(request)

    return middleware
