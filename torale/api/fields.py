"""Fields that accept one notation of a value: not 1 as a text, "yes" as true or "+5" as 5."""

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from rest_framework import serializers

from torale.api.errors import should_be

# Python also takes "+5", "5_0", " 5" and the digits of other scripts for a number.
NUMBER = re.compile(r"-?[0-9]+")
# And "{…}", "urn:uuid:…" and 32 digits without hyphens, or with some anywhere, for a UUID.
ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def id_of(text: str) -> UUID:
    """Return the UUID that `text` is in its hyphenated form (RFC 9562 §4), in either case.

    Raises:
        ValueError: it is not in that form.
    """
    if not ID.fullmatch(text):
        raise ValueError(text)
    return UUID(text)


class _Text(serializers.CharField):
    """Takes nothing but a text, where DRF would make one of a number."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the text as the field takes it."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class TextField(_Text):
    """A text."""


class PatternField(_Text, serializers.RegexField):
    """A text of one form."""


class EmailField(_Text, serializers.EmailField):
    """An email address."""


class ChoiceField(serializers.ChoiceField):
    """One of a closed set; the error for any other value names the set."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the choice."""
        if not isinstance(data, str) or data not in self.choice_strings_to_values:
            raise serializers.ValidationError(should_be(self.choices), code="invalid_choice")
        return super().to_internal_value(data)


class IdField(serializers.UUIDField):
    """A UUID in its hyphenated form."""

    def to_internal_value(self, data: Any) -> UUID:
        """Return the UUID; numbers and other notations are refused."""
        if isinstance(data, str):
            with suppress(ValueError):
                return id_of(data)
        return self.fail("invalid", value=data)


class NumberField(serializers.IntegerField):
    """A whole number in plain digits, as a query has it."""

    def to_internal_value(self, data: Any) -> int:
        """Return the number; other notations are refused."""
        if isinstance(data, str) and not NUMBER.fullmatch(data):
            self.fail("invalid")
        return super().to_internal_value(data)


class MomentField(serializers.DateTimeField):
    """A time in ISO 8601."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the time; the digits of other scripts are refused."""
        is_foreign = isinstance(data, str) and not data.isascii()
        return super().to_internal_value("" if is_foreign else data)


class FlagField(serializers.BooleanField):
    """`true` or `false`."""

    def to_internal_value(self, data: Any) -> bool:
        """Return the value; words and numbers are refused."""
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
