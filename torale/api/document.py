"""Generate the OpenAPI document from the code."""

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document. It is the same for all callers."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(public=True)
    return schema
