"""Creating an account: asking for the link, and choosing a password on the page that it opens."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import sign_up
from accounts.models import User
from console.forms.account import ChoosePasswordForm, EmailForm
from torale.proxies import client_address


@require_http_methods(["GET", "HEAD", "POST"])
def request_link(request: HttpRequest) -> HttpResponse:
    """Have a link mailed to the address that a visitor gives."""
    form = EmailForm(request.POST or None)
    is_sent = False
    if form.is_valid():
        with form.refusals():
            sign_up.request_link(email=form.cleaned_data["email"], address=client_address(request))
            is_sent = True
    return render(
        request,
        "console/account/sign_up.html",
        {"form": form, "is_sent": is_sent, "is_open": sign_up.is_open()},
    )


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Create the account with the password that the reader of the mail chooses."""
    email = sign_up.email_of(token)
    if email is None:
        return render(request, "console/account/sign_up_confirm.html", {"form": None}, status=404)
    form = ChoosePasswordForm(User(email=email), request.POST or None)
    if form.is_valid():
        with form.refusals():
            user = sign_up.create_account(email=email, password=form.cleaned_data["new_password1"])
            login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
            messages.success(request, "Your account is ready. Create your first task.")
            return redirect("console:task-new")
    return render(request, "console/account/sign_up_confirm.html", {"form": form, "email": email})
