"""JSON by orjson: several times faster than DRF's own, and dates end in `Z`. And the pages."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from rest_framework import renderers
from rest_framework.utils.encoders import JSONEncoder


class JSONRenderer(renderers.BaseRenderer):
    """Renders plain values, UUIDs and aware datetimes; indented where a person reads it."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return `data` as UTF-8 JSON, or nothing for an answer without a body (204)."""
        if (
            data is None
            and (renderer_context or {})["response"].status_code == HTTPStatus.NO_CONTENT
        ):
            return b""
        options = orjson.OPT_UTC_Z
        if (renderer_context or {}).get("indent"):  # the browsable API asks for it
            options |= orjson.OPT_INDENT_2
        try:
            return orjson.dumps(data, default=str, option=options)
        except orjson.JSONEncodeError:
            # A number beyond 64 bits, or nesting beyond orjson's limit, in one row of a list.
            return json.dumps(data, cls=JSONEncoder, ensure_ascii=False).encode()


class BrowsableAPIRenderer(renderers.BrowsableAPIRenderer):
    """Renders the API as pages, for browsers that have logged in to the admin."""

    template = "torale/api.html"

    def get_context(
        self,
        data: Any,
        accepted_media_type: str | None,
        renderer_context: Mapping[str, Any],
    ) -> Any:
        """Return what the template shows; no styles of code, as no description has code."""
        context = super().get_context(data, accepted_media_type, renderer_context)
        return {**context, "code_style": None}
