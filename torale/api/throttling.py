"""How often one may call: an address the public views, a key all of them."""

import math
from collections.abc import Callable
from typing import Any, Protocol

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle

from torale.limits import Limit, Verdict, hit

#: Characters of an address that count: more than any address has.
ADDRESS_LENGTH = 100


class Limited(Protocol):
    """A view that may be called only so often."""

    #: How often one address may call it.
    limit: Limit


class AddressThrottle(BaseThrottle):
    """Holds each client address to the view's `limit`; beyond it, 429 with `Retry-After`.

    The address is that of the connection, or the one that the TORALE_PROXIES in front have seen:
    what a client itself writes into X-Forwarded-For would let it choose whose count it uses.
    `torale.limits` counts, so that all processes share the counts.
    """

    verdict: Verdict

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request; False when it is one too many."""
        limited: Limited = view
        # Where TORALE_PROXIES is too large, the client itself writes it, and at any length.
        self.verdict = hit(limited.limit, self.get_ident(request)[:ADDRESS_LENGTH])
        return self.verdict.allowed

    def wait(self) -> float:
        """Return the seconds until it may be called again."""
        return self.verdict.wait.total_seconds()


class KeyThrottle(SimpleRateThrottle):
    """Holds each API key, and each signed-in user, to TORALE_REQUESTS_PER_MINUTE.

    A guard against a client that runs wild, generous to all others: each web process counts for
    itself, in memory, so that a request pays no query for it.
    """

    num_requests: int
    duration: int

    def get_rate(self) -> str | None:
        """Return the rate in DRF's form; None is no limit."""
        most = settings.TORALE_REQUESTS_PER_MINUTE
        return f"{most}/minute" if most else None

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        """Return what the caller is counted under; None for callers without a key."""
        if not request.user.is_authenticated:
            return None
        return f"throttle:{request.auth.pk if request.auth else request.user.pk}"

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request and leave the figures for `rate_limit_headers`."""
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
        """Return the seconds until the oldest call counts no more."""
        return float(self.history[-1] + self.duration - self.now)


def rate_limit_headers(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Add what KeyThrottle counted to each answer, refused ones too (draft-ietf-httpapi-ratelimit).

    A middleware, as a view's answer is made after its throttles are gone.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in getattr(request, "rate_limit", {}).items():
            response.headers[name] = value
        return response

    return middleware
