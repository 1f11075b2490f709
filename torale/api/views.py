"""Base classes of the API's views: checks before a view's code, and headers of its answers."""

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from torale.api import strict
from torale.api.errors import Unprocessable
from torale.api.fields import id_of


class CheckedNames(APIView):
    """Refuses repeated parameters, and unknown names for callers that prefer strict handling.

    Every view of the API inherits from it, and a test checks this for all routes. The checks run
    after authentication and permissions.
    """

    #: Whether the caller's preference `handling=strict` is followed.
    is_strict = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer the request.

        View and response do not refer to each other afterwards. Otherwise the rows of a long list
        would stay in memory until the next garbage collection.
        """
        response = super().dispatch(request, *args, **kwargs)
        del self.response
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the caller, then the names.

        Raises:
            Unprocessable: a parameter is repeated, or a strict request has an unknown parameter.
            ValidationError: a strict request has an unknown member in its body.
        """
        super().initial(request, *args, **kwargs)
        self.is_strict = strict.is_asked_for(request)
        strict.check_repeated(request)
        if self.is_strict:
            strict.check_unknown(request)

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Return the response, with Preference-Applied if it was followed (RFC 7240 §3)."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        if self.is_strict:
            answer.headers["Preference-Applied"] = strict.APPLIED
        if isinstance(answer, Response):
            answer.add_post_render_callback(_forget_view)
        return answer


class IdsInPath(CheckedNames):
    """Converts the path's `…_id` parameters to UUIDs before the view's own code runs.

    A malformed id gets a 422 with `loc` `["path", name]`. Callers without permission get their 401
    or 403 first.
    """

    kwargs: dict[str, Any]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the caller and the names, then the path.

        Raises:
            Unprocessable: an id in the path is not a UUID.
        """
        super().initial(request, *args, **kwargs)
        for name, value in self.kwargs.items():
            if name.endswith("_id"):
                try:
                    self.kwargs[name] = id_of(value)
                except ValueError as error:
                    raise Unprocessable(
                        {name: [f"{value!r} is not a UUID."]}, source="path", given=self.kwargs
                    ) from error


class NotStored(APIView):
    """Forbids caches to store the responses, errors included, because they contain secrets."""

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Return the response with `Cache-Control: no-store` (RFC 9111 §5.2.2.5)."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        patch_cache_control(answer, no_store=True)
        return answer


class AnyAccept(APIView):
    """Accepts any Accept header: the response has only one media type, which callers can read."""

    def perform_content_negotiation(
        self,
        request: Request,
        force: bool = False,  # noqa: FBT001, FBT002 - DRF's signature
    ) -> tuple[BaseRenderer, str]:
        """Return the renderer for errors."""
        return super().perform_content_negotiation(request, force=True)


def _forget_view(response: Response) -> None:
    del vars(response)["renderer_context"]
