"""Customize drf-spectacular: what the OpenAPI document says beyond views, serializers and filters.

With `extend_schema`, views declare their summary, the serializers of their answers and the errors
that only they have (400, 409). Errors that follow from how the API is built are added here. No text
in the document comes from a docstring.
"""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.contrib.auth import get_user_model
from drf_spectacular.contrib.django_filters import DjangoFilterExtension
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, build_mock_request
from drf_spectacular.utils import (
    Direction,
    OpenApiParameter,
    extend_schema_field,
    extend_schema_serializer,
)
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS, IsAdminUser
from rest_framework.request import Request
from rest_framework.viewsets import ViewSetMixin

from torale import trouble
from torale.api.errors import NOT_FOUND
from torale.api.examples import TEXTS, example_of
from torale.api.fields import TextField
from torale.api.parsers import BodyTooLarge
from torale.api.views import AnyAccept


@extend_schema_serializer(description="Why the request was not carried out.")
class ErrorSerializer(serializers.Serializer[Any]):
    """Why the request was not carried out."""

    detail = serializers.CharField(help_text="The reason, and what to change if anything can be.")


@extend_schema_field({"type": "array", "items": {"type": ["string", "integer"]}})
class PlaceField(serializers.ListField):
    """`body`, `query` or `path`, then the names and indexes that lead from there to a fault."""


@extend_schema_serializer(description="One fault in the request.")
class FaultSerializer(serializers.Serializer[Any]):
    """One fault in the request."""

    type = serializers.CharField(help_text="The kind of fault, such as `missing`.")
    loc = PlaceField(
        help_text="Where the fault is: `body`, `query` or `path`, then the names and indexes that "
        "lead from there to the fault."
    )
    msg = serializers.CharField(help_text="What is wrong, in words.")
    input = serializers.JSONField(
        help_text="The value that was sent there; if it is missing, the value that encloses it."
    )


@extend_schema_serializer(description="All faults in the request.")
class ValidationErrorSerializer(serializers.Serializer[Any]):
    """All faults in the request."""

    detail = FaultSerializer(many=True, help_text="The faults, one entry for each.")


#: The status of the answer that lists faults.
INVALID = 422
#: Errors by status: the name of the component, a description and an example `detail`.
ERRORS: dict[int, tuple[str, str, Any]] = {
    400: (
        "Refused",
        "The request is well-formed but not allowed; `detail` says why.",
        "Invalid state transition: paused -> completed",
    ),
    401: (
        "Unauthorized",
        "There is no key, or it is unknown, revoked, expired or malformed.",
        "Invalid API key",
    ),
    403: (
        "Forbidden",
        "The key may not do this: it is read-only, or not an operator's.",
        "You do not have permission to perform this action.",
    ),
    404: ("NotFound", "The object does not exist, or the caller may not see it.", NOT_FOUND),
    406: (
        "NotAcceptable",
        "The answer is not available in any media type that the Accept header allows.",
        "Could not satisfy the request Accept header.",
    ),
    409: (
        "Conflict",
        "The object's current state does not allow this; `detail` says why.",
        "Task is already running or pending. Use force=true to override.",
    ),
    412: (
        "PreconditionFailed",
        "The current version is not the one that the caller asked for.",
        "There is another version of this now.",
    ),
    413: ("BodyTooLarge", "The body is too large.", BodyTooLarge.default_detail),
    415: (
        "UnsupportedMediaType",
        "The body is not JSON.",
        'Unsupported media type "text/plain" in request.',
    ),
    INVALID: (
        "Invalid",
        "The body, the query or the path is not valid; `detail` has one entry for each fault.",
        [
            {
                "type": "missing",
                "loc": ["body", "search_query"],
                "msg": "Field required",
                "input": {},
            }
        ],
    ),
    429: (
        "TooManyRequests",
        "The caller has sent too many requests.",
        "Request was throttled. Expected available in 3 seconds.",
    ),
    503: (
        "Unavailable",
        "The database cannot serve now; the same request may succeed later.",
        trouble.DETAIL,
    ),
}
RETRY_AFTER = {
    "Retry-After": {
        "description": "How many seconds to wait before trying again.",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    }
}
#: Response headers of errors, by status.
HEADERS = {
    401: {
        "WWW-Authenticate": {
            "description": "The authentication scheme to use (RFC 6750 §3).",
            "required": True,
            "schema": {"type": "string", "const": "Bearer"},
        }
    },
    429: RETRY_AFTER,
    503: RETRY_AFTER,
}
#: The pattern of a text: it contains more than white space, and no NUL.
NOT_BLANK = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"
#: The verbs in operation ids by method, for views that are not viewsets.
VERBS = {"GET": "retrieve", "POST": "create", "PUT": "update", "PATCH": "update"}
WITH_BODY = {"POST", "PUT", "PATCH"}
#: Headers of conditional requests (RFC 9110 §13), for views that support them.
CONDITIONAL = [
    OpenApiParameter(
        "If-None-Match",
        location=OpenApiParameter.HEADER,
        description="The ETag of the caller's copy; the answer is 304 if it is still current.",
    ),
    OpenApiParameter(
        "ETag",
        location=OpenApiParameter.HEADER,
        description="The version of this answer.",
        response=[200, 304],
    ),
]


