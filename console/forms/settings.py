"""The forms of the settings."""

from typing import Any, cast

from django import forms

from accounts.models import APIKey, User
from accounts.serializers import CheckCodeSerializer, SendCodeSerializer, UsernameSerializer
from accounts.verification import CODE_LENGTH, verified_emails
from console.forms.refusals import FollowsAPI, ShowsRefusals
from console.words import webhook_formats
from notifications.channels.webhook.config import is_switched_on
from notifications.models import WebhookConfig
from tasks.destinations import OWN_FORMAT, check_format
from torale.outbound.url_check import check_url


class UsernameForm(FollowsAPI, forms.Form):
    """Asks for a username."""

    serializer_class = UsernameSerializer

    username = forms.CharField(
        max_length=30,
        help_text="3 to 30 letters from a to z, digits, hyphens and underscores. It cannot be "
        "changed later.",
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )


class AddressForm(FollowsAPI, forms.Form):
    """Asks for an address to mail a code to."""

    serializer_class = SendCodeSerializer

    email = forms.EmailField(
        label="Another address",
        max_length=254,
        help_text="A code is mailed to it, which you enter here.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class CodeForm(FollowsAPI, forms.Form):
    """Asks for the code that was mailed to an address."""

    serializer_class = CheckCodeSerializer

    email = forms.EmailField(max_length=254, widget=forms.HiddenInput)
    code = forms.CharField(
        max_length=20,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "class": "short",
            }
        ),
    )

    def __init__(self, data: Any = None, *, email: str) -> None:
        """Show an empty form for `email`, or what was submitted for it as `data`."""
        # A page has one form for each address, so the ids of their fields differ.
        super().__init__(data, initial={"email": email}, auto_id=f"id_%s_{email}")
        self.address = email
        self.fields["code"].label = f"Code for {email}"
        self.fields["code"].help_text = f"The {CODE_LENGTH} digits that were mailed to it."


class WebhookForm(ShowsRefusals, forms.Form):
    """The default webhook: where it goes, its format and its switch."""

    url = forms.CharField(
        label="URL",
        max_length=2048,
        required=False,
        help_text="Tasks without a webhook of their own send theirs here. If it is empty, there is "
        "no default webhook.",
        widget=forms.URLInput(attrs={"placeholder": "https://hooks.example/torale"}),
    )
    format = forms.ChoiceField(choices=webhook_formats)
    is_enabled = forms.BooleanField(
        label="On",
        label_suffix="",
        required=False,
        help_text="Switching it on also switches on all webhooks that were switched off because "
        "they kept failing.",
    )

    def __init__(self, data: Any = None, *, config: WebhookConfig) -> None:
        """Show the configuration, or what was submitted as `data`."""
        initial = {
            "url": config.url or "",
            "format": config.format,
            "is_enabled": is_switched_on(config),
        }
        super().__init__(data, initial=initial)
        self.user = config.user

    def clean(self) -> dict[str, Any]:
        """Return the fields, after checking that the URL may be called and fits the format."""
        given = super().clean() or {}
        url = given.get("url")
        if url:
            with self.refusals(at="url"):
                check_url(url, networks=self.user.networks())
                check_format(given.get("format", OWN_FORMAT), url=url)
        elif url is not None and "test" in self.data:
            self.add_error("url", "Give the URL to which the test goes.")
        return given

    def switch(self) -> bool | None:
        """Return the new position of the switch; None if neither it nor the URL was changed."""
        is_touched = {"url", "is_enabled"} & {*self.changed_data}
        return self.cleaned_data["is_enabled"] if is_touched else None


#: The choices of a key's access.
FULL, READ_ONLY = "full", "read-only"


class KeyForm(ShowsRefusals, forms.Form):
    """What a new key is for, what it may do and how long."""

    name = forms.CharField(
        max_length=APIKey._meta.get_field("name").max_length,
        help_text="What the key is for, such as the program that uses it.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    access = forms.ChoiceField(
        choices=[
            (FULL, "Full: read and change"),
            (READ_ONLY, "Read-only: cannot change anything"),
        ]
    )
    expires_on = forms.DateField(
        label="Last day",
        required=False,
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": "Give a day such as 2027-01-31."},
        help_text="The key works until the end of this day in UTC. If it is empty, the key does "
        "not expire.",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "short"}),
    )


class NoticesForm(forms.Form):
    """The switch for emails about tasks and webhooks in trouble."""

    wants_notices = forms.BooleanField(
        label="Email me when a task or a webhook is in trouble",
        label_suffix="",
        required=False,
        help_text="When a task cannot look, works again or may no longer see what it should, and "
        "when a webhook is switched off.",
    )


class ResumeForm(forms.Form):
    """Asks to which of the user's addresses a task's emails go again."""

    email = forms.ChoiceField(label="Address", required=False)

    def __init__(self, user: User, data: Any = None) -> None:
        """Offer the verified addresses of `user`, the account's own first."""
        super().__init__(data)
        self.emails = verified_emails(user=user)
        choice = cast(forms.ChoiceField, self.fields["email"])
        choice.choices = [(each, each) for each in self.emails]

    def chosen(self) -> str:
        """Return the chosen address; the account's own if none was."""
        return str(self.cleaned_data["email"] or self.emails[0])
