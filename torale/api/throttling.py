"""Request limits: per client address for public views, and per API key for all views."""

import math
from collections.abc import Callable
from functools import cache
from typing import Any, Final, Protocol

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from torale.api.request_counts import Count, LocalCounts, RequestCounts
from torale.limits import Limit, Verdict, hit
from torale.proxies import client_address

#: What counts for all processes. It is imported only if CACHE_URL is set.
SHARED_COUNTS: Final = "torale.api.shared_request_counts.SharedCounts"


class Limited(Protocol):
    """A view with a limit on requests."""

    #: How often one address may call the view.
    limit: Limit


class AddressThrottle(BaseThrottle):
    """Limits each client address to the view's `limit`; beyond it, 429 with `Retry-After`.

    The address is that of the connection, or the one that the proxies in front have seen
    (TORALE_PROXIES). What a client itself writes into X-Forwarded-For is not used: it could choose
    the address it is counted under. `torale.limits` counts, so that all processes share the counts.
    """

    verdict: Verdict

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request. Return False if the limit is exceeded."""
        limited: Limited = view
        self.verdict = hit(limited.limit, client_address(request))
        return self.verdict.allowed

    def wait(self) -> float:
        """Return how many seconds to wait before the next request."""
        return self.verdict.wait.total_seconds()


@cache
def request_counts() -> RequestCounts:
    """Return what counts the requests of keys: the cache at CACHE_URL, or else this process."""
    alone = LocalCounts()
    if not settings.CACHE_URL:
        return alone
    shared: RequestCounts = import_string(SHARED_COUNTS)(settings.CACHE_URL, alone=alone)
    return shared


class KeyThrottle(BaseThrottle):
    """Limits the requests of each API key, and each logged-in user, to TORALE_REQUESTS_PER_MINUTE.

    It protects against a client that runs out of control. Unless CACHE_URL is set, each web process
    counts separately, so that with several processes more requests may pass.
    """

    counted: Count

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request, and store the figures for `rate_limit_headers` on it."""
        most = settings.TORALE_REQUESTS_PER_MINUTE
        if not most or not request.user.is_authenticated:
            return True
        caller = request.auth.pk if request.auth else request.user.pk
        self.counted = request_counts().count(str(caller), most=most)
        request._request.rate_limit = {  # type: ignore[attr-defined]  # noqa: SLF001
            "RateLimit-Limit": str(most),
            "RateLimit-Remaining": str(self.counted.left),
            "RateLimit-Reset": str(math.ceil(self.counted.reset_s)),
        }
        return self.counted.is_allowed

    def wait(self) -> float:
        """Return how many seconds it takes until the oldest request no longer counts."""
        return self.counted.reset_s


def rate_limit_headers(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Add KeyThrottle's figures to each answer, errors included (draft-ietf-httpapi-ratelimit).

    This is a middleware because throttles have no access to the response of their view.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in getattr(request, "rate_limit", {}).items():
            response.headers[name] = value
        return response

    return middleware