class Bearer(OpenApiAuthenticationExtension):
    """How to send an API key."""

    target_class = "accounts.authentication.BearerAuthentication"
    name = "Bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """Return the security scheme."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key: `Authorization: Bearer sk_…`. "
            "`POST /auth/api-keys` or `manage.py keys create` makes one. A read-only key may only "
            "send GET, HEAD and OPTIONS.",
        }


class Filters(DjangoFilterExtension):
    """Describes a FilterSet's query parameters, even if its model is not that of the view."""

    target_class = "torale.api.filters.FilterBackend"
    priority = 1

    def get_schema_operation_parameters(
        self,
        auto_schema: AutoSchema,
        *_args: Any,
        **_kwargs: Any,
    ) -> list[dict[str, Any]]:
        """Return the parameters. Their patterns say that no filter accepts an empty value."""
        filterset = getattr(auto_schema.view, "filterset_class", None)
        if filterset is None:
            return []
        model = filterset._meta.model
        parameters = [
            # The base class omits the help text if a filter declares its own type.
            {**parameter, "description": filter_.extra.get("help_text", "")}
            for name, filter_ in filterset.base_filters.items()
            for parameter in self.resolve_filter_field(auto_schema, model, filterset, name, filter_)
        ]
        for parameter in parameters:
            if "description" in parameter:
                parameter["description"] = parameter["description"].strip()
            if parameter["schema"] == {"type": "string"}:
                parameter["schema"]["pattern"] = NOT_BLANK
        return parameters


