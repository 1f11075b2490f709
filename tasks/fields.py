"""Fields of requests whose values have a form of their own."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from rest_framework import serializers

from tasks import headers, visit_schedule
from torale.api.fields import TextField
from torale.errors import Refused


class RequestHeadersField(serializers.DictField):
    """Headers for the visits of pages. The error names the header at fault, but no value."""

    child = serializers.CharField(allow_blank=True)

    def to_internal_value(self, data: Any) -> dict[str, str]:
        """Return the headers by name."""
        reserved = headers.RESERVED_HEADERS | headers.RESERVED_ON_VISITS
        try:
            return headers.check(data, reserved=reserved)
        except Refused as error:
            raise serializers.ValidationError(str(error), code="invalid") from error


class ScheduleField(TextField):
    """When a task is visited. The error for any other value says what to write."""

    default_error_messages = {"invalid": visit_schedule.FORMS, "blank": visit_schedule.FORMS}

    def to_internal_value(self, data: Any) -> str:
        """Return the schedule in the form in which it is stored."""
        minimum = timedelta(minutes=settings.TORALE_MINIMUM_INTERVAL_MINUTES)
        try:
            return visit_schedule.parse(super().to_internal_value(data), minimum=minimum)
        except visit_schedule.BadSchedule as error:
            raise serializers.ValidationError(str(error), code="invalid") from error


class TimeZoneField(TextField):
    """The IANA name of a time zone."""

    def to_internal_value(self, data: Any) -> str:
        """Return the name."""
        name: str = super().to_internal_value(data)
        try:
            visit_schedule.check_zone(name)
        except visit_schedule.BadSchedule as error:
            raise serializers.ValidationError(str(error), code="invalid") from error
        return name


#: Levels of nesting in a JSON object. Rendering fails beyond about 250.
MAX_CONTEXT_DEPTH = 50


class PlainJSONField(serializers.DictField):
    """A JSON object that PostgreSQL can store and orjson can render.

    It may not be nested deeply, contain NUL in a text, or contain a number beyond 64 bits: the
    database would return 1e300 as an integer of 301 digits.
    """

    default_error_messages = {
        "nul": "Leave out the NUL character (\\u0000).",
        "too_large": "Write numbers beyond 64 bits as text.",
        "too_deep": f"Nest at most {MAX_CONTEXT_DEPTH} levels.",
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the object as it was sent."""
        value = super().to_internal_value(data)
        level: list[Any] = [value]
        for _ in range(MAX_CONTEXT_DEPTH):
            if any(isinstance(part, str) and "\0" in part for part in level):
                self.fail("nul")
            if any(
                isinstance(part, int | float) and not -(2**63) <= part < 2**64 for part in level
            ):
                self.fail("too_large")
            level = [part for container in level for part in _parts(container)]
        if level:
            self.fail("too_deep")
        return value


def _parts(container: Any) -> Iterable[Any]:
    match container:
        case dict():
            return (*container.keys(), *container.values())
        case list():
            return container
    return ()
