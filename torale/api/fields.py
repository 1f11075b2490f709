"""Fields that accept one notation only: a 1 is not text, "yes" is not true and "+5" is not 5."""

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from rest_framework import serializers

from torale.api.errors import should_be

# Python's int() also accepts "+5", "5_0", " 5" and the digits of other scripts.
NUMBER = re.compile(r"-?[0-9]+")
# Python's date.fromisoformat() also accepts "20270131" and "2027-W04-7".
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Python's UUID() also accepts "{…}", "urn:uuid:…" and hyphens anywhere or nowhere.
ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def id_of(text: str) -> UUID:
    """Return the UUID that `text` is: hyphenated (RFC 9562 §4), in upper or lower case.

    Raises:
        ValueError: `text` is not a UUID in that form.
    """
    if not ID.fullmatch(text):
        raise ValueError(text)
    return UUID(text)


class _Text(serializers.CharField):
    """Accepts only strings. DRF's field would convert a number to text."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the validated text."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class TextField(_Text):
    """A text."""


class PatternField(_Text, serializers.RegexField):
    """A text that matches a regular expression."""


class EmailField(_Text, serializers.EmailField):
    """An email address."""


class ChoiceField(serializers.ChoiceField):
    """One of some choices. The error for any other value lists them."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the choice."""
        if not isinstance(data, str) or data not in self.choice_strings_to_values:
            raise serializers.ValidationError(should_be(self.choices), code="invalid_choice")
        return super().to_internal_value(data)


class IdField(serializers.UUIDField):
    """A UUID in its hyphenated form."""

    def to_internal_value(self, data: Any) -> UUID:
        """Return the UUID. Numbers and other notations are refused."""
        if isinstance(data, str):
            with suppress(ValueError):
                return id_of(data)
        return self.fail("invalid", value=data)


class NumberField(serializers.IntegerField):
    """A whole number, in plain digits if it comes from a query string."""

    def to_internal_value(self, data: Any) -> int:
        """Return the number. Other notations are refused."""
        if isinstance(data, str) and not NUMBER.fullmatch(data):
            self.fail("invalid")
        return super().to_internal_value(data)


class MomentField(serializers.DateTimeField):
    """A time in ISO 8601."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the time. The digits of other scripts are refused."""
        is_foreign = isinstance(data, str) and not data.isascii()
        return super().to_internal_value("" if is_foreign else data)


class DayField(serializers.DateField):
    """A day in ISO 8601, as `2027-01-31`."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the day. Other notations are refused."""
        if not isinstance(data, str) or not DAY.fullmatch(data):
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(data)


class FlagField(serializers.BooleanField):
    """`true` or `false`."""

    def to_internal_value(self, data: Any) -> bool:
        """Return the value. Words and numbers are refused."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class StoredObjectField(serializers.DictField):
    """Shows a stored JSON object unchanged. A value of another type does not break the response."""

    def to_representation(self, value: Any) -> Any:
        """Return `value`."""
        return value


class StoredSerializer(serializers.Serializer[Any]):
    """Shows those members of a stored JSON object that are declared as fields, in their order.

    Absent members are left out. A value that is not an object is shown unchanged, so that one
    unusual row does not break a whole list.
    """

    def to_representation(self, instance: Any) -> Any:
        """Return the declared members, or a value that is not an object unchanged."""
        if not isinstance(instance, Mapping):
            return instance
        return {name: instance[name] for name in self.fields if name in instance}
