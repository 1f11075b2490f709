"""Actions of the admin: asked about before they touch many rows, and offered on a row's page."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import quote, unquote
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin

#: The form's fields that say that the user was asked, and that the action is of a row's page.
CONFIRMED, ON_PAGE = "confirmed", "on_page"
#: The most rows that are named when the user is asked.
MOST_NAMED = 20


def confirmation(
    request: HttpRequest, *, model_admin: Any, rows: QuerySet[Any], question: str
) -> HttpResponse | None:
    """Ask before an action is done with more than one row.

    Args:
        request: the POST that chose the action.
        model_admin: the admin whose action it is.
        rows: the selected rows.
        question: what is asked, with `{count}` for how many there are.

    Returns:
        A page with the question, whose form sends the same POST again; None if the action may be
        done, because the user has confirmed it or because there is at most one row.
    """
    count = rows.count()
    if count <= 1 or CONFIRMED in request.POST:
        return None
    sent = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name in ("action", "index", "select_across", ACTION_CHECKBOX_NAME)
    ]
    context = {
        **model_admin.admin_site.each_context(request),
        "title": question.format(count=f"{count:,}"),
        "opts": model_admin.opts,
        "rows": rows[:MOST_NAMED],
        "more_count": max(0, count - MOST_NAMED),
        "sent": sent,
    }
    return TemplateResponse(request, "torale/confirm_action.html", context)


class OfferedOnPage(ModelAdmin):
    """An admin whose row's page has buttons for actions of the list."""

    change_form_outer_before_template = "torale/actions_on_page.html"
    #: The labels of the actions that a page may offer, by name.
    page_labels: Mapping[str, str] = {}

    def offered(self, request: HttpRequest, row: Any) -> Sequence[str]:
        """Return the names of the actions that make sense for `row`."""
        raise NotImplementedError

    def links_on_page(self, request: HttpRequest, row: Any) -> Sequence[tuple[str, str]]:
        """Return the addresses and labels of links beside the buttons."""
        return []

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a row's page, with the buttons that its user may press."""
        row = self.get_object(request, unquote(object_id))
        allowed = self.get_actions(request)
        context = {
            "page_actions": [
                (name, self.page_labels[name])
                for name in (self.offered(request, row) if row else ())
                if name in allowed
            ],
            "page_links": self.links_on_page(request, row) if row else [],
        }
        context |= extra_context or {}
        page: HttpResponse = super().change_view(request, object_id, form_url, context)
        return page

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Model]
    ) -> HttpResponse | None:
        """Do an action; lead back to the row's page if it was chosen there."""
        response: HttpResponse | None = super().response_action(request, queryset)
        if ON_PAGE in request.POST and isinstance(response, HttpResponseRedirect):
            pk = quote(request.POST[ACTION_CHECKBOX_NAME])
            name = f"{self.opts.app_label}_{self.opts.model_name}_change"
            return HttpResponseRedirect(reverse(f"admin:{name}", args=[pk]))
        return response
