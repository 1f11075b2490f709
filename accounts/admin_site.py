"""The admin as a whole: its log-in, and what its pages may run."""

import math
from collections.abc import Callable
from typing import Any

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from rest_framework import status
from unfold.sites import UnfoldAdminSite

from accounts.log_in import LogInForm

#: The theme's Alpine compiles the expressions in its templates, and its templates have styles
#: inline. Neither allows inline scripts.
policy = csp_replace({"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]})


class AdminSite(UnfoldAdminSite):
    """The admin, whose log-in answers 429 to one attempt too many."""

    login_form = LogInForm

    @method_decorator(policy)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the form, or take what it sends."""
        response: HttpResponse = super().login(request, extra_context)
        form = (getattr(response, "context_data", None) or {}).get("form")
        if form and form.wait:
            response.status_code = status.HTTP_429_TOO_MANY_REQUESTS
            response.headers["Retry-After"] = str(math.ceil(form.wait.total_seconds()))
        return response

    def admin_view(
        self,
        view: Callable[..., Any],
        cacheable: bool = False,  # noqa: FBT001, FBT002 - Django's signature
    ) -> Callable[..., Any]:
        """Return `view` for those who may enter the admin."""
        wrapped: Callable[..., Any] = super().admin_view(policy(view), cacheable)
        return wrapped
