"""The admin site: its login, and the content security policy of its pages."""

from collections.abc import Callable
from typing import Any

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from unfold.sites import UnfoldAdminSite

from accounts.log_in import AdminLogInForm

#: The theme uses Alpine, which compiles expressions (`unsafe-eval`), and has inline styles in its
#: templates. Inline scripts stay forbidden.
policy = csp_replace({"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]})


class AdminSite(UnfoldAdminSite):
    """The admin. Its login answers 429 after too many attempts."""

    login_form = AdminLogInForm
    index_template = "desk/home.html"

    @method_decorator(policy)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the login form, or log the user in with the submitted one."""
        response: HttpResponse = super().login(request, extra_context)
        form = (getattr(response, "context_data", None) or {}).get("form")
        if form:
            form.mark(response)
        return response

    def admin_view(
        self,
        view: Callable[..., Any],
        cacheable: bool = False,  # noqa: FBT001, FBT002 - Django's signature
    ) -> Callable[..., Any]:
        """Return `view`, limited to users who may enter the admin."""
        wrapped: Callable[..., Any] = super().admin_view(policy(view), cacheable)
        return wrapped
