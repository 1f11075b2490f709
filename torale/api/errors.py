"""Turn exceptions into `{"detail": …}` responses. This happens nowhere else."""

import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from django.conf import settings
from django.core.exceptions import (
    DisallowedHost,
    PermissionDenied,
    SuspiciousOperation,
    TooManyFieldsSent,
)
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from rest_framework import exceptions, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import set_rollback

from torale import trouble
from torale.errors import Conflict, Refused, TooOften

logger = structlog.get_logger(__name__)

NOT_FOUND = "Not found"
FORM_TOO_OLD = (
    "The form was too old, or it was sent by another site. Go back, load the page again, and send "
    "the form again."
)

#: DRF's error codes and the names that pydantic has for them, which clients know.
TYPES = {
    "required": "missing",
    "null": "value_error",
    "blank": "string_too_short",
    "max_length": "string_too_long",
    "min_length": "string_too_short",
    "invalid": "value_error",
    "invalid_choice": "enum",
    "min_value": "greater_than_equal",
    "max_value": "less_than_equal",
    "not_a_list": "list_type",
    "not_a_dict": "dict_type",
    "parse_error": "json_invalid",
}


#: Members of bodies whose values are shown in no answer.
SECRET_MEMBERS = frozenset({"request_headers"})


class Unprocessable(exceptions.ValidationError):
    """A validation error whose source is known. A plain ValidationError is about the body.

    Args:
        detail: the errors by parameter, as for ValidationError.
        source: `body`, `query` or `path`.
        given: the values that were sent, to show in each fault's `input`.
    """

    def __init__(self, detail: Any, *, source: str, given: Mapping[str, Any]) -> None:
        super().__init__(detail)
        self.source = source
        self.given = given


class Unavailable(exceptions.APIException):
    """The database cannot serve now. The caller may try again after `wait` seconds."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = trouble.DETAIL
    wait = trouble.RETRY_AFTER_S


def either(names: Iterable[str]) -> str:
    """Return the names as a list in a sentence: `'a', 'b' or 'c'`."""
    *others, last = (f"'{name}'" for name in names)
    return f"{', '.join(others)} or {last}" if others else last


def should_be(choices: Iterable[str]) -> str:
    """Return the error message for a value that is not one of `choices`, which it lists."""
    return f"Input should be {either(choices)}"


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> Response:
    """Return the contract's response to `exc`.

    If the database is in trouble, that is a 503, and for an unexpected exception a 500. Both are
    logged. A limit that domain code enforces gets the same response as one that a view enforces.
    """
    if trouble.is_trouble(exc):
        logger.warning("database_trouble", error=str(exc))
        exc = Unavailable()
    elif isinstance(exc, TooOften):
        exc = exceptions.Throttled(exc.wait.total_seconds(), exc.detail)
    code, detail = _answer(exc, context["request"])
    headers = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(math.ceil(wait))
    set_rollback()
    return Response({"detail": detail}, status=code, headers=headers)


def _answer(exc: Exception, request: Request) -> tuple[int, Any]:
    code: int
    detail: Any
    match exc:
        case exceptions.ValidationError() | exceptions.ParseError():
            code, detail = status.HTTP_422_UNPROCESSABLE_ENTITY, [*_faults_of(exc, request)]
        case Http404() | exceptions.NotFound():
            code, detail = status.HTTP_404_NOT_FOUND, NOT_FOUND
        case exceptions.NotAuthenticated():
            code, detail = exc.status_code, "Authorization header missing"
        case exceptions.APIException():
            code, detail = exc.status_code, str(exc.detail)
        case PermissionDenied():
            code, detail = status.HTTP_403_FORBIDDEN, "You may not do this."
        case Refused():
            code, detail = status.HTTP_400_BAD_REQUEST, exc.detail
        case SuspiciousOperation():
            code, detail = status.HTTP_400_BAD_REQUEST, _refusal(exc, request)
        case Conflict():
            code, detail = status.HTTP_409_CONFLICT, exc.detail
        case _:
            logger.error("unhandled_error", exc_info=exc)
            code, detail = status.HTTP_500_INTERNAL_SERVER_ERROR, "Internal server error"
    return code, detail


def _faults_of(
    exc: exceptions.ValidationError | exceptions.ParseError, request: Request
) -> Iterator[dict[str, Any]]:
    if isinstance(exc, exceptions.ParseError):
        yield fault("json_invalid", ("body",), str(exc.detail), None)
    elif isinstance(exc, Unprocessable):
        yield from faults(exc.get_full_details(), (exc.source,), exc.given)
    else:
        yield from faults(exc.get_full_details(), ("body",), request.data)


def fault(type_: str, loc: Sequence[str | int], msg: str, given: Any) -> dict[str, Any]:
    """Return one entry of a 422's list.

    An input nested too deeply to be rendered becomes null, and so do members with secrets.
    """
    if not SECRET_MEMBERS.isdisjoint(loc):
        given = None
    elif isinstance(given, Mapping):
        given = {name: None if name in SECRET_MEMBERS else given[name] for name in given}
    try:
        orjson.dumps(given, default=str)
    except orjson.JSONEncodeError:
        given = None
    return {"type": type_, "loc": list(loc), "msg": msg, "input": given}


def faults(details: Any, loc: tuple[str | int, ...], given: Any) -> Iterator[dict[str, Any]]:
    """Walk DRF's nested details and yield one entry per fault, with the value that was sent."""
    if isinstance(details, dict) and isinstance(details.get("message"), str):
        code = str(details["code"])
        yield fault(
            TYPES.get(code, code),
            loc,
            "Field required" if code == "required" else str(details["message"]),
            given,
        )
    elif isinstance(details, dict):
        for name, inner in details.items():
            at = loc if name == "non_field_errors" else (*loc, name)
            yield from faults(inner, at, _given_at(given, name))
    else:
        for index, inner in enumerate(details):
            is_fault = isinstance(inner, dict) and "code" in inner
            at = loc if is_fault else (*loc, index)
            yield from faults(inner, at, given if is_fault else _given_at(given, index))


