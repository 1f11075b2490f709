"""Fields of bodies that take JSON's types as they are: 1 is no text, and "yes" is not true."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from rest_framework import serializers


class _Text:
    """Takes nothing but a text, where DRF would make one of a number."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the text as the field takes it."""
        if not isinstance(data, str):
            self.fail("invalid")  # type: ignore[attr-defined]
        return super().to_internal_value(data)  # type: ignore[misc]


class TextField(_Text, serializers.CharField):
    """A text."""


class PatternField(_Text, serializers.RegexField):
    """A text of one form."""


class EmailField(_Text, serializers.EmailField):
    """An email address."""


class IdField(serializers.UUIDField):
    """A UUID, written as text."""

    def to_internal_value(self, data: Any) -> UUID:
        """Return the UUID; a number is none."""
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


class FlagField(serializers.BooleanField):
    """`true` or `false`."""

    def to_internal_value(self, data: Any) -> bool:
        """Return the value; words and numbers are none."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class StoredObjectField(serializers.DictField):
    """Shows a JSON object as the database keeps it; a value of another shape breaks no list."""

    def to_representation(self, value: Any) -> Any:
        """Return `value`."""
        return value


class StoredSerializer(serializers.Serializer[Any]):
    """Shows the described members of a stored JSON object, in their order.

    Members that are absent are left out, and a value of another shape is shown as it is: one odd
    row breaks no list.
    """

    def to_representation(self, instance: Any) -> Any:
        """Return the members."""
        if not isinstance(instance, Mapping):
            return instance
        return {name: instance[name] for name in self.fields if name in instance}
