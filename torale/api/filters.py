"""Filters that refuse a bad value instead of ignoring it."""

from typing import Any

from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request

from torale.api.errors import Unprocessable


class FilterBackend(DjangoFilterBackend):
    """django-filter's backend, with the contract's 422; parameters it does not know are ignored."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:  # type: ignore[override]
        """Return `queryset` filtered by the view's FilterSet.

        Raises:
            Unprocessable: one fault per parameter with a bad value.
        """
        filterset = self.get_filterset(request, queryset, view)
        if filterset is None:
            return queryset
        if not filterset.is_valid():
            raise Unprocessable(
                {
                    name: [
                        ErrorDetail(message, code=error.code)
                        for error in errors
                        for message in error.messages
                    ]
                    for name, errors in filterset.form.errors.as_data().items()
                },
                source="query",
                given=request.query_params.dict(),
            )
        return filterset.qs
