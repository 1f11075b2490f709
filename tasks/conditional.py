"""Conditional requests: ETag, If-None-Match and 304 (RFC 9110 §13)."""

import hashlib
from typing import Any

from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import parse_http_date_safe, quote_etag
from rest_framework import exceptions, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class PreconditionFailed(exceptions.APIException):
    """The caller asked for another version (If-Match, If-Unmodified-Since)."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = "There is another version of this now."


class ConditionalGet(APIView):
    """Answers 304 to callers who have the current version, and 412 to those who want another one.

    The version is a digest of the answer's body and links. A 304 therefore saves only the transfer,
    not the work. A view may set `Last-Modified` if it always knows the exact time.
    """

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Any:
        """Return the answer with its version, or a 304 or 412 instead of it."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if request.method not in ("GET", "HEAD") or response.status_code != status.HTTP_200_OK:
            return response
        if isinstance(response, Response):
            response.render()
        version = hashlib.sha256(response.content + response.get("Link", "").encode())
        response["ETag"] = quote_etag(version.hexdigest())
        # Caches may store the answer but must revalidate it: a public task may be made private.
        response["Cache-Control"] = "no-cache"
        patch_vary_headers(response, ["Authorization"])
        changed_at = response.get("Last-Modified")
        answer: Any = get_conditional_response(
            request,
            response["ETag"],
            parse_http_date_safe(changed_at) if changed_at else None,
            response,
        )
        if answer.status_code == status.HTTP_412_PRECONDITION_FAILED:
            self.headers = self.default_response_headers
            refusal = self.handle_exception(PreconditionFailed())
            return super().finalize_response(request, refusal, *args, **kwargs)
        return answer
