"""Logging in, by Django's own view."""

from typing import cast

from django.contrib.auth import views as auth
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpResponse

from accounts import sign_up
from accounts.log_in import LogInForm


class LogInView(auth.LoginView):
    """The page on which people log in."""

    template_name = "console/account/log_in.html"
    authentication_form = LogInForm
    redirect_authenticated_user = True
    extra_context = {"is_open": sign_up.is_open}

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Show the form again; the answer is 429 after too many attempts."""
        response = super().form_invalid(form)
        cast(LogInForm, form).mark(response)
        return response
