"""The API's reference: the OpenAPI document is true, complete and committed; its pages are ours."""

import io
import json
import re
from pathlib import Path

import jsonschema
import pytest
from django.conf import settings
from django.core.management import call_command

from tests.support.routes import ROUTES
from torale.api.document import document

COMMITTED = Path(settings.BASE_DIR) / "docs" / "openapi.json"
OPTIONS = "--format openapi-json --validate --fail-on-warn"
#: The tags of operations.
AREAS = {"Account", "Tasks", "Notifications", "Webhooks", "Public", "Operation"}


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
        assert len(AREAS.intersection(operation["tags"])) == len(operation["tags"]) == 1, name
        assert operation["summary"].endswith("."), name


def test_every_component_has_a_sentence():
    schemas = document()["components"]["schemas"]
    # A closed set is described where it is used, and a page by its operation.
    described = {
        name: schema.get("description", "")
        for name, schema in schemas.items()
        if "properties" in schema and not name.endswith("Page")
    }

    assert len(described) > 40
    assert [name for name, text in described.items() if not text.endswith(".")] == []


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
        "403": "Forbidden",
        "404": "NotFound",
        "406": "NotAcceptable",
        "409": "Conflict",
        "422": "Invalid",
        "429": "TooManyRequests",
        "503": "Unavailable",
    }


def test_errors_have_the_contracts_two_shapes():
    schemas = document()["components"]["schemas"]

    def form_of(name):
        """Return a component's members without what is said about them."""
        return {
            member: {key: value for key, value in schema.items() if key != "description"}
            for member, schema in schemas[name]["properties"].items()
        }

    assert form_of("Error") == {"detail": {"type": "string"}}
    assert form_of("ValidationError") == {
        "detail": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}}
    }
    assert form_of("Fault") == {
        "type": {"type": "string"},
        "loc": {"type": "array", "items": {"type": ["string", "integer"]}},
        "msg": {"type": "string"},
        "input": {},
    }


def test_query_parameters_have_their_bounds():
    parameters = document()["paths"]["/api/v1/tasks"]["get"]["parameters"]

    assert {(each["in"], each["name"]): each["schema"] for each in parameters} == {
        ("query", "active"): {"type": "boolean"},
        ("query", "is_active"): {"type": "boolean"},
        ("query", "limit"): {"default": 1000, "maximum": 1000, "minimum": 1, "type": "integer"},
        ("query", "offset"): {
            "default": 0,
            "maximum": 2147483647,
            "minimum": 0,
            "type": "integer",
        },
        ("query", "state"): {"$ref": "#/components/schemas/TaskState"},
    }


# --- What generated clients need -----------------------------------------------------------------

#: How the names of operations end.
VERBS = {
    *("list", "retrieve", "create", "update", "partial_update", "destroy"),
    *("execute", "export", "fork", "redeliver", "redeliver_matching", "rotate", "send"),
    *("switch_off", "switch_on", "test", "verify"),
}


def described():
    """Yield each member of a component, parameter and header, with what it is."""
    for name, schema in document()["components"]["schemas"].items():
        for member, its in schema.get("properties", {}).items():
            yield f"{name}.{member}", its
    for name, response in document()["components"]["responses"].items():
        for header, its in response["headers"].items():
            yield f"{name} {header}", its
    for name, operation in operations():
        for parameter in operation.get("parameters", ()):
            yield f"{name} {parameter['name']}", parameter
        for answer in operation["responses"].values():
            for header, its in answer.get("headers", {}).items():
                yield f"{name} {header}", its


def test_every_member_and_parameter_is_described():
    descriptions = {name: its.get("description", "") for name, its in described()}

    assert len(descriptions) > 200
    assert [name for name, text in descriptions.items() if not re.search(r"\w.*\.$", text)] == []


def test_an_answer_has_one_media_type():
    assert {
        name: [*answer["content"]]
        for name, operation in operations()
        for answer in operation["responses"].values()
        if len(answer.get("content", {})) > 1
    } == {}


def test_csv_has_a_path_of_its_own():
    paths = document()["paths"]
    in_json, in_csv = (
        paths[f"/api/v1/notifications/sends{suffix}"]["get"]["responses"]["200"]["content"]
        for suffix in ("", ".csv")
    )

    assert ([*in_json], [*in_csv]) == (["application/json"], ["text/csv"])


def sets(part):
    """Yield every closed set that is written out in the document."""
    if isinstance(part, dict):
        if isinstance(part.get("enum"), list):
            yield frozenset(part["enum"])
        for inner in part.values():
            yield from sets(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from sets(inner)


def test_no_closed_set_is_written_out_twice():
    written_out = [*sets(document())]

    assert frozenset({"active", "paused", "completed"}) in written_out
    assert len(written_out) == len(set(written_out))


def test_names_of_closed_sets_are_of_one_style():
    schemas = document()["components"]["schemas"]

    named = {name for name, schema in schemas.items() if "enum" in schema}

    assert {name for name in named if not re.search("(State|Status|Type|Method)$", name)} == set()


def test_an_operation_is_named_by_its_subject_and_a_verb():
    ids = [operation["operationId"] for _, operation in operations()]

    form = rf"[a-z]+(_[a-z]+)*_({'|'.join(VERBS)})"
    assert [id_ for id_ in ids if not re.fullmatch(form, id_)] == []


def test_the_document_names_this_installation(settings):
    assert document()["servers"] == [
        {"url": settings.TORALE_URL, "description": "This installation."}
    ]


# --- The pages -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/docs", "/docs/", "/redoc", "/redoc/"])
def test_a_page_and_all_it_loads_come_from_this_server(client, path):
    page = client.get(path)

    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert re.findall(r"""(?:https?:)?//[\w.-]+""", re.sub(r"/\*.*?\*/", "", page.text)) == []
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    told = [page.text]
    for address in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert client.head(address).status_code == 200, address
        if not address.startswith("/static/"):
            told.append(client.get(address).text)
    assert any("/openapi.json" in text for text in told)


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
def test_a_page_cannot_be_written_to(client, path):
    answer = client.post(path)

    assert (answer.status_code, answer.json()) == (405, {"detail": 'Method "POST" not allowed.'})
