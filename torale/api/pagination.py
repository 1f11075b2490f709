"""Pages as the contract has them: bad values are refused, and a header links to other pages."""

from typing import Any

from rest_framework import serializers
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from torale.api import keyset
from torale.api.errors import Unprocessable
from torale.api.fields import NumberField


class RangedPagination(LimitOffsetPagination):
    """DRF's limits and offsets, within bounds, and a `Link` header (RFC 8288).

    A `limit` or `offset` that is not a number or is out of bounds is 422, where DRF would quietly
    take the default.
    """

    default_limit: int
    max_limit: int
    #: Offsets are kept within what the database can count to.
    max_offset = 2**31 - 1
    template = None
    request: Request
    limit: int
    offset: int
    count: int
    #: Of the OpenAPI document.
    response_headers = {
        "Link": {
            "description": "The URLs of the first, previous and next page, if they exist "
            "(RFC 8288).",
            "required": True,
            "schema": {"type": "string"},
        }
    }

    def get_limit(self, request: Request) -> int:
        """Return the `limit` asked for, or the default."""
        return self._number(request, "limit", 1, self.max_limit, self.default_limit)

    def get_offset(self, request: Request) -> int:
        """Return the `offset` asked for, or 0."""
        return self._number(request, "offset", 0, self.max_offset, 0)

    def _number(self, request: Request, name: str, least: int, most: int, default: int) -> int:
        if name not in request.query_params:
            return default
        field = NumberField(min_value=least, max_value=most)
        try:
            return int(field.run_validation(request.query_params[name]))
        except serializers.ValidationError as error:
            raise Unprocessable(
                {name: error.detail}, source="query", given=request.query_params.dict()
            ) from error

    def links(self) -> str:
        """Return the Link header, without the pages that do not exist."""
        return ", ".join(f'<{url}>; rel="{rel}"' for rel, url in self.targets().items() if url)

    def targets(self) -> dict[str, str | None]:
        """Return the linked pages' URLs by relation; None for a page that does not exist."""
        return {
            "first": self.get_link(0),
            "prev": self.get_previous_link(),
            "next": self.get_next_link(),
        }

    def get_link(self, offset: int) -> str:
        """Return the URL of the page at `offset`."""
        url = replace_query_param(self.request.build_absolute_uri(), "limit", self.limit)
        if not offset:
            return remove_query_param(url, "offset")
        return replace_query_param(url, "offset", offset)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe the query parameters."""
        return [
            {
                "name": "limit",
                "in": "query",
                "description": "How many to return at most.",
                "schema": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": self.max_limit,
                    "default": self.default_limit,
                },
            },
            {
                "name": "offset",
                "in": "query",
                "description": "How many to skip, counted from the first.",
                "schema": {
                    "type": "integer",
                    "minimum": 0,
                    "maximum": self.max_offset,
                    "default": 0,
                },
            },
        ]


class Pagination(RangedPagination):
    """Answers a bare array of rows. They are not counted: one more than shown is read instead."""

    default_limit = 100
    max_limit = 1000

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """Return the page's rows."""
        self.request = request
        self.limit, self.offset = self.get_limit(request), self.get_offset(request)
        found = list(queryset[self.offset : self.offset + self.limit + 1])
        # As many as are known: enough to tell whether there is a next page.
        self.count = self.offset + len(found)
        return found[: self.limit]

    def get_paginated_response(self, data: Any) -> Response:
        """Return the rows and the links."""
        return Response(data, headers={"Link": self.links()})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe the answer."""
        return schema


class LongPagination(Pagination):
    """Answers all that most callers have in one page, for clients that cannot page."""

    default_limit = 1000


class CountedPagination(RangedPagination):
    """Answers `{<results_name>: rows, "total": N}`, and links to the last page, too."""

    default_limit = 50
    max_limit = 500
    results_name = "results"
    response_headers = {
        "Link": {
            **RangedPagination.response_headers["Link"],
            "description": "The URLs of the first, previous, next and last page, if they "
            "exist (RFC 8288).",
        }
    }

    def get_paginated_response(self, data: Any) -> Response:
        """Return the rows under their name, the exact total and the links."""
        return Response(
            {self.results_name: data, "total": self.count}, headers={"Link": self.links()}
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe the answer."""
        return {
            "type": "object",
            "required": [self.results_name, "total"],
            "properties": {
                self.results_name: {**schema, "description": "This page's rows."},
                "total": {
                    "type": "integer",
                    "minimum": 0,
                    "description": "How many there are on all pages together.",
                },
            },
        }

    def targets(self) -> dict[str, str | None]:
        """Return the linked pages' URLs; the last page always exists."""
        last = max(0, (self.count - 1) // self.limit * self.limit)
        return {**super().targets(), "last": self.get_link(last)}


class WalkedPagination(CountedPagination):
    """Takes `cursor` instead of `offset` too: pages that fit together while rows are added.

    An empty one begins the walk; the Link header's `next` goes on with it.
    """

    #: The page of a walk; None where the caller counts by offset.
    page: keyset.Page | None = None

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        """Return the page's rows and remember how many there are in all."""
        if "cursor" not in request.query_params:
            return super().paginate_queryset(queryset, request, view)
        self.request, self.limit = request, self.get_limit(request)
        cursor = self.get_cursor(request)
        self.count = self.get_count(queryset)
        self.page = keyset.page(queryset, cursor, limit=self.limit)
        return self.page.rows

    def get_cursor(self, request: Request) -> keyset.Cursor | None:
        """Return the `cursor` asked for, or None for the beginning.

        Raises:
            Unprocessable: it was not made by `encode`, or `offset` is there too.
        """
        given = request.query_params
        if "offset" in given:
            fault = {"offset": ["Give either cursor or offset: a cursor has its own position."]}
            raise Unprocessable(fault, source="query", given=given.dict())
        try:
            return keyset.Cursor.decode(given["cursor"]) if given["cursor"] else None
        except ValueError as error:
            fault = {"cursor": ["Not a cursor: take it from a Link header, or leave it empty."]}
            raise Unprocessable(fault, source="query", given=given.dict()) from error

    def targets(self) -> dict[str, str | None]:
        """Return the linked pages' URLs; a walk does not know where the last page begins."""
        if self.page is None:
            return super().targets()
        around = {"prev": self.page.previous, "next": self.page.next}
        urls = {rel: self._walk_url(cursor.encode()) for rel, cursor in around.items() if cursor}
        return {"first": self._walk_url(""), **urls}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe the query parameters."""
        cursor = {
            "name": "cursor",
            "in": "query",
            "description": "Instead of `offset`: empty to begin a walk, which the Link header's "
            "`next` continues. However deep, each page takes the same time, and none is repeated "
            "or skipped while sends are added.",
            "schema": {"type": "string"},
        }
        return [*super().get_schema_operation_parameters(view), cursor]

    def _walk_url(self, cursor: str) -> str:
        url = replace_query_param(self.request.build_absolute_uri(), "limit", self.limit)
        return replace_query_param(url, "cursor", cursor)
