"""Redirect pages from http to https, for operators whose proxy does not."""

import re
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect

#: The paths that people open. The API is not redirected: a program that uses http by mistake would
#: keep sending its key unencrypted. Probes are not redirected: they bypass the proxy.
PAGES = re.compile(
    r"/((admin|docs|help|log-in|notifications|password-reset|redoc|settings|sign-up"
    r"|tasks(?!/[^/]+/rss)|unsubscribe|why)(/.*)?)?"
)


def redirect_pages(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Redirect GET and HEAD of pages that came over http to the same path below TORALE_URL.

    Raises:
        MiddlewareNotUsed: TORALE_HTTPS_REDIRECT is off.
    """
    if not settings.TORALE_HTTPS_REDIRECT:
        raise MiddlewareNotUsed

    def middleware(request: HttpRequest) -> HttpResponse:
        is_page = request.method in ("GET", "HEAD") and PAGES.fullmatch(request.path)
        if is_page and not request.is_secure():
            return HttpResponsePermanentRedirect(settings.TORALE_URL + request.get_full_path())
        return get_response(request)

    return middleware
