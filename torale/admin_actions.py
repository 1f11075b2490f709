"""Actions of the admin that ask before they touch several rows, and buttons for them on pages."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

#: The form field with the ids of the rows for which the user has confirmed the action.
CONFIRMED = "confirmed"
#: How many rows the page that asks names.
NAMED = 10

Action = Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponseBase | None]


def ask_first(question: str, *, about_one: bool = False) -> Callable[[Action], Action]:
    """Return a decorator for an action: it shows a page that asks before it touches several rows.

    Args:
        question: what the page asks, with `{rows}` for the number and the name of the rows.
        about_one: whether to ask before the action touches only one row, too.
    """

    def decorate(action: Action) -> Action:
        @wraps(action)
        def asking(
            self: Any, request: HttpRequest, queryset: QuerySet[Any]
        ) -> HttpResponseBase | None:
            if CONFIRMED in request.POST:
                return action(self, request, queryset)
            ids = [*queryset.values_list("pk", flat=True)]
            if len(ids) <= 1 and not about_one:
                return action(self, request, queryset)
            return _ask(self, request, queryset, ids, action.__name__, question)

        return asking

    return decorate


def _ask(  # noqa: PLR0913, PLR0917 - what the page shows
    model_admin: ModelAdmin,
    request: HttpRequest,
    queryset: QuerySet[Any],
    ids: list[Any],
    action: str,
    question: str,
) -> TemplateResponse:
    opts = model_admin.opts
    name = opts.verbose_name if len(ids) == 1 else opts.verbose_name_plural
    return TemplateResponse(
        request,
        "torale/admin/confirm_action.html",
        {
            **model_admin.admin_site.each_context(request),
            "title": "Are you sure?",
            "opts": opts,
            "question": question.format(rows=f"{len(ids):,} {name}"),
            "named": queryset.filter(pk__in=ids[:NAMED]),
            "more": max(0, len(ids) - NAMED),
            "fields": {
                "action": action,
                ACTION_CHECKBOX_NAME: ids[0] if ids else "",
                CONFIRMED: ",".join(map(str, ids)),
            },
            "back": getattr(request, "back_to", request.get_full_path()),
        },
    )


class ActionsOnPage(ModelAdmin):
    """An admin whose rows' pages have buttons for some of its actions."""

    #: The names of actions, and what their buttons say.
    page_actions: Mapping[str, str] = {}
    #: Those of them that end something.
    dangerous_actions: frozenset[str] = frozenset()

    change_form_outer_before_template = "torale/admin/actions.html"

    def applies(self, request: HttpRequest, action: str, row: Any) -> bool:
        """Return whether there is a point in offering an action for a row."""
        return True

    def page_links(self, request: HttpRequest, row: Any) -> list[dict[str, str]]:
        """Return the links beside the buttons, each with its `title` and `url`."""
        return []

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        """Show a row's page, with the buttons that the request's user may press."""
        row = self.get_object(request, unquote(object_id))
        context = {
            "buttons": self.page_buttons(request, row) if row else [],
            "links": self.page_links(request, row) if row else [],
            **(extra_context or {}),
        }
        page: HttpResponseBase = super().change_view(request, object_id, form_url, context)
        return page

    def get_urls(self) -> list[URLPattern]:
        """Return the admin's URLs and one for the buttons."""
        ours = path(
            "<path:object_id>/do/<slug:name>/",
            self.admin_site.admin_view(self.act_on_page),
            name=f"{self.opts.app_label}_{self.opts.model_name}_do",
        )
        return [ours, *super().get_urls()]

    @method_decorator(require_POST)
    def act_on_page(self, request: HttpRequest, object_id: str, name: str) -> HttpResponseBase:
        """Do an action with one row, and show the row again.

        Raises:
            PermissionDenied: there is no such button for the request's user.
        """
        row = self.get_object(request, unquote(object_id))
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[no-any-return]
        actions = self.get_actions(request)
        if (
            name not in self.page_actions
            or name not in actions
            or not self.has_view_permission(request, row)
        ):
            raise PermissionDenied
        page = self._page_of("change", row)
        request.back_to = page  # type: ignore[attr-defined]  # for the page that asks
        function, *_ = actions[name]
        rows = self.get_queryset(request).filter(pk=row.pk)
        response: HttpResponseBase | None = function(self, request, rows)
        return response or HttpResponseRedirect(page)

    def page_buttons(self, request: HttpRequest, row: Model) -> list[dict[str, Any]]:
        """Return the buttons that the row's page has for the request's user."""
        allowed = self.get_actions(request)
        return [
            {
                "title": title,
                "url": self._page_of("do", row, name),
                "variant": "danger" if name in self.dangerous_actions else "primary",
            }
            for name, title in self.page_actions.items()
            if name in allowed and self.applies(request, name, row)
        ]

    def _page_of(self, what: str, row: Model, *more: str) -> str:
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{what}"
        return reverse(name, args=[row.pk, *more])


class RecordPage(ActionsOnPage):
    """An admin whose rows have a page of their own instead of a form."""

    #: The page's template; it extends torale/admin/record.html.
    record_template: str

    def record_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """Return what the page's template shows."""
        return {}

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        """Show the page of a row.

        Raises:
            PermissionDenied: the user may not view it, or sends a form, which no page has.
        """
        row = self.get_object(request, unquote(object_id))
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[no-any-return]
        if not self.has_view_permission(request, row) or request.method == "POST":
            raise PermissionDenied
        return TemplateResponse(
            request,
            self.record_template,
            {
                **self.admin_site.each_context(request),
                "title": str(row),
                "opts": self.opts,
                "media": self.media,
                "original": row,
                "row": row,
                "buttons": self.page_buttons(request, row),
                "history_url": self._page_of("history", row),
                **self.record_context(request, row),
                **(extra_context or {}),
            },
        )
