"""Log requests without needing the database."""

from typing import Any

import structlog
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django_structlog import signals
from django_structlog.middlewares import RequestMiddleware

from torale.logs import without_tokens
from torale.proxies import client_address


class RequestLog(RequestMiddleware):
    """Logs each request, with its user if the request has been authenticated already.

    The original loads the user itself. While the database is unavailable, that fails outside of all
    exception handlers. A probe that sends a session's cookie would also depend on the database.
    """

    @classmethod
    def bind_ip(cls, request: HttpRequest) -> None:
        """Add the client's address to what is logged from here on.

        The original reads it from X-Forwarded-For, which any client can send.
        """
        structlog.contextvars.bind_contextvars(ip=client_address(request))

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Return the method and the path, without tokens.

        The original adds the query. A search for a recipient has the URL of a chat there, which is
        a secret.
        """
        return f"{request.method} {without_tokens(request.path)}"

    @staticmethod
    def bind_user_id(request: HttpRequest) -> None:
        """Add the user to what is logged from here on, if it is known."""
        user = getattr(request, "user", None)
        # Django's own lazy user sets `_cached_user` when it is loaded.
        if not isinstance(user, SimpleLazyObject) or hasattr(request, "_cached_user"):
            RequestMiddleware.bind_user_id(request)


@receiver(
    [signals.bind_extra_request_finished_metadata, signals.bind_extra_request_failed_metadata]
)
def add_user_agent(*, request: HttpRequest, log_kwargs: dict[str, Any], **_: object) -> None:
    """Add the program that made the request to the line about it."""
    log_kwargs["user_agent"] = request.META.get("HTTP_USER_AGENT")
