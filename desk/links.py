"""Addresses of the admin's pages, and who may see them."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

#: What the page "Why?" shows; who may view only some of it may not read the page.
SHOWN_BY_WHY = (
    "tasks.view_task",
    "executions.view_execution",
    "notifications.view_notificationsend",
)


def may_view(request: HttpRequest, model: type[Model]) -> bool:
    """Return whether the user may see the rows of `model` in the admin."""
    return bool(admin.site.get_model_admin(model).has_view_permission(request))


def may_ask_why(request: HttpRequest) -> bool:
    """Return whether the user may read the page "Why?"."""
    return request.user.has_perms(SHOWN_BY_WHY)


def list_of(model: type[Model], **query: Any) -> str:
    """Return the address of the list of `model`, filtered by the parameters of its query."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{address}?{urlencode(query)}" if query else address


def page_of(model: type[Model], pk: Any) -> str:
    """Return the address of the page of one row of `model`."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[pk])


def created_within(since: datetime, until: datetime | None = None) -> dict[str, str]:
    """Return the parameters that keep rows created in a period; None leaves its end open."""
    end = {"created_at__lt": str(until)} if until else {}
    return {"created_at__gte": str(since), **end}


def sorted_by(request: HttpRequest, model: type[Model], column: str) -> dict[str, str]:
    """Return the parameter that sorts the list of `model` by a column, in ascending order."""
    model_admin = admin.site.get_model_admin(model)
    shown = model_admin.get_list_display(request)
    columns = [
        getattr(getattr(model_admin, str(name), None), "admin_order_field", name) for name in shown
    ]
    if column not in columns:
        return {}
    # The check boxes of the actions are the first column.
    return {"o": str(columns.index(column) + bool(model_admin.get_actions(request)))}