def or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return `schema` with null allowed. Its description and default stay at the outer level."""
    about: dict[str, Any] = {
        name: schema.pop(name) for name in ("description", "default") if name in schema
    }
    match schema:
        case {"allOf": [ref]}:
            schema = ref
    return {"oneOf": [schema, {"type": "null"}], **about}


class Lenient(OpenApiSerializerExtension):
    """Describes bodies in which null counts as absent."""

    target_class = "torale.api.validation.LenientSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        """Return the schema, with null allowed for every member that may be absent."""
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)  # noqa: SLF001 - the documented way
        if direction == "response":
            return dict(schema)
        for name, member in schema["properties"].items():
            if name not in schema.get("required", ()):
                if "description" in member:
                    member["description"] += " Null counts as absent."
                if "enum" in member:
                    member["nullable"] = True  # `with_named_enums` replaces it
                elif "type" in member:
                    if "null" not in member["type"]:
                        member["type"] = [member["type"], "null"]
                else:
                    schema["properties"][name] = or_null(member)
        return dict(schema)


class Schema(AutoSchema):
    """Describes one operation."""

    def get_operation_id(self) -> str:
        """Return the operation's id: its subject and a verb, such as `task_execute`.

        Generated clients use it as a name. A view whose id would not read well sets one with
        `extend_schema(operation_id=…)`.
        """
        if isinstance(self.view, ViewSetMixin):
            name, verb = self.view.basename, self.view.action
        else:
            name = type(self.view).__name__.removesuffix("View")
            name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
            verb = "list" if self._is_list_view() else VERBS[self.method]
        return f"{name}_{verb}".replace("-", "_")

    def get_serializer_name(self, serializer: Any, direction: Direction) -> str:
        """Return the component's name, such as `Task` for TaskReadSerializer.

        Bodies of requests have names such as `TaskRequest`.
        """
        name: str = super().get_serializer_name(serializer, direction)
        return re.sub("(Read|Write)?Serializer$", "", name)

    def get_paginated_name(self, serializer_name: str) -> str:
        """Return the name of the component for a page of results."""
        return f"{serializer_name}Page"

    def _map_serializer_field(
        self, field: Any, direction: Direction, *args: Any, **kwargs: Any
    ) -> dict[str, Any]:
        schema: dict[str, Any] = super()._map_serializer_field(field, direction, *args, **kwargs)
        if isinstance(field, TextField) and direction == "request":
            schema["pattern"] = NOT_BLANK
        return schema

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "in": "path",
                "required": True,
                "description": f"The {name.removesuffix('_id')}'s id.",
                "schema": {"type": "string", "format": "uuid"},
            }
            if name.endswith("_id")
            else {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in variables
        ]

    def _get_pagination_parameters(self) -> list[dict[str, Any]]:
        if self._is_list_view() or not isinstance(self.view, ViewSetMixin):
            paginator = getattr(self.view, "paginator", None)
            return paginator.get_schema_operation_parameters(self.view) if paginator else []
        return []

    def _get_response_headers_for_code(
        self, status_code: str, direction: Direction = "response"
    ) -> dict[str, Any]:
        headers = super()._get_response_headers_for_code(status_code, direction)
        paginator = getattr(self.view, "paginator", None)
        if status_code == "200" and self._get_pagination_parameters():
            headers |= getattr(paginator, "response_headers", {})
        return dict(headers)

    def _get_response_bodies(self, direction: Direction = "response") -> dict[str, Any]:
        answers = super()._get_response_bodies(direction)
        for code, answer in answers.items():
            answer["description"] = answer["description"] or HTTPStatus(int(code)).phrase
            for media_type, content in answer.get("content", {}).items():
                if media_type != "application/json":
                    content["schema"] = {"type": "string"}
        own = {int(code) for code in answers if code >= "400"}
        errors = {str(code): self._error(code) for code in {*self._errors(), *own}}
        return {**answers, **errors}

    def _errors(self) -> Iterator[int]:
        """Yield the statuses of the errors that follow from how the API is built."""
        parameters = self._get_parameters()
        if self.get_auth():
            yield 401
        is_for_operators = any(
            isinstance(permission, IsAdminUser) for permission in self.view.get_permissions()
        )
        if is_for_operators or self.method not in SAFE_METHODS:
            yield 403
        if "{" in self.path:
            yield 404
        if not isinstance(self.view, AnyAccept):
            yield 406
        if has_body := self.method in WITH_BODY and bool(self._get_request_body()):
            yield from (413, 415)
        if has_body or any(
            parameter["in"] == "query" or parameter["schema"].get("format") == "uuid"
            for parameter in parameters
        ):
            yield 422
        if self.view.get_throttles():
            yield 429
        yield 503

    def _error(self, code: int) -> dict[str, Any]:
        name, description, detail = ERRORS[code]
        serializer = ValidationErrorSerializer if code == INVALID else ErrorSerializer
        component = ResolvedComponent(
            name=name,
            type=ResolvedComponent.RESPONSE,
            object=name,
            schema={
                "description": description,
                "headers": HEADERS.get(code, {}),
                "content": {
                    "application/json": {
                        "schema": self.resolve_serializer(serializer, "response").ref,
                        "example": {"detail": detail},
                    }
                },
            },
        )
        self.registry.register_on_missing(component)
        return dict(component.ref)


def mock_request(*args: Any, **kwargs: Any) -> Request:
    """Return the request with which views are inspected. It has a user, as querysets need one."""
    request: Request = build_mock_request(*args, **kwargs)
    request.user = get_user_model()()
    return request


Endpoints = list[tuple[str, str, str, Any]]


def without_slash(endpoints: Endpoints) -> Endpoints:
    """Remove the trailing slash from paths, because it is optional."""
    return [(path.rstrip("/"), *rest) for path, *rest in endpoints]


def with_named_enums(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Replace enums in parameters by references to the named ones, with null where it is allowed.

    drf-spectacular's own hook names only the enums in components. Without this one, generated
    clients would get a separate type for each parameter.
    """
    schemas = result["components"]["schemas"]
    names = {
        frozenset(schema["enum"]): name for name, schema in schemas.items() if "enum" in schema
    }
    named = {name: schemas[name] for name in names.values()}
    referring: dict[str, Any] = _referring(result, names)
    referring["components"]["schemas"].update(named)
    return referring


def _referring(part: Any, names: Mapping[frozenset[Any], str]) -> Any:
    match part:
        case {"enum": [*values], "type": _, **rest} if frozenset(values) in names:
            ref = {"$ref": f"#/components/schemas/{names[frozenset(values)]}"}
            return {"allOf": [ref], **rest} if rest else ref
        case dict():
            inner = {name: _referring(value, names) for name, value in part.items()}
            return or_null(inner) if inner.pop("nullable", False) else inner
        case list():
            return [_referring(item, names) for item in part]
    return part


def with_examples(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add an example to every request body and response that has none."""
    for path in result["paths"].values():
        for operation in path.values():
            for answer in (*operation["responses"].values(), operation.get("requestBody", {})):
                for media_type, content in answer.get("content", {}).items():
                    content.setdefault(
                        "example",
                        TEXTS.get(media_type)
                        or example_of(content["schema"], result["components"]["schemas"]),
                    )
    return result


def in_order(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Sort the members of all objects, so that two documents differ only where the API differs."""
    ordered: dict[str, Any] = _sorted(result)
    return ordered


def _sorted(part: Any) -> Any:
    match part:
        case dict():
            return {name: _sorted(part[name]) for name in sorted(part)}
        case list():
            return [_sorted(item) for item in part]
    return part
