"""The API reference: the OpenAPI document and two pages that show it. None of them needs a key."""

from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from torale.api.document import document
from torale.api.renderers import JSONRenderer
from torale.api.views import AnyAccept


class DocumentView(AnyAccept, APIView):
    """The OpenAPI document."""

    authentication_classes = []
    permission_classes = [AllowAny]
    renderer_classes = [JSONRenderer]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Return the document."""
        return Response(document())


class Page(AnyAccept):
    """An HTML page, whatever the Accept header says. Errors are JSON."""

    renderer_classes: Any = [JSONRenderer]
    url_name = "openapi"

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Return the page."""
        response: Response = super().get(request)  # type: ignore[misc]
        request.accepted_renderer = TemplateHTMLRenderer()
        request.accepted_media_type = TemplateHTMLRenderer.media_type
        # drf-spectacular relaxes this header for OAuth logins, which this API does not have.
        del response.headers["Cross-Origin-Opener-Policy"]
        return response


class SwaggerView(Page, SpectacularSwaggerSplitView):
    """The document in Swagger UI, with a form to try each call."""

    template_name = "torale/swagger.html"


# ReDoc's scripts add inline styles, and its search runs in a worker created from a blob.
@method_decorator(
    csp_replace({"style-src": [SELF, UNSAFE_INLINE], "worker-src": ["blob:"]}), name="dispatch"
)
class RedocView(Page, SpectacularRedocView):
    """The document in ReDoc, for reading."""

    template_name = "torale/redoc.html"
