"""What views of the API have in common: ids in paths, answers in one form, or not to be kept."""

from typing import Any

from django.utils.cache import patch_cache_control
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from torale.api.errors import Unprocessable
from torale.api.fields import id_of


class IdsInPath:
    """Turns the path's `…_id` parameters into UUIDs before the view's own code runs.

    A malformed one is 422 with `loc` `["path", name]`, but only for callers who may call at all.
    """

    kwargs: dict[str, Any]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the caller, then the path.

        Raises:
            Unprocessable: an id in the path is no UUID.
        """
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        for name, value in self.kwargs.items():
            if name.endswith("_id"):
                try:
                    self.kwargs[name] = id_of(value)
                except ValueError as error:
                    raise Unprocessable(
                        {name: [f"{value!r} is not a UUID."]}, source="path", given=self.kwargs
                    ) from error


class NotStored:
    """Forbids every cache to keep the answers, refusals included: they hold what is secret."""

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Return the answer with `Cache-Control: no-store` (RFC 9111 §5.2.2.5)."""
        answer: Response = super().finalize_response(  # type: ignore[misc]
            request, response, *args, **kwargs
        )
        patch_cache_control(answer, no_store=True)
        return answer


class AnyAccept:
    """Takes any Accept header: there is one form of answer, which the callers can read."""

    def perform_content_negotiation(
        self,
        request: Request,
        force: bool = False,  # noqa: ARG002, FBT001, FBT002 - DRF's signature
    ) -> tuple[BaseRenderer, str]:
        """Choose the renderer of errors."""
        return super().perform_content_negotiation(request, force=True)  # type: ignore[misc,no-any-return]
