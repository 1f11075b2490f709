"""Pagination as the contract describes it: invalid values are refused, and a header has links."""

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
    """DRF's limits and offsets with bounds and a `Link` header (RFC 8288).

    A `limit` or `offset` that is not a number or is out of bounds gets a 422. DRF would silently
    use the default.
    """

    default_limit: int
    max_limit: int
    #: The largest offset, within what the database can count to.
    max_offset = 2**31 - 1
    template = None
    request: Request
    limit: int
    offset: int
    count: int
    #: Response headers for the OpenAPI document.
    response_headers = {
        "Link": {
            "description": "The URLs of the first, previous and next page, if they exist "
            "(RFC 8288).",
            "required": True,
            "schema": {"type": "string"},
        }
    }

    def get_limit(self, request: Request) -> int:
        """Return the requested `limit`, or the default."""
        return self._number(request, "limit", 1, self.max_limit, self.default_limit)

    def get_offset(self, request: Request) -> int:
        """Return the requested `offset`, or 0."""
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
        """Return the Link header's value, with the pages that exist."""
        return ", ".join(f'<{url}>; rel="{rel}"' for rel, url in self.targets().items() if url)

    def targets(self) -> dict[str, str | None]:
        """Return the URLs of linked pages by relation; None for a page that does not exist."""
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
        """Return the OpenAPI descriptions of the query parameters."""
        return [
            {
                "name": "limit",
                "in": "query",
                "description": "The largest number of entries to return.",
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
                "description": "How many entries to skip at the beginning.",
                "schema": {
                    "type": "integer",
                    "minimum": 0,
                    "maximum": self.max_offset,
                    "default": 0,
                },
            },
        ]


class Pagination(RangedPagination):
    """Answers a bare array of rows. It reads one extra row instead of counting all of them."""

    default_limit = 100
    max_limit = 1000

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """Return the page's rows."""
        self.request = request
        self.limit, self.offset = self.get_limit(request), self.get_offset(request)
        found = list(queryset[self.offset : self.offset + self.limit + 1])
        # The number of rows known so far. It is enough to tell whether there is a next page.
        self.count = self.offset + len(found)
        return found[: self.limit]

    def get_paginated_response(self, data: Any) -> Response:
        """Return the rows and the links."""
        return Response(data, headers={"Link": self.links()})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema of the answer."""
        return schema


class LongPagination(Pagination):
    """Has pages of 1000 by default, so that clients that cannot page usually get everything."""

    default_limit = 1000


class CountedPagination(RangedPagination):
    """Answers `{<results_name>: rows, "total": N}` and also links to the last page."""

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
        """Return the schema of the answer."""
        return {
            "type": "object",
            "required": [self.results_name, "total"],
            "properties": {
                self.results_name: {**schema, "description": "This page's rows."},
                "total": {
                    "type": "integer",
                    "minimum": 0,
                    "description": "The number of entries on all pages together.",
                },
            },
        }

    def targets(self) -> dict[str, str | None]:
        """Return the URLs of linked pages; the last page always exists."""
        last = max(0, (self.count - 1) // self.limit * self.limit)
        return {**super().targets(), "last": self.get_link(last)}


class WalkedPagination(CountedPagination):
    """Also accepts `cursor` instead of `offset`, so that pages do not shift when rows are added.

    An empty cursor asks for the first page. The Link header's `next` has the cursor of the next.
    """

    #: The page at the cursor; None if the caller uses an offset.
    page: keyset.Page | None = None

    def paginate_listing(self, listing: keyset.Listing, request: Request) -> list[keyset.Row]:
        """Return the page's rows, and store how many rows there are in total; one query."""
        self.request, self.limit = request, self.get_limit(request)
        if "cursor" in request.query_params:
            cursor = self.get_cursor(request)
            found, self.count = listing.read(limit=self.limit + 1, cursor=cursor)
            self.page = keyset.page(found, cursor, limit=self.limit)
            return self.page.rows
        self.offset = self.get_offset(request)
        rows, self.count = listing.read(limit=self.limit, offset=self.offset)
        return rows

    def get_cursor(self, request: Request) -> keyset.Cursor | None:
        """Return the requested `cursor`, or None for the first page.

        Raises:
            Unprocessable: the cursor was not made by `encode`, or `offset` is given, too.
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
        """Return the URLs of linked pages. With a cursor, the last page's URL is not known."""
        if self.page is None:
            return super().targets()
        around = {"prev": self.page.previous, "next": self.page.next}
        urls = {rel: self._walk_url(cursor.encode()) for rel, cursor in around.items() if cursor}
        return {"first": self._walk_url(""), **urls}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Return the OpenAPI descriptions of the query parameters."""
        cursor = {
            "name": "cursor",
            "in": "query",
            "description": "Use it instead of `offset`. Leave it empty for the first page, then "
            "follow `next` in the Link header. Every page takes the same time, however far from "
            "the first, and no send is repeated or skipped while sends are added.",
            "schema": {"type": "string"},
        }
        return [*super().get_schema_operation_parameters(view), cursor]

    def _walk_url(self, cursor: str) -> str:
        url = replace_query_param(self.request.build_absolute_uri(), "limit", self.limit)
        return replace_query_param(url, "cursor", cursor)
