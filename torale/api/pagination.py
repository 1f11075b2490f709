"""Limit and offset as the contract has them: bad values are refused, pages link to their kin."""

from typing import Any

from rest_framework import serializers
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from torale.api.errors import Unprocessable


class Pagination(LimitOffsetPagination):
    """Answers a bare array of rows.

    Subclasses set `default_limit` and `max_limit`. A `limit` or `offset` that is no number or out
    of range is 422, where DRF would quietly take the default.
    """

    default_limit = 100
    max_limit: int = 1000
    #: Offsets are kept within what the database can count to.
    max_offset = 2**31 - 1
    template = None
    request: Request
    limit: int
    offset: int
    count: int

    def get_limit(self, request: Request) -> int:
        """Return the `limit` asked for, or the default."""
        return self._number(request, "limit", 1, self.max_limit, self.default_limit)

    def get_offset(self, request: Request) -> int:
        """Return the `offset` asked for, or 0."""
        return self._number(request, "offset", 0, self.max_offset, 0)

    def _number(self, request: Request, name: str, least: int, most: int, default: int) -> int:
        if name not in request.query_params:
            return default
        field = serializers.IntegerField(min_value=least, max_value=most)
        try:
            return int(field.run_validation(request.query_params[name]))
        except serializers.ValidationError as error:
            raise Unprocessable(
                {name: error.detail}, source="query", given=request.query_params.dict()
            ) from error

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:  # noqa: ARG002
        """Return the page's rows; a bare array needs no count, so none is made."""
        self.request = request
        self.limit, self.offset = self.get_limit(request), self.get_offset(request)
        return list(queryset[self.offset : self.offset + self.limit])

    def get_paginated_response(self, data: Any) -> Response:
        """Return the rows alone."""
        return Response(data)


class CountedPagination(Pagination):
    """Answers `{<results_name>: rows, "total": N}` with `Link` headers (RFC 8288)."""

    default_limit = 50
    max_limit = 500
    results_name = "results"

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:  # noqa: ARG002
        """Return the page's rows and remember how many there are in all."""
        self.request = request
        self.limit, self.offset = self.get_limit(request), self.get_offset(request)
        self.count = self.get_count(queryset)
        if self.offset >= self.count:
            return []
        return list(queryset[self.offset : self.offset + self.limit])

    def get_paginated_response(self, data: Any) -> Response:
        """Return the rows under their name, the exact total and the links."""
        return Response(
            {self.results_name: data, "total": self.count}, headers={"Link": self.links()}
        )

    def links(self) -> str:
        """Return the Link header: first and last always, next and prev where they exist."""
        last = max(0, (self.count - 1) // self.limit * self.limit)
        targets = {
            "first": self._url(0),
            "prev": self._url(max(0, self.offset - self.limit)) if self.offset else None,
            "next": (
                self._url(self.offset + self.limit)
                if self.offset + self.limit < self.count
                else None
            ),
            "last": self._url(last),
        }
        return ", ".join(f'<{url}>; rel="{rel}"' for rel, url in targets.items() if url)

    def _url(self, offset: int) -> str:
        url = replace_query_param(self.request.build_absolute_uri(), "limit", self.limit)
        if not offset:
            return remove_query_param(url, "offset")
        return replace_query_param(url, "offset", offset)
