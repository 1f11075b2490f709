"""Answers that a caller may have already: ETag, If-None-Match and 304 (RFC 9110 §13)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import models
from django.http import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.crypto import salted_hmac
from django.utils.http import http_date, quote_etag
from rest_framework import exceptions, status
from rest_framework.request import Request

#: Part of every ETag. Raise it when the same rows come to be rendered otherwise.
FORM = 2


class PreconditionFailed(exceptions.APIException):
    """The caller wanted another version (If-Match, If-Unmodified-Since)."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = "There is another version of this now."


def answer(
    request: Request,
    *,
    made_of: Any,
    render: Callable[[], HttpResponseBase],
    last_modified: datetime | None = None,
) -> HttpResponseBase:
    """Return 304 if the caller's copy is of the present version, else what `render` returns.

    The version is a digest of what the body is made of, so a 304 costs the queries but not the
    rendering. It is keyed, so that it tells nothing about values that the body leaves out.

    Args:
        request: with the headers that say what the caller has.
        made_of: all that the body depends on besides the caller and the media type; plain values,
            ids and times.
        render: makes the full answer.
        last_modified: when any of it changed last; only if that is known without fail.

    Raises:
        PreconditionFailed: the caller asked for a version that is not the present one.
    """
    # `repr` takes every value: numbers beyond 64 bits, secrets that cannot be decrypted.
    version = repr([FORM, request.accepted_media_type, request.user.pk, made_of])
    etag = quote_etag(salted_hmac(__name__, version, algorithm="sha256").hexdigest())
    changed_at = int(last_modified.timestamp()) if last_modified else None
    response: HttpResponseBase | None = get_conditional_response(request, etag, changed_at)
    if response is None:
        response = render()
    elif response.status_code == status.HTTP_412_PRECONDITION_FAILED:
        raise PreconditionFailed
    response["ETag"] = etag
    if changed_at is not None:
        response["Last-Modified"] = http_date(changed_at)
    # May be kept, but not shown again without asking: what is public may be made private.
    response["Cache-Control"] = "no-cache"
    patch_vary_headers(response, ["Authorization"])
    return response


def columns(row: models.Model | None) -> list[Any] | None:
    """Return all values of a row, as a part of what a body is made of."""
    if row is None:
        return None
    # Not by `getattr`, which raises for a secret that cannot be decrypted.
    return [vars(row)[field.attname] for field in row._meta.concrete_fields]  # noqa: SLF001 - Django's public Meta API
