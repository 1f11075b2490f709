"""Validate bodies and query parameters."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from torale.api.errors import Unprocessable


class LenientSerializer(serializers.Serializer[Any]):
    """A request body in which null members count as absent. Unknown members are ignored."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the validated members that are present."""
        if isinstance(data, dict):
            data = {name: value for name, value in data.items() if value is not None}
        present: dict[str, Any] = super().to_internal_value(data)
        return present


def validated(
    serializer_class: type[serializers.Serializer[Any]], given: Any, *, source: str = "body"
) -> Mapping[str, Any]:
    """Return the validated members of `given`.

    Args:
        serializer_class: the serializer that describes the members.
        given: the values that were sent.
        source: where they were sent: `body`, `query` or `path`.

    Raises:
        Unprocessable: `given` is not valid. The answer is a 422 with one entry for each fault.
    """
    serializer = serializer_class(data=given)
    if not serializer.is_valid():
        raise Unprocessable(serializer.errors, source=source, given=given)
    valid: Mapping[str, Any] = serializer.validated_data
    return valid
