"""Limits of how often one address may call; torale.limits counts, so all processes share them."""

from datetime import datetime
from typing import Protocol

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from torale.limits import Limit, Verdict, hit


class Limited(Protocol):
    """A view that may be called only so often."""

    #: How often one address may call it.
    limit: Limit


class AddressThrottle(BaseThrottle):
    """Holds each client address to the view's `limit`; beyond it, 429 with `Retry-After`.

    The address is that of the connection: a header that the client writes, such as
    X-Forwarded-For, would let it choose whose count it uses.
    """

    verdict: Verdict
    asked_at: datetime

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count the request; False when it is one too many."""
        limited: Limited = view  # type: ignore[assignment]
        self.asked_at = timezone.now()
        self.verdict = hit(limited.limit, request.META["REMOTE_ADDR"], now=self.asked_at)
        return self.verdict.allowed

    def wait(self) -> float:
        """Return the seconds until it may be called again."""
        return (self.verdict.resets_at - self.asked_at).total_seconds()
