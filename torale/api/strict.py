"""Refuse repeated query parameters, and unknown names if the caller asks for that.

The names that an operation knows are those in the OpenAPI document.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any
from urllib.request import parse_http_list

from drf_spectacular.generators import EndpointEnumerator
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

from torale.api.document import document
from torale.api.errors import Unprocessable, either

#: The value of Preference-Applied in the answer to a strict request (RFC 7240 §3).
APPLIED = "handling=strict"
#: Methods whose body has no meaning (RFC 9110 §9.3).
WITHOUT_BODY = ("GET", "HEAD", "OPTIONS")


def is_asked_for(request: Request) -> bool:
    """Return whether the request prefers `handling=strict` (RFC 7240 §4.4). The first counts."""
    for preference in parse_http_list(request.headers.get("Prefer", "")):
        name, _, value = preference.partition(";")[0].partition("=")
        if name.strip().lower() == "handling":
            return value.strip().strip('"').lower() == "strict"
    return False


def check_repeated(request: Request) -> None:
    """Check that no query parameter, known or unknown, is given more than once.

    Raises:
        Unprocessable: some are. There is one fault for each, with all its values.
    """
    repeated = {name: values for name, values in request.query_params.lists() if len(values) > 1}
    if repeated:
        fault = ErrorDetail("Give this parameter once.", code="repeated")
        raise Unprocessable({name: [fault] for name in repeated}, source="query", given=repeated)


def check_unknown(request: Request) -> None:
    """Check that the operation knows all query parameters and all members of the body.

    Raises:
        Unprocessable: there are unknown parameters, with one fault for each.
        ValidationError: all parameters are known but some members of the body are not, with one
            fault for each.
    """
    operation = _operation(request)
    if operation is None:
        return
    parameters: dict[str, Any] = {
        parameter["name"]: {}
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query"
    }
    given = request.query_params.dict()
    if faults := _unknown(given, {"properties": parameters}):
        raise Unprocessable(faults, source="query", given=given)
    if request.method in WITHOUT_BODY:
        return
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {"properties": {}})
    if faults := _unknown(request.data, schema):
        raise ValidationError(faults)


def _operation(request: Request) -> Mapping[str, Any] | None:
    """Return the document's entry for the requested operation; None if there is none."""
    match = request._request.resolver_match  # noqa: SLF001 - DRF's Request does not have it
    methods = document()["paths"].get(_path_of(match.route), {}) if match else {}
    method = "get" if request.method == "HEAD" else str(request.method).lower()
    operation: Mapping[str, Any] | None = methods.get(method)
    return operation


@cache
def _path_of(route: str) -> str:
    """Return a route's path as the document writes it."""
    path: str = EndpointEnumerator().get_path_from_regex(route)
    return path.rstrip("/")


def _unknown(given: Any, schema: Mapping[str, Any]) -> dict[Any, Any]:
    """Return a fault for each member of `given` that is not in `schema`, nested as in `given`."""
    schema = _resolved(schema, given)
    faults: dict[Any, Any] = {}
    match given:
        case Mapping() if "properties" in schema:
            for name, inner in given.items():
                if name in schema["properties"]:
                    faults[name] = _unknown(inner, schema["properties"][name])
                else:
                    faults[name] = [_fault(schema["properties"])]
        case list() if "items" in schema:
            for index, inner in enumerate(given):
                faults[index] = _unknown(inner, schema["items"])
    return {name: inner for name, inner in faults.items() if inner}


def _fault(known: Iterable[str]) -> ErrorDetail:
    known = sorted(known)
    expected = f"use {either(known)}" if known else "none is expected here"
    return ErrorDetail(f"Unknown name: {expected}.", code="extra_forbidden")


def _resolved(schema: Mapping[str, Any], given: Any) -> Mapping[str, Any]:
    """Return the schema that `schema` refers to; of alternatives, the one that fits `given`."""
    match schema:
        case {"$ref": ref}:
            return _resolved(document()["components"]["schemas"][ref.rpartition("/")[2]], given)
        case {"discriminator": {"propertyName": name, "mapping": mapping}}:
            kind = given.get(name) if isinstance(given, Mapping) else None
            known = isinstance(kind, str) and kind in mapping
            return _resolved({"$ref": mapping[kind]}, given) if known else {}
        case {"oneOf": [*kinds]} | {"anyOf": [*kinds]} | {"allOf": [*kinds]}:
            return next((found for kind in kinds if (found := _resolved(kind, given))), {})
    return schema
