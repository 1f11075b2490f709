"""What browsers send of the console's form of a task, and what they are shown."""

from typing import Any

NEW = "/tasks/new"
#: What a browser sends of the form if its user fills in the page only.
FIELDS = {
    "search_query": "https://shop.example/bread",
    "condition_description": "",
    "name": "",
    "schedule": "auto",
    "time_zone": "UTC",
    "notification_email": "owner@example.com",
    "webhook_url": "",
    "webhook_format": "torale",
}


def edit_url(task) -> str:
    return f"/tasks/{task.pk}/edit"


def errors(answer) -> dict[str, list[str]]:
    """What is wrong, by the field at which it stands; nothing was stored then."""
    assert answer.status_code == 200
    return {
        name: [str(fault) for fault in faults]
        for name, faults in answer.context["form"].errors.items()
    }


def shown(answer) -> dict[str, Any]:
    """The fields' values as the page shows them."""
    return {field.name: field.value() for field in answer.context["form"]}


def form_of(browser, task) -> dict[str, Any]:
    """What a browser sends if its user opens the form and presses “Save”."""
    return {name: value or "" for name, value in shown(browser.get(edit_url(task))).items()}
