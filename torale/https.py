"""Pages over http lead to https, where the operator wants that of us rather than of a proxy."""

import re
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect

#: What people open. A program that is given http by mistake must hear so rather than go on with
#: its key in the clear, and a probe asks this process, not a proxy.
PAGES = re.compile(r"/((admin|docs|redoc|unsubscribe)(/.*)?)?")


def redirect_pages(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Redirect GET and HEAD of pages to their address below TORALE_URL, if they came over http.

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