def _given_at(given: Any, name: str | int) -> Any:
    """Return the member that a fault is about, or the enclosing value if it is missing."""
    if isinstance(given, Mapping):
        return given.get(name, given)
    if isinstance(given, list) and isinstance(name, int) and name < len(given):
        return given[name]
    return given


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django passes it by name
    """Answer a path that no route matches, or a page that does not exist."""
    return _told(request, NOT_FOUND, status.HTTP_404_NOT_FOUND)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django itself refuses, such as one for a foreign host name."""
    return _told(request, _refusal(exception, request), status.HTTP_400_BAD_REQUEST)


def no_csrf_token(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - see above
    """Answer a form without the token that shows that it came from a page of this server."""
    return _told(request, FORM_TOO_OLD, status.HTTP_403_FORBIDDEN)


def _refusal(exception: Exception, request: HttpRequest | Request) -> str:
    """Say why Django refuses `request`, and what to change."""
    match exception:
        case DisallowedHost():
            return (
                f"This server does not serve the host {request.headers.get('Host', '')!r}. "
                "Its operator sets TORALE_URL to the address that people use."
            )
        case TooManyFieldsSent():
            most = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
            return f"A request may have at most {most:,} parameters or form fields."
        case _:
            return "Bad request: check the syntax of the URL and the body."


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer an exception outside of the API's views: 503 if the database is in trouble, else 500.

    Django calls this while it handles the exception, which it has logged already.
    """
    if trouble.is_trouble(sys.exception()):
        return unavailable(request)
    return _told(request, "Internal server error", status.HTTP_500_INTERNAL_SERVER_ERROR)


def unavailable(request: HttpRequest) -> HttpResponse:
    """Answer 503, with Retry-After, because the database cannot serve now."""
    answer = _told(request, trouble.DETAIL, status.HTTP_503_SERVICE_UNAVAILABLE)
    answer.headers["Retry-After"] = str(trouble.RETRY_AFTER_S)
    return answer


def _told(request: HttpRequest, detail: str, code: int) -> HttpResponse:
    """Return the answer with `detail` as JSON, or as a page for browsers."""
    if request.get_preferred_type(["application/json", "text/html"]) != "text/html":
        return JsonResponse({"detail": detail}, status=code)
    context = {"title": HTTPStatus(code).phrase, "detail": detail}
    return HttpResponse(render_to_string("torale/error.html", context), status=code)
