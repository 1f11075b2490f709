"""The API's reference: the OpenAPI document and two pages that show it, all without a key."""

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerView
from rest_framework.permissions import AllowAny
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from torale.api.renderers import JSONRenderer
from torale.api.views import AnyAccept

#: The pages' scripts and styles come from this server, and their scripts call only this server.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; worker-src blob:"
)


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document; it is the same for all callers."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(public=True)
    return schema


class DocumentView(AnyAccept, APIView):
    """The OpenAPI document."""

    authentication_classes = []
    permission_classes = [AllowAny]
    renderer_classes = [JSONRenderer]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """Show the document."""
        return Response(document())


class Page(AnyAccept):
    """A page, whatever the caller accepts; errors are JSON."""

    renderer_classes: Any = [JSONRenderer]
    url_name = "openapi"

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Show the page."""
        response: Response = super().get(request)  # type: ignore[misc]
        request.accepted_renderer = TemplateHTMLRenderer()
        request.accepted_media_type = TemplateHTMLRenderer.media_type
        response.headers["Content-Security-Policy"] = POLICY
        return response


class SwaggerView(Page, SpectacularSwaggerView):
    """The document as Swagger UI shows it: with a form to try each call."""


class RedocView(Page, SpectacularRedocView):
    """The document as ReDoc shows it: to be read."""

    template_name = "torale/redoc.html"
