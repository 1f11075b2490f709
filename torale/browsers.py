"""Django's middleware that only browsers need: sessions, CSRF, log-ins and messages.

A call of the API with an Authorization header uses none of it: BearerAuthentication either knows
its key or refuses it, whatever cookies come with it.
"""

import re
from typing import Any

from django.conf import settings
from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest, HttpResponse
from django.middleware import csrf
from django.utils.cache import patch_cache_control
from django.utils.deprecation import MiddlewareMixin

_API = re.compile(settings.CORS_URLS_REGEX)


class ForBrowsers(MiddlewareMixin):
    """Skips the middleware it is mixed into for calls of the API with an Authorization header."""

    def __call__(self, request: HttpRequest) -> Any:
        """Answer the request."""
        if "HTTP_AUTHORIZATION" in request.META and _API.match(request.path_info):
            return self.get_response(request)
        return super().__call__(request)


class SessionMiddleware(ForBrowsers, sessions.SessionMiddleware):
    """Opens sessions, and keeps what depends on them out of caches."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Store the session. No cache may keep the answer, unless its view says otherwise.

        A shared cache would show it to others, and a browser to whoever goes back after a log-out.
        """
        session = getattr(request, "session", None)
        if session is not None and session.accessed and "Cache-Control" not in response.headers:
            # Without `Expires`, which would tell the time of the answer.
            patch_cache_control(response, private=True, no_store=True)
        return super().process_response(request, response)


class CsrfViewMiddleware(ForBrowsers, csrf.CsrfViewMiddleware):
    """Checks CSRF tokens."""


class AuthenticationMiddleware(ForBrowsers, auth.AuthenticationMiddleware):
    """Knows who has logged in."""


class MessageMiddleware(ForBrowsers, messages.MessageMiddleware):
    """Keeps messages for the next page."""
