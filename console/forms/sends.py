"""The form above the list of a user's sends."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms

from accounts.models import EmailAddress, User
from console.words import EVENTS
from notifications.models import NotificationType, SendStatus, WebhookEndpoint
from tasks.models import Task

#: How many of the newest tasks can be chosen.
MOST_TASKS = 200
#: How many webhooks, and how many addresses, are suggested as recipients.
MOST_RECIPIENTS = 50

Choices = Iterable[tuple[str, str]]


def local_time(time: datetime) -> str:
    """Return a time in UTC as a browser's field for times takes it, and the API's filters, too."""
    return time.replace(tzinfo=None).isoformat(timespec="seconds")


class TimeInput(forms.DateTimeInput):
    """A browser's field for times."""

    input_type = "datetime-local"


def _choice(label: str, choices: Choices) -> forms.CharField:
    widget = forms.Select(choices=[("", "Any"), *choices])
    return forms.CharField(label=label, required=False, widget=widget)


class SendFilterForm(forms.Form):
    """The filters of the list.

    A field takes any text, as the API's filters decide what is valid.

    Args:
        user: whose sends are listed.
        given: the query parameters.
        valid: the values of those that are valid, by the names of the filters.
        faults: what is wrong with the others, by the names of the filters.
    """

    status = _choice("Status", SendStatus.choices)
    notification_type = _choice("Channel", NotificationType.choices)
    event_type = _choice("What it tells", EVENTS.items())
    task_id = _choice("Task", [])
    recipient = forms.CharField(
        required=False,
        help_text="The whole email address or URL.",
        widget=forms.TextInput(attrs={"list": "recipients", "autocomplete": "off"}),
    )
    created_after = forms.CharField(label="Since (UTC)", required=False, widget=TimeInput())
    created_before = forms.CharField(label="Before (UTC)", required=False, widget=TimeInput())
    execution_id = forms.CharField(required=False, widget=forms.HiddenInput())

    def __init__(
        self,
        user: User,
        given: Mapping[str, str],
        *,
        valid: Mapping[str, Any],
        faults: Mapping[str, Iterable[str]],
    ) -> None:
        shown = {
            name: local_time(value) if isinstance(value, datetime) else given[name]
            for name, value in valid.items()
        }
        super().__init__({**given, **shown}, use_required_attribute=False)
        self.user = user
        self._offer_tasks(valid.get("task_id"))
        for name, messages in faults.items():
            # The same may have been found here already, and nobody sees a hidden field.
            if name not in self.errors:
                is_hidden = self[name].is_hidden
                words = [f"{name}: {each}" if is_hidden else str(each) for each in messages]
                self.add_error(None if is_hidden else name, words)

    def _offer_tasks(self, chosen: UUID | None) -> None:
        newest = Task.objects.for_user(self.user).newest_first().values_list("pk", "name")
        names = {str(pk): name for pk, name in newest[:MOST_TASKS]}
        if chosen and str(chosen) not in names:
            names[str(chosen)] = f"The task {chosen}"
        by_name = sorted(names.items(), key=lambda task: task[1].casefold())
        self.fields["task_id"].widget = forms.Select(choices=[("", "Any"), *by_name])

    @property
    def is_used(self) -> bool:
        """Whether a filter is set."""
        return any(self.data.get(name) for name in self.fields)

    def recipients(self) -> list[str]:
        """Return addresses and URLs to suggest, by two queries."""
        addresses = EmailAddress.objects.for_user(self.user).verified()
        webhooks = WebhookEndpoint.objects.for_user(self.user).order_by("-pk")
        return [
            self.user.email,
            *addresses.order_by("email").values_list("email", flat=True)[:MOST_RECIPIENTS],
            *webhooks.values_list("url", flat=True)[:MOST_RECIPIENTS],
        ]
