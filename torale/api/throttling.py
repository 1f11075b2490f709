"""Request limits: per client address for public views, and per API key for all views."""

import math
from collections.abc import Callable
from typing import Any, Protocol

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle

from torale.limits import Limit, Verdict, hit

#: Only this many characters of an address are used. No real address is longer.
ADDRESS_LENGTH = 100


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
        # If TORALE_PROXIES is too large, the client writes the address, and it may be very long.
        self.verdict = hit(limited.limit, self.get_ident(request)[:ADDRESS_LENGTH])
        return self.verdict.allowed

    def wait(self) -> float:
        """Return how many seconds to wait before the next request."""
        return self.verdict.wait.total_seconds()


class KeyThrottle(SimpleRateThrottle):
    """Limits the requests of each API key, and each logged-in user, to TORALE_REQUESTS_PER_MINUTE.

    It protects against a client that runs out of control. Each web process counts separately and in
    memory, so that no request needs a query for it; with several processes more requests may pass.
    """

    num_requests: int
    duration: int

    def get_rate(self) -> str | None:
        """Return the rate in DRF's form; None if there is no limit."""
        most = settings.TORALE_REQUESTS_PER_MINUTE
        return f"{most}/minute" if most else None

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        """Return the key under which the caller is counted; None for anonymous callers."""
        if not request.user.is_authenticated:
            return None
        return f"throttle:{request.auth.pk if request.auth else request.user.pk}"

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request, and store the figures for `rate_limit_headers` on it."""
        allowed = bool(super().allow_request(request, view))
        if self.rate is not None and self.key is not None:
            left = self.num_requests - len(self.history)
            oldest = self.history[-1] if self.history else self.now
            request._request.rate_limit = {  # type: ignore[attr-defined]  # noqa: SLF001
                "RateLimit-Limit": str(self.num_requests),
                "RateLimit-Remaining": str(left),
                "RateLimit-Reset": str(math.ceil(oldest + self.duration - self.now)),
            }
        return allowed

    def wait(self) -> float:
        """Return how many seconds it takes until the oldest request no longer counts."""
        return float(self.history[-1] + self.duration - self.now)


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
