"""Resetting a forgotten password: Django's page for the link, and ours to ask for it."""

from django.contrib.auth import views as auth
from django.contrib.messages.views import SuccessMessageMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.views.decorators.http import require_http_methods

from accounts import password_reset
from console.forms.account import ChoosePasswordForm, EmailForm
from torale.proxies import client_address


@require_http_methods(["GET", "HEAD", "POST"])
def request_link(request: HttpRequest) -> HttpResponse:
    """Have a link mailed to the address that a visitor gives, if it is that of an account."""
    form = EmailForm(request.POST or None)
    is_sent = False
    if form.is_valid():
        with form.refusals():
            password_reset.request_link(
                email=form.cleaned_data["email"], address=client_address(request)
            )
            is_sent = True
    return render(
        request, "console/account/password_reset.html", {"form": form, "is_sent": is_sent}
    )


class ConfirmView(SuccessMessageMixin, auth.PasswordResetConfirmView):  # type: ignore[type-arg]
    """The page that the link opens, on which a new password is chosen."""

    template_name = "console/account/password_reset_confirm.html"
    form_class = ChoosePasswordForm
    success_url = reverse_lazy("console:log-in")
    success_message = "Your password is changed. Log in with it."
