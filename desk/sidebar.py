"""The links at the side of the admin's pages."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import APIKey, EmailAddress, User
from desk.links import list_of, may_ask_why, may_view
from executions.models import Execution
from executions.spending import Spending
from notifications.models import EmailSuppression, NotificationSend, WebhookEndpoint
from tasks.models import Task


@dataclass(frozen=True, slots=True)
class Link:
    """A link to a list, shown to those who may view its rows."""

    title: str
    #: The name of a symbol of the theme's font, Material Symbols.
    icon: str
    model: type[Model]


GROUPS = {
    "Notifications": [
        Link("Sends", "send", NotificationSend),
        Link("Webhooks", "webhook", WebhookEndpoint),
        Link("Suppressed addresses", "unsubscribe", EmailSuppression),
    ],
    "Watching": [
        Link("Tasks", "visibility", Task),
        Link("Executions", "history", Execution),
        Link("Spending", "payments", Spending),
    ],
    "Accounts": [
        Link("Users", "person", User),
        Link("API keys", "key", APIKey),
        Link("Addresses", "alternate_email", EmailAddress),
    ],
    "System": [
        Link("Jobs", "manufacturing", ProcrastinateJob),
    ],
}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups of links that the user may follow, as the theme expects them."""
    first = [_item("Home", "home", reverse("admin:index"))]
    if may_ask_why(request):
        first.append(_item("Why?", "help", reverse("admin-why")))
    groups: list[dict[str, Any]] = [{"items": first}]
    for title, links in GROUPS.items():
        items = [
            _item(link.title, link.icon, list_of(link.model))
            for link in links
            if may_view(request, link.model)
        ]
        if items:
            groups.append({"title": title, "items": items})
    return groups


def _item(title: str, icon: str, address: str) -> dict[str, str]:
    return {"title": title, "icon": icon, "link": address}
