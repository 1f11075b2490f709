"""The API's reference: the OpenAPI document is true, complete and committed; its pages are ours."""

import io
import json
import re
from pathlib import Path

import jsonschema
import pytest
from django.conf import settings
from django.core.management import call_command

from tests.test_tenancy import ROUTES
from torale.api.reference import document

COMMITTED = Path(settings.BASE_DIR) / "docs" / "openapi.json"
OPTIONS = "--format openapi-json --validate --fail-on-warn"


def operations():
    """Yield the document's operations, each with its method and path."""
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_the_committed_document_is_that_of_the_code():
    generated = io.StringIO()

    call_command("spectacular", *OPTIONS.split(), stdout=generated)

    assert generated.getvalue().strip() == COMMITTED.read_text().strip(), (
        f"Run `manage.py spectacular {OPTIONS} --file docs/openapi.json` and commit the difference."
    )


@pytest.mark.parametrize("path", ["/openapi.json", "/openapi.json/"])
@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html"])
def test_the_document_is_served_to_anyone(client, path, accept):
    answer = client.get(path, headers={"accept": accept})

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.json() == json.loads(COMMITTED.read_text())


def test_every_route_of_the_api_is_in_the_document():
    assert set(document()["paths"]) == set(ROUTES)


def test_every_operation_has_an_area_and_a_sentence():
    for name, operation in operations():
        assert len(operation["tags"]) == 1, name
        assert operation["summary"].endswith("."), name


def test_operations_are_told_apart_by_their_ids():
    ids = [operation["operationId"] for _, operation in operations()]

    assert len(set(ids)) == len(ids)


def examples():
    """Yield every body's and answer's example with its schema."""
    answers = document()["components"]["responses"]
    for name, operation in operations():
        bodies = {"body": operation["requestBody"]} if "requestBody" in operation else {}
        for code, answer in {**bodies, **operation["responses"]}.items():
            resolved = answers[answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer
            for media_type, content in resolved.get("content", {}).items():
                yield f"{name} {code} {media_type}", content


def test_every_body_and_answer_has_an_example_that_is_as_described():
    for name, content in examples():
        assert content.get("example") is not None, name
        jsonschema.validate(
            content["example"],
            {**content["schema"], "components": document()["components"]},
            format_checker=jsonschema.FormatChecker(),
        )


def test_an_operation_tells_every_answer_it_may_give():
    answers = document()["paths"]["/api/v1/tasks/{task_id}/execute"]["post"]["responses"]

    assert {
        code: answer.get("$ref", "").rpartition("/")[2] for code, answer in answers.items()
    } == {
        "200": "",
        "401": "Unauthorized",
        "404": "NotFound",
        "406": "NotAcceptable",
        "409": "Conflict",
        "422": "Invalid",
        "429": "TooManyRequests",
    }


def test_errors_have_the_contracts_two_shapes():
    schemas = document()["components"]["schemas"]

    assert schemas["Error"]["properties"] == {"detail": {"type": "string"}}
    assert schemas["ValidationError"]["properties"] == {
        "detail": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}}
    }
    assert schemas["Fault"]["properties"] == {
        "type": {"type": "string"},
        "loc": {"type": "array", "items": {"type": ["string", "integer"]}},
        "msg": {"type": "string"},
        "input": {},
    }


def test_query_parameters_have_their_bounds():
    parameters = document()["paths"]["/api/v1/tasks"]["get"]["parameters"]

    assert parameters == [
        {
            "in": "query",
            "name": "limit",
            "schema": {"default": 100, "maximum": 1000, "minimum": 1, "type": "integer"},
        },
        {
            "in": "query",
            "name": "offset",
            "schema": {"default": 0, "maximum": 2147483647, "minimum": 0, "type": "integer"},
        },
        {
            "in": "query",
            "name": "state",
            "schema": {"enum": ["active", "completed", "paused"], "type": "string"},
        },
    ]


# --- The pages -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/docs", "/docs/", "/redoc", "/redoc/"])
def test_a_page_and_all_it_loads_come_from_this_server(client, path):
    page = client.get(path)

    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert re.findall(r"""(?:https?:)?//[\w.-]+""", re.sub(r"/\*.*?\*/", "", page.text)) == []
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert "/openapi.json" in page.text
    for address in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert client.head(address).status_code == 200, address


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
def test_a_page_cannot_be_written_to(client, path):
    answer = client.post(path)

    assert (answer.status_code, answer.json()) == (405, {"detail": 'Method "POST" not allowed.'})
