"""What a request with an API key passed through at commit dc2fe3d, in the same code."""

import hashlib
import math
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import structlog
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.db.models import DateTimeField, Func, Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.functional import SimpleLazyObject
from django_structlog.middlewares import RequestMiddleware
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle

from accounts.models import APIKey, User

PROBED = re.compile(r"/(healthz|readyz|health|metrics)/?")
LAST_USED_PRECISION = timedelta(minutes=1)

Answering = Callable[[HttpRequest], HttpResponse]


class DatabaseNow(Func):
    function = "torale_now"
    arity = 0
    output_field = DateTimeField()


class BearerAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, APIKey] | None:
        header = request.headers.get("Authorization")
        if header is None:
            return None
        scheme, _, secret = header.partition(" ")
        secret = secret.strip()
        if scheme.lower() != "bearer" or not secret.startswith("sk_") or not secret.isascii():
            raise AuthenticationFailed
        key = (
            APIKey.objects.filter(digest=hashlib.sha256(secret.encode()).digest())
            .filter(revoked_at=None, user__is_active=True)
            .select_related("user")
            .annotate(now=DatabaseNow())
            .first()
        )
        if key is None:
            raise AuthenticationFailed
        now = key.now  # type: ignore[attr-defined]
        if key.last_used_at is None or key.last_used_at <= now - LAST_USED_PRECISION:
            APIKey.objects.filter(
                Q(last_used_at=None) | Q(last_used_at__lte=now - LAST_USED_PRECISION), pk=key.pk
            ).update(last_used_at=now)
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class KeyThrottle(SimpleRateThrottle):
    num_requests: int
    duration: int

    def get_rate(self) -> str | None:
        most = settings.TORALE_REQUESTS_PER_MINUTE
        return f"{most}/minute" if most else None

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        if not request.user.is_authenticated:
            return None
        return f"throttle:{request.auth.pk if request.auth else request.user.pk}"

    def allow_request(self, request: Request, view: Any) -> bool:
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


def rate_limit_headers(get_response: Answering) -> Answering:
    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in getattr(request, "rate_limit", {}).items():
            response.headers[name] = value
        return response

    return middleware


class RequestLog(RequestMiddleware):
    @classmethod
    def bind_ip(cls, request: HttpRequest) -> None:
        address = BaseThrottle().get_ident(request)  # type: ignore[arg-type]
        structlog.contextvars.bind_contextvars(ip=address)

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {request.path}"

    @staticmethod
    def bind_user_id(request: HttpRequest) -> None:
        user = getattr(request, "user", None)
        if not isinstance(user, SimpleLazyObject) or hasattr(request, "_cached_user"):
            RequestMiddleware.bind_user_id(request)


def warn_of_unknown_proxy(get_response: Answering) -> Answering:
    def middleware(request: HttpRequest) -> HttpResponse:
        assert "HTTP_X_FORWARDED_FOR" not in request.META
        return get_response(request)

    return middleware


def at_any_host(get_response: Answering) -> Answering:
    def middleware(request: HttpRequest) -> HttpResponse:
        if PROBED.fullmatch(request.path_info):
            request.META["HTTP_HOST"] = urlsplit(settings.TORALE_URL).netloc
        return get_response(request)

    return middleware


class PolicyMiddleware(CSPMiddleware):
    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if response.headers.get("Content-Type") == "application/json":
            return response
        return super().process_response(request, response)
