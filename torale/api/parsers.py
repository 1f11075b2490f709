"""JSON by orjson: strict about UTF-8, and no body over the limit is read."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.conf import settings
from rest_framework import exceptions, parsers, status

#: Levels of a body. Python gives up at about 1000 when it makes a text of a value.
MAX_DEPTH = 500


class BodyTooLarge(exceptions.APIException):
    """The body is larger than anything this API takes."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body may have at most 1 MiB."


class JSONParser(parsers.BaseParser):
    """Parses a JSON body; malformed JSON becomes the contract's 422."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the parsed body.

        Raises:
            ParseError: not JSON, not UTF-8, or nested too deeply.
            BodyTooLarge: over DATA_UPLOAD_MAX_MEMORY_SIZE bytes.
        """
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise BodyTooLarge
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise exceptions.ParseError(f"JSON decode error: {error}") from error
        # Few bodies have so many brackets that they need a look.
        if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
            raise exceptions.ParseError(f"Nest at most {MAX_DEPTH} levels.")
        return value


def _depth(value: Any) -> int:
    """Return how many levels of objects and arrays a JSON value has."""
    depth, level = 0, [value]
    while level := [part for part in level if isinstance(part, dict | list)]:
        depth += 1
        level = [
            inner for part in level for inner in (part.values() if isinstance(part, dict) else part)
        ]
    return depth
