"""What was sent, checked."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from torale.api.errors import Unprocessable


class LenientSerializer(serializers.Serializer[Any]):
    """A client's body. Null members count as absent; unknown ones are ignored."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the validated members that are there."""
        if isinstance(data, dict):
            data = {name: value for name, value in data.items() if value is not None}
        present: dict[str, Any] = super().to_internal_value(data)
        return present


def validated(
    serializer_class: type[serializers.Serializer[Any]], given: Any, *, source: str = "body"
) -> Mapping[str, Any]:
    """Return the validated members of `given`.

    Args:
        serializer_class: what is expected.
        given: what was sent.
        source: where it was: `body`, `query` or `path`.

    Raises:
        ValidationError: it is not what is expected; becomes a 422 with one entry per fault.
    """
    serializer = serializer_class(data=given)
    if not serializer.is_valid():
        raise Unprocessable(serializer.errors, source=source, given=given)
    valid: Mapping[str, Any] = serializer.validated_data
    return valid
