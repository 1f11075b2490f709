"""The first page of the settings: the account, and its username."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.authentication import caller
from accounts.usernames import set_username
from console.forms.settings import UsernameForm


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def account(request: HttpRequest) -> HttpResponse:
    """Show the account, and set the username, once."""
    user = caller(request)
    form = UsernameForm(request.POST or None)
    if form.is_valid():
        with form.refusals(at="username"):
            set_username(user=user, username=form.cleaned_data["username"])
            messages.success(request, f"Your username is {user.username}.")
            return redirect("console:settings")
    return render(request, "console/settings/account.html", {"form": form})
