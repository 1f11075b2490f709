"""Parse JSON with orjson, which is strict about UTF-8, and limit the size of the body."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.conf import settings
from rest_framework import exceptions, parsers, status

#: Levels of nesting in a body. Beyond about 1000, Python cannot convert a value to text.
MAX_BODY_DEPTH = 500


class BodyTooLarge(exceptions.APIException):
    """The body is larger than this API accepts."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body may have at most 1 MiB."


class JSONParser(parsers.BaseParser):
    """Parses a JSON body. Malformed JSON gets the contract's 422."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the parsed body.

        Raises:
            ParseError: the body is not JSON, not UTF-8, or nested too deeply.
            BodyTooLarge: the body has more than DATA_UPLOAD_MAX_MEMORY_SIZE bytes.
        """
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise BodyTooLarge
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise exceptions.ParseError(f"JSON decode error: {error}") from error
        # Counting brackets is cheap, and few bodies have so many that the depth must be computed.
        if body.count(b"[") + body.count(b"{") > MAX_BODY_DEPTH and _depth(value) > MAX_BODY_DEPTH:
            raise exceptions.ParseError(f"Nest at most {MAX_BODY_DEPTH} levels.")
        return value


def _depth(value: Any) -> int:
    """Return how deeply objects and arrays are nested in a JSON value."""
    depth, level = 0, [value]
    while level := [part for part in level if isinstance(part, dict | list)]:
        depth += 1
        level = [
            inner for part in level for inner in (part.values() if isinstance(part, dict) else part)
        ]
    return depth
