"""Filters that refuse a bad value instead of ignoring it."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC
from typing import Any

import django_filters
from django.core.exceptions import ValidationError
from django.forms import UUIDField
from django_filters import FilterSet, IsoDateTimeFilter, TypedChoiceFilter, UUIDFilter
from django_filters.fields import IsoDateTimeField
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request

from torale.api.errors import Unprocessable, should_be
from torale.api.fields import id_of


class TimeField(IsoDateTimeField):
    """A time in any time zone, converted to UTC: PostgreSQL refuses very large UTC offsets."""

    def to_python(self, value: Any) -> Any:
        """Return the time; None if there is no value. The digits of other scripts are refused."""
        if isinstance(value, str) and not value.isascii():
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        time = super().to_python(value)
        try:
            return time.astimezone(UTC) if time else None
        except OverflowError as error:  # the UTC time lies before year 1 or after year 9999
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error


class TimeFilter(IsoDateTimeFilter):
    """Filters by a time, given in any time zone."""

    field_class = TimeField


@extend_schema_field(OpenApiTypes.BOOL)
class FlagFilter(TypedChoiceFilter):
    """Filters by `true` or `false`. A BooleanFilter would ignore any other word."""

    def __init__(self, **extra: Any) -> None:
        words = ("true", "false")
        super().__init__(
            choices=[(word, word) for word in words],
            coerce=lambda word: word == "true",
            error_messages={"invalid_choice": should_be(words)},
            **extra,
        )


class IdField(UUIDField):
    """A UUID in its hyphenated form."""

    def to_python(self, value: Any) -> Any:
        """Return the UUID; None if there is no value."""
        if value in self.empty_values:
            return None
        try:
            return id_of(value)
        except ValueError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error


class IdFilter(UUIDFilter):
    """Filters by an id."""

    field_class = IdField


class ChoiceField(django_filters.fields.ChoiceField):
    """One of some choices. The error for any other value lists them."""

    def validate(self, value: Any) -> None:
        """Check that `value` is one of the choices.

        Raises:
            ValidationError: it is not.
        """
        if value not in self.empty_values and not self.valid_value(value):
            known = [value for value, _ in self.choices if value]  # type: ignore[misc, union-attr]
            raise ValidationError(should_be(known), code="invalid_choice")
        super().validate(value)


class ChoiceFilter(django_filters.ChoiceFilter):
    """Filters by one of some choices."""

    field_class = ChoiceField


class FilterBackend(DjangoFilterBackend):
    """django-filter's backend with the contract's 422. Unknown parameters are ignored."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:  # type: ignore[override]
        """Return `queryset` filtered by the view's FilterSet.

        Raises:
            Unprocessable: a parameter has an invalid value. There is one fault per parameter.
        """
        filterset_class = self.get_filterset_class(view, queryset)
        if filterset_class is None:
            return queryset
        values = valid_values(filterset_class, request)
        if values:
            filters = filterset_class(queryset=queryset, request=request).filters
            for name, value in values.items():
                queryset = filters[name].filter(queryset, value)
        return queryset

    def to_html(self, request: Any, queryset: Any, view: Any) -> Any:
        """Return the browsable API's filter form; None if the filters are for another model."""
        filterset = getattr(view, "filterset_class", None)
        if filterset is None or not issubclass(queryset.model, filterset._meta.model):
            return None
        return super().to_html(request, queryset, view)


def valid_values(
    filterset: type[FilterSet],
    request: Request,
    *,
    check: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return the valid values of the filters that the request gives, by the filters' names.

    A FilterSet would copy all of its filters and make a form of them, which often takes longer than
    the query.

    Args:
        filterset: declares the filters; its form is not used.
        request: the request.
        check: is called with the values if each is valid by itself, and returns those to use. It
            may raise a ValidationError, made from a dictionary of messages by the filters' names.

    Raises:
        Unprocessable: a parameter has an invalid value. There is one fault per parameter.
    """
    _check_not_blank(filterset.base_filters, request)
    values: dict[str, Any] = {}
    faults: dict[str, list[ValidationError]] = {}
    for name, filter_ in filterset.base_filters.items():
        if name in request.query_params:
            try:
                values[name] = filter_.field.clean(request.query_params[name])
            except ValidationError as error:
                faults[name] = error.error_list
    if faults:
        raise _faults(faults, request)
    if check is None:
        return values
    try:
        return check(values)
    except ValidationError as error:
        raise _faults(error.error_dict, request) from error


def _check_not_blank(names: Iterable[str], request: Request) -> None:
    """Check the values: a field treats one that is empty, or has only spaces, as absent.

    Raises:
        Unprocessable: some are blank.
    """
    given = request.query_params
    blank = ErrorDetail("This field may not be blank.", code="blank")
    empty = {name: [blank] for name in names if name in given and not given[name].strip()}
    if empty:
        raise Unprocessable(empty, source="query", given=given.dict())


def _faults(found: Mapping[str, Iterable[ValidationError]], request: Request) -> Unprocessable:
    return Unprocessable(
        {
            name: [
                ErrorDetail(message, code=error.code or "invalid")
                for error in errors
                for message in error.messages
            ]
            for name, errors in found.items()
        },
        source="query",
        given=request.query_params.dict(),
    )
