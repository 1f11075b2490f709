"""Request limits: per client address for public views, and per API key for all views."""

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from threading import Lock
from typing import Any, ClassVar, Protocol
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from torale.limits import Limit, Verdict, hit
from torale.proxies import client_address

#: How long a request with a key counts, in seconds.
MINUTE_S = 60
#: How many callers are counted at a time. Beyond that, the one that has not called for the longest
#: time is forgotten.
MOST_CALLERS = 10_000


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


class KeyThrottle(BaseThrottle):
    """Limits the requests of each API key, and each logged-in user, to TORALE_REQUESTS_PER_MINUTE.

    It protects against a client that runs out of control. Each web process counts separately and in
    memory, so that no request needs a query for it; with several processes more requests may pass.
    """

    #: The times of each caller's requests in the last minute, the oldest first; of callers, the one
    #: that called last is last.
    _times: ClassVar[OrderedDict[UUID, deque[float]]] = OrderedDict()
    _lock: ClassVar[Lock] = Lock()
    #: How many seconds it takes until the caller's oldest request no longer counts.
    _reset_s: float

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request, and store the figures for `rate_limit_headers` on it."""
        most = settings.TORALE_REQUESTS_PER_MINUTE
        if not most or not request.user.is_authenticated:
            return True
        caller = request.auth.pk if request.auth else request.user.pk
        now = time.time()
        with self._lock:
            times = self._times_of(caller)
            while times and times[0] <= now - MINUTE_S:
                times.popleft()
            is_allowed = len(times) < most
            if is_allowed:
                times.append(now)
            left, self._reset_s = most - len(times), times[0] + MINUTE_S - now
        request._request.rate_limit = {  # type: ignore[attr-defined]  # noqa: SLF001
            "RateLimit-Limit": str(most),
            "RateLimit-Remaining": str(left),
            "RateLimit-Reset": str(math.ceil(self._reset_s)),
        }
        return is_allowed

    def wait(self) -> float:
        """Return how many seconds it takes until the oldest request no longer counts."""
        return self._reset_s

    def _times_of(self, caller: UUID) -> deque[float]:
        times = self._times.setdefault(caller, deque())
        self._times.move_to_end(caller)
        if len(self._times) > MOST_CALLERS:
            self._times.popitem(last=False)
        return times


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
