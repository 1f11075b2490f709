"""The forms with which people create and recover accounts."""

from django import forms
from django.contrib.auth.forms import SetPasswordForm

from console.forms.refusals import ShowsRefusals


class EmailForm(ShowsRefusals, forms.Form):
    """Asks for an email address."""

    email = forms.EmailField(
        max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


class ChoosePasswordForm(ShowsRefusals, SetPasswordForm):  # type: ignore[type-arg]
    """Asks for a new password, twice."""
