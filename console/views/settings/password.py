"""The password."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.authentication import caller
from torale.limits import Limit, hit

#: Attempts of one user. Whoever has found an open session must not guess the password in it.
CHANGES = Limit("password_changes", 10, timedelta(hours=1))


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def password(request: HttpRequest) -> HttpResponse:
    """Change the password. This session goes on, and the user's others end."""
    user = caller(request)
    if request.method != "POST":
        return _page(request, PasswordChangeForm(user))
    if not hit(CHANGES, str(user.pk)).allowed:
        messages.error(
            request, f"At most {CHANGES.most} attempts an hour are accepted. Try again later."
        )
        return redirect("console:settings-password")
    form = PasswordChangeForm(user, request.POST)
    if not form.is_valid():
        return _page(request, form)
    form.save()
    update_session_auth_hash(request, user)
    messages.success(request, "Your password is changed. Everywhere else, you are logged out.")
    return redirect("console:settings-password")


def _page(request: HttpRequest, form: PasswordChangeForm) -> HttpResponse:
    return render(request, "console/settings/password.html", {"form": form})
