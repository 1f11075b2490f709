"""JSON by orjson: several times faster than DRF's own, and dates end in `Z`. And the pages."""

from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework import renderers


class JSONRenderer(renderers.BaseRenderer):
    """Renders plain values, UUIDs and aware datetimes; indented where a person reads it."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,  # noqa: ARG002
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return `data` as UTF-8 JSON, or nothing for an answer without a body (204)."""
        if data is None and (renderer_context or {})["response"].status_code == 204:  # noqa: PLR2004
            return b""
        options = orjson.OPT_UTC_Z
        if (renderer_context or {}).get("indent"):  # the browsable API asks for it
            options |= orjson.OPT_INDENT_2
        return orjson.dumps(data, default=str, option=options)


class BrowsableAPIRenderer(renderers.BrowsableAPIRenderer):
    """Renders the API as pages, for browsers that have logged in to the admin."""

    template = "torale/api.html"
