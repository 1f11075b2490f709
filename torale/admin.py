"""What the apps' admins share: read-only records, long lists, and the log of changes."""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.core.paginator import InvalidPage, Page, Paginator
from django.db import connection
from django.db.models import Expression, Model, OrderBy, Q, QuerySet
from django.forms import BooleanField
from django.http import HttpRequest, HttpResponseBase
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from torale.admin_actions import CONFIRMED
from torale.admin_times import Bar, TimeFilter

#: The most rows that a long list counts, shows on its pages, and gives to an action.
MOST_ROWS = 1000
ROWS_A_PAGE = 50


class ReadOnly:
    """An admin in which nobody can add, change or delete rows."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Allow nobody to add rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Allow nobody to change rows."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Allow nobody to delete rows."""
        return False


@dataclass(frozen=True)
class Total:
    """How many rows match, of which a list has only the first."""

    number: int
    is_estimate: bool = False

    @property
    def text(self) -> str:
        """The number, as people read it."""
        return f"{self.number:,}"


@dataclass(frozen=True)
class Part:
    """Rows of a list that one index has in order."""

    condition: Q
    #: What the index is ordered by before the list's own columns, such as the day of `created_at`.
    #: The order of the list stays the same.
    order: Sequence[Expression] = ()


@dataclass(frozen=True)
class Lookup:
    """How PostgreSQL finds the first rows of a list."""

    #: Each row of the list is in exactly one of these. They are read in order, and merged.
    parts: Sequence[Part] = (Part(Q()),)
    #: Whether to read in the order of ids, which is nearly that of time, because no index has the
    #: order of the list.
    by_id: bool = False

    @property
    def condition(self) -> Q:
        """The condition of all rows."""
        return reduce(or_, (part.condition for part in self.parts))


class LongListPaginator(Paginator):  # type: ignore[type-arg]
    """Pages of the first MOST_ROWS rows. One query finds them, for the count and for each page."""

    object_list: QuerySet[Model]

    def __init__(self, rows: QuerySet[Model], lookup: Lookup) -> None:
        """Prepare the pages of those of the ordered `rows` that meet a part of `lookup`."""
        super().__init__(rows, ROWS_A_PAGE)
        self.lookup = lookup

    @property
    def template_name(self) -> str:
        """The theme's template for the links to pages, or ours where there are more rows."""
        name = "more_rows" if self.has_more else "default"
        return f"unfold/helpers/pagination_{name}.html"

    @property
    def has_more(self) -> bool:
        """Whether there are more rows than the pages have."""
        return len(self._found) > MOST_ROWS

    @property
    def ids(self) -> list[Any]:
        """The ids of the rows that the pages have."""
        return self._found[:MOST_ROWS]

    @cached_property
    def count(self) -> int:
        """How many rows the pages have."""
        return len(self.ids)

    def page(self, number: int | str) -> Page[Model]:
        """Return a page."""
        number = self.validate_number(number)
        ids = self.ids[(number - 1) * self.per_page : number * self.per_page]
        return Page(self.object_list.filter(pk__in=ids), number, self)

    @cached_property
    def _found(self) -> list[Any]:
        if self.object_list.query.is_empty():
            return []
        order = [str(name) for name in self.object_list.query.order_by]
        if self.lookup.by_id:
            order = ["-pk" if order[0].startswith("-") else "pk"]
        columns = [name.lstrip("-") for name in order]
        descending = order[0].startswith("-")
        rows = self.object_list.values_list("pk", *columns)
        first, *others = [
            rows.filter(part.condition).order_by(
                *(OrderBy(each, descending=descending) for each in part.order), *order
            )[: MOST_ROWS + 1]
            for part in self.lookup.parts
        ]
        if others:
            first = first.union(*others, all=True).order_by(*order)[: MOST_ROWS + 1]
        return [pk for pk, *_ in first]


class LongChangeList(ChangeList):
    """A list that takes as long for ten million rows as for ten thousand."""

    request: HttpRequest
    model_admin: Any
    filtered: QuerySet[Any]
    #: How many rows match, if there are more than the pages have and it is known without counting.
    total: Total | None = None

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet[Any]:
        """Return the rows that match the filters and the search, in order."""
        self.request = request
        self.lookup = self.model_admin.lookup_of(request, self.query)
        self.filtered = super().get_queryset(request, exclude_parameters)
        return self.filtered.filter(self.lookup.condition) if self.query else self.filtered

    def get_results(self, request: HttpRequest) -> None:
        """Find the page's rows without counting all rows, as Django would.

        Raises:
            IncorrectLookupParameters: there is no such page.
        """
        self.paginator = LongListPaginator(self.filtered, self.lookup)
        try:
            self.result_list = self.paginator.page(self.page_num).object_list
        except InvalidPage as error:
            raise IncorrectLookupParameters from error
        self.result_count = self.paginator.count
        self.multi_page = self.paginator.num_pages > 1
        self.can_show_all = self.show_full_result_count = False
        self.show_admin_actions = True
        # The theme's heading tells the count, and links to the whole list, unless it equals this.
        is_whole = not (self.query or self.has_active_filters)
        hides_count = is_whole or self.paginator.has_more
        self.full_result_count = self.result_count if hides_count else None
        if self.paginator.has_more:
            self.model_admin = copy(self.model_admin)
            self.model_admin.list_disable_select_all = True  # the theme looks for it here
            self.total = self.model_admin.total_of(request, self)

    @cached_property
    def times(self) -> TimeFilter | None:
        """The list's filter by time."""
        return next((spec for spec in self.filter_specs if isinstance(spec, TimeFilter)), None)

    @cached_property
    def time_bar(self) -> Bar | None:
        """What the bar above the list shows of that filter."""
        return self.times.bar(self) if self.times else None

    @cached_property
    def actions_on_all(self) -> list[dict[str, Any]]:
        """The buttons for all rows that match a filter, if they are not too many."""
        is_narrow = self.query or self.has_active_filters
        if not is_narrow or not self.result_count or self.paginator.has_more:
            return []
        allowed = self.model_admin.get_actions(self.request)
        return [
            {"name": name, "title": title.format(self.result_count), "row": self.paginator.ids[0]}
            for name, title in self.model_admin.actions_on_all.items()
            if name in allowed
        ]


