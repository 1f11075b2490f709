"""The form of a task, which offers the members that the API has."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.conf import settings
from rest_framework.exceptions import ErrorDetail

from accounts.models import User
from accounts.verification import verified_emails
from console.forms.refusals import ShowsRefusals
from console.words import webhook_formats
from executions.monitors import check
from executions.monitors.addresses import addresses_in
from tasks import visit_schedule
from tasks.destinations import OWN_FORMAT, parse, unparse
from tasks.models import NAME_LENGTH, Task
from tasks.serializers import TaskWriteSerializer
from torale.errors import Refused

#: The form's field for each member of the API that has another name.
FIELDS = {"timezone": "time_zone", "notifications": "webhook_url"}
#: What the API says before what is wrong with a notification; the form shows where it is.
PREFIX = "Invalid notification: "


class TaskForm(ShowsRefusals, forms.Form):
    """What to watch, when to tell, and whom.

    The rules are those of the API: the form gives its values to TaskWriteSerializer, and shows each
    fault at its field.
    """

    renamed = FIELDS

    search_query = forms.CharField(
        label="Page to watch",
        max_length=2000,
        help_text="The address of a page, or a sentence with the addresses of several.",
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "https://shop.example/bread"}),
    )
    condition_description = forms.CharField(
        label="Tell me when",
        max_length=2000,
        required=False,
        help_text="Such as: contains “In stock” · price < 100 · new items. If it is empty, you are "
        "told when the page changes.",
        widget=forms.TextInput(attrs={"placeholder": 'contains "In stock"', "spellcheck": "false"}),
    )
    name = forms.CharField(
        max_length=NAME_LENGTH,
        required=False,
        help_text="What to call it in your list and in the messages.",
    )
    schedule = forms.CharField(
        label="How often",
        initial=visit_schedule.AUTO,
        max_length=visit_schedule.MAX_LENGTH,
        help_text="“auto”, “every 30 minutes”, “every 2 hours”, “every 1 days”, or cron fields "
        "such as 0 9 * * 1-5.",
        widget=forms.TextInput(attrs={"list": "schedules"}),
    )
    time_zone = forms.CharField(
        initial=visit_schedule.DEFAULT_ZONE,
        max_length=visit_schedule.MAX_LENGTH,
        help_text="For cron fields, such as Europe/Berlin.",
    )
    notification_email = forms.ChoiceField(
        label="Email",
        required=False,
        help_text="Your verified addresses. If you choose neither an email nor a webhook, your "
        "account's address is told.",
    )
    webhook_url = forms.CharField(
        label="Webhook",
        max_length=2048,
        required=False,
        widget=forms.URLInput(attrs={"placeholder": "https://hooks.example/torale"}),
    )
    webhook_format = forms.ChoiceField(
        label="Format of the webhook",
        required=False,
        choices=webhook_formats,
    )

    def __init__(
        self,
        user: User,
        data: Any = None,
        *,
        task: Task | None = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        """Show an empty form, the values of `task`, or what `user` submitted as `data`."""
        shown = _values_of(task) if task else {"notification_email": user.email}
        super().__init__(data, initial=shown | (initial or {}))
        self.user = user
        self.task = task
        emails = verified_emails(user=user)
        stored = task.notification_email if task else None
        if stored and stored not in emails:
            emails.append(stored)
        if settings.TORALE_MODEL:
            self._offer_plain_words()
        field = cast(forms.ChoiceField, self.fields["notification_email"])
        field.choices = [("", "None"), *((each, each) for each in emails)]

    def _offer_plain_words(self) -> None:
        """Say that questions and conditions may be written in plain words, too."""
        query, condition = self.fields["search_query"], self.fields["condition_description"]
        query.label = "Question or page"
        query.help_text = (
            "A question in plain words, which a language model answers by searching the web; or "
            "the address of a page."
        )
        query.widget.attrs["placeholder"] = "When do tickets for the Riverside festival go on sale?"
        condition.help_text = (
            "In plain words, such as: the date is announced. For a page also: contains “In stock” "
            "· price < 100 · new items. If it is empty, you are told the answer to your question, "
            "or when the page changes."
        )
        condition.widget.attrs["placeholder"] = "The date is announced"

    def clean(self) -> dict[str, Any]:
        """Return what was given, and store the values that the domain takes as `task_fields`.

        All faults are found here, so that they are shown together.
        """
        given = super().clean() or {}
        query = given.get("search_query")
        condition: str = given.get("condition_description") or _default_condition(query or "")
        body = {
            "name": given.get("name") or None,
            "search_query": query or None,
            "condition_description": condition,
            "schedule": given.get("schedule"),
            "timezone": given.get("time_zone"),
        }
        serializer = TaskWriteSerializer(data=body)
        if not serializer.is_valid():
            self._show(serializer.errors)
        self.task_fields = {**serializer.validated_data} if serializer.is_valid() else {}
        self.task_fields["notifications"] = self._notifications(given)
        if query:
            with self.refusals():
                check(
                    search_query=query,
                    condition_description=condition,
                    networks=self.user.networks(),
                )
        return given

    def _show(self, errors: Mapping[str, list[ErrorDetail]]) -> None:
        for member, faults in errors.items():
            name = FIELDS.get(member, member)
            if name not in self.errors:
                for fault in faults:
                    self.add_error(name, str(fault))

    def _notifications(self, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return whom to tell, as the API has it; a fault is shown at the webhook's URL."""
        configs: list[dict[str, Any]] = []
        if given.get("notification_email"):
            configs.append({"type": "email", "address": given["notification_email"]})
        if url := given.get("webhook_url"):
            kept = _webhook_of(self.task) if self.task else {}
            configs.append(
                {
                    "type": "webhook",
                    **(kept if kept.get("url") == url else {}),
                    "url": url,
                    "format": given.get("webhook_format") or OWN_FORMAT,
                }
            )
        try:
            parse(configs, networks=self.user.networks())
        except Refused as error:
            self.add_error("webhook_url", error.detail.removeprefix(PREFIX))
        return configs


def _default_condition(query: str) -> str:
    """Return what a query without a condition waits for, in words that the form can show."""
    return query if query and not addresses_in(query) else "changes"


def _values_of(task: Task) -> dict[str, Any]:
    """Return what the form of `task` shows."""
    return {name: getattr(task, name) or "" for name in TaskForm.base_fields if hasattr(task, name)}


def _webhook_of(task: Task) -> dict[str, Any]:
    """Return the method and headers of the task's webhook, which the form does not show."""
    for config in unparse(task.destinations):
        if config["type"] == "webhook":
            return config
    return {}
