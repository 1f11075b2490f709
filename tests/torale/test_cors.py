"""Pages of other origins call the API with a key, and never with a cookie."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.processes import python

TASKS = "/api/v1/tasks"
PAGE = {"origin": "https://app.example"}


@pytest.mark.parametrize("path", [TASKS, "/auth/me", "/api/v1/public/tasks", "/auth/api-keys/"])
def test_any_origin_may_read_answers_but_with_no_cookie(owner_client, path):
    response = owner_client.get(path, headers=PAGE)

    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_refusals_can_be_read_too(anonymous_client):
    response = anonymous_client.get(TASKS, headers=PAGE)

    assert response.status_code == 401
    assert response.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", [TASKS, "/auth/api-keys", "/api/v1/tasks/x/execute/"])
def test_a_preflight_is_answered_without_a_key(client, path):
    response = client.options(
        path,
        headers={
            **PAGE,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,prefer",
        },
    )

    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Access-Control-Allow-Headers"] == (
        "Authorization, Content-Type, If-Match, If-None-Match, Prefer"
    )
    allowed = response.headers["Access-Control-Allow-Methods"].split(", ")
    assert {"GET", "POST", "PUT", "PATCH", "DELETE"} <= set(allowed)


def test_pages_may_read_the_headers_that_clients_need(owner_client):
    response = owner_client.get(TASKS, headers=PAGE)

    exposed = set(response.headers["Access-Control-Expose-Headers"].split(", "))
    assert exposed == {
        "Link",
        "Retry-After",
        "RateLimit-Limit",
        "RateLimit-Remaining",
        "RateLimit-Reset",
        "ETag",
        "Preference-Applied",
    }
    assert {name for name in response.headers if name.startswith("RateLimit")} <= exposed


@pytest.mark.parametrize("path", ["/admin/login/", "/docs", "/healthz", "/apis", "/authority"])
def test_nothing_else_is_opened(client, db, path):
    response = client.get(path, headers=PAGE)

    assert "Access-Control-Allow-Origin" not in response.headers


def settings_with(value: str, data_dir: Path) -> subprocess.CompletedProcess[str]:
    script = (
        "import json; from torale import settings; "
        "print(json.dumps([settings.CORS_ALLOW_ALL_ORIGINS, settings.CORS_ALLOWED_ORIGINS]))"
    )
    return python("-c", script, TORALE_CORS_ORIGINS=value, TORALE_DATA_DIR=data_dir)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("*", [True, []]),
        (
            "https://a.example, http://localhost:3000",
            [False, ["https://a.example", "http://localhost:3000"]],
        ),
        ("", [False, []]),
    ],
)
def test_the_setting_names_the_origins(tmp_path, value, expected):
    assert json.loads(settings_with(value, tmp_path).stdout) == expected


@pytest.mark.parametrize("value", ["a.example", "https://a.example/", "https://a.example/path"])
def test_what_is_no_origin_ends_the_start_with_a_sentence(tmp_path, value):
    error = settings_with(value, tmp_path).stderr

    assert f"TORALE_CORS_ORIGINS is '{value}'; it must be origins such as" in error


def test_an_origin_that_is_not_named_may_read_nothing(owner_client, settings):
    settings.CORS_ALLOW_ALL_ORIGINS = False
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example"]

    named = owner_client.get(TASKS, headers=PAGE)
    other = owner_client.get(TASKS, headers={"origin": "https://other.example"})

    assert named.headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert "Access-Control-Allow-Origin" not in other.headers