class LongList(ModelAdmin):
    """The admin of a table that grows. A list of it has the first MOST_ROWS rows that match."""

    list_per_page = ROWS_A_PAGE
    show_facets = ShowFacets.NEVER  # they count all rows
    show_full_result_count = False
    list_filter_submit = True
    list_before_template = "torale/admin/list_bar.html"
    #: The fields that are searched for a UUID.
    search_ids: Sequence[str] = ["id"]
    #: The actions that a button does with all rows that match, and what the button says.
    actions_on_all: Mapping[str, str] = {}

    class Media:
        css = {"all": ["torale/records.css"]}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that does not count all rows."""
        return LongChangeList

    def lookup_of(self, request: HttpRequest, words: str) -> Lookup:
        """Return how to find the rows.

        Args:
            request: has the filters in its query.
            words: what is searched for, or empty.
        """
        wanted = as_uuid(words)
        if wanted is None:
            return Lookup()
        return Lookup([Part(Q((name, wanted))) for name in self.search_ids])

    def total_of(self, request: HttpRequest, changelist: LongChangeList) -> Total | None:
        """Return how many rows match, if that is known without counting them.

        PostgreSQL has an estimate of the whole table.
        """
        if changelist.query or changelist.has_active_filters:
            return None
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass",
                [self.opts.db_table],
            )
            [number] = cursor.fetchone()
        return Total(number, is_estimate=True) if number > MOST_ROWS else None

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Leave ids to `lookup_of`. Django would compare them as text, which no index serves."""
        words = "" if as_uuid(search_term) else search_term
        found: tuple[QuerySet[Any], bool] = super().get_search_results(request, queryset, words)
        return found

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Model]
    ) -> HttpResponseBase | None:
        """Do an action with the selected rows, or with all that match, if they are not too many.

        What has been confirmed is done with the rows that were named then, and no others.
        """
        if CONFIRMED in request.POST:
            sent = request.POST.copy()
            confirmed = str(sent[CONFIRMED]).split(",")
            sent.setlist(ACTION_CHECKBOX_NAME, [*confirmed[:MOST_ROWS]])
            sent["select_across"] = "0"
            request.POST = sent  # type: ignore[assignment]  # Django's own views read it there
        if BooleanField().to_python(request.POST.get("select_across")):
            paginator = self.get_changelist_instance(request).paginator
            if paginator.has_more:
                self.message_user(
                    request,
                    f"More than {MOST_ROWS:,} rows match, so nothing was done. Narrow the list by "
                    "a filter or a search first.",
                    messages.ERROR,
                )
                return None
            queryset = queryset.filter(pk__in=paginator.ids)
        response: HttpResponseBase | None = super().response_action(request, queryset)
        return response


def as_uuid(words: str) -> UUID | None:
    """Return the UUID that `words` are, or None."""
    try:
        return UUID(words.strip())
    except ValueError:
        return None


def shortened(text: str, *, width: str, href: str = "") -> str:
    """Return HTML that shows `text` on one line of a list, and all of it under the pointer.

    Args:
        text: what to show.
        width: the most room that it takes, as CSS has it.
        href: where it links to, if anywhere.
    """
    if href:
        form = '<a class="cut link" style="max-width: {}" title="{}" href="{}">{}</a>'
        return format_html(form, width, text, href, text)
    return format_html(
        '<span class="cut" style="max-width: {}" title="{}">{}</span>', width, text, text
    )


def log_changes(request: HttpRequest, rows: Iterable[Model], message: str) -> None:
    """Record in the admin's log, for each of `rows`, that the request's user changed it.

    Args:
        request: the request that made the change.
        rows: the rows that were changed.
        message: what was changed.

    Raises:
        PermissionDenied: the request has no user.
    """
    if not isinstance(request.user, get_user_model()):
        raise PermissionDenied
    LogEntry.objects.log_actions(
        user_id=request.user.pk,
        queryset=rows,
        action_flag=CHANGE,
        change_message=message,
    )
