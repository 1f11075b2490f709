"""Which hosts are answered, and how pages come to https."""

import json

import pytest

from tests.support.processes import manage, python
from torale.environment import hosts_of

HTTPS = {"TORALE_URL": "https://torale.example"}

#: Asks each path of argv in a process with the environment given; `path@host` names the host.
ASK = """
import json, sys, django
from django.conf import settings
settings.DATABASES["default"]["OPTIONS"]["pool"]["timeout"] = 0.1
django.setup()
from django.test import Client
method, secure, *asked = sys.argv[1:]
client = Client(headers={"x-forwarded-proto": "https"} if secure == "https" else {})
told = {}
for one in asked:
    path, _, host = one.partition("@")
    answer = client.generic(method, path, HTTP_HOST=host or "torale.example")
    told[one] = [
        answer.status_code, answer.headers.get("Location"),
        answer.headers.get("Strict-Transport-Security"),
    ]
print(json.dumps(told))
"""


def ask(tmp_path, *asked, method="GET", secure="http", **values) -> dict[str, list[object]]:
    """Return each answer's status, Location and HSTS header."""
    ended = python(
        *("-c", ASK, method, secure, *asked),
        DJANGO_SETTINGS_MODULE="torale.settings",
        TORALE_DATA_DIR=tmp_path,
        # None that answers: it is not the subject here.
        DATABASE_URL="postgres://olive@127.0.0.1:1/torale",
        **values,
    )
    assert ended.returncode == 0, ended.stderr
    found: dict[str, list[object]] = json.loads(ended.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize(
    ("address", "hosts"),
    [
        ("https://torale.example", ["torale.example"]),
        ("https://torale.example:8443/", ["torale.example"]),
        ("http://[2001:db8::7]:8000", ["[2001:db8::7]"]),
        ("http://192.0.2.7", ["192.0.2.7"]),
        ("http://localhost:8000", ["localhost", "127.0.0.1", "[::1]"]),
        ("http://127.0.0.1:8000", ["127.0.0.1", "localhost", "[::1]"]),
        ("http://[::1]:8000", ["[::1]", "localhost", "127.0.0.1"]),
        ("http://127.0.0.5", ["127.0.0.5", "localhost", "127.0.0.1", "[::1]"]),
    ],
)
def test_only_the_configured_host_is_answered_and_a_laptops_by_all_its_names(address, hosts):
    assert hosts_of(address) == hosts


def test_an_installation_at_a_domain_answers_no_other_host(tmp_path):
    others = [f"/docs@{host}" for host in ("localhost", "127.0.0.1", "evil.example")]

    told = ask(tmp_path, "/docs@torale.example", "/docs@torale.example:443", *others, **HTTPS)

    assert {asked: status for asked, (status, *_) in told.items()} == {
        "/docs@torale.example": 200,
        "/docs@torale.example:443": 200,
        "/docs@localhost": 400,
        "/docs@127.0.0.1": 400,
        "/docs@evil.example": 400,
    }


def test_probes_are_answered_whatever_host_they_ask_for(tmp_path):
    asked = [f"/healthz{slash}@{host}" for slash in ("", "/") for host in ("10.0.0.7:80", "a_b")]

    told = ask(tmp_path, *asked, **HTTPS)

    assert [status for status, *_ in told.values()] == [200] * 4


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "status"), [("/readyz", 200), ("/metrics", 401)])
def test_so_are_those_that_ask_the_database(client, path, status):
    assert client.get(path, HTTP_HOST="10.0.0.7").status_code == status


PAGES = [
    "/",
    "/tasks",
    "/tasks/new",
    "/log-in",
    "/admin/",
    "/admin/login/?next=/",
    "/docs",
    "/redoc/",
    "/unsubscribe/token",
]
NO_PAGES = [
    *("/api/v1/tasks", "/auth/me", "/healthz", "/readyz", "/health", "/metrics", "/openapi.json"),
    *("/tasks/019cb7f0-3c10-7d41-9f0e-5d1f0c6a7e10/rss", "/administration", "/anymail/postmark/"),
]


def leads(told: dict[str, list[object]]) -> dict[str, object]:
    """Return where each path leads, of those that lead to https."""
    return {
        path: location
        for path, (status, location, _) in told.items()
        if status == 301 and str(location).startswith("https:")
    }


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_pages_and_nothing_else_lead_to_https(tmp_path, method):
    address = {"TORALE_URL": "https://torale.example:8443", "TORALE_HTTPS_REDIRECT": "on"}

    told = ask(tmp_path, *PAGES, *NO_PAGES, method=method, **address)

    assert leads(told) == {path: f"https://torale.example:8443{path}" for path in PAGES}


@pytest.mark.parametrize(
    ("method", "secure", "switch"),
    [("POST", "http", "on"), ("GET", "https", "on"), ("GET", "http", "off")],
    ids=["a form that is sent", "over https", "switched off"],
)
def test_nothing_leads_to_https(tmp_path, method, secure, switch):
    told = ask(
        tmp_path,
        *("/", "/docs"),
        method=method,
        secure=secure,
        TORALE_HTTPS_REDIRECT=switch,
        **HTTPS,
    )

    assert leads(told) == {}


def test_browsers_are_told_to_stay_with_https(tmp_path):
    over_https = ask(tmp_path, "/docs", "/auth/me", secure="https", **HTTPS)
    over_http = ask(tmp_path, "/docs", **HTTPS)

    assert [hsts for *_, hsts in over_https.values()] == ["max-age=31536000"] * 2
    assert [hsts for *_, hsts in over_http.values()] == [None]


def test_no_browser_is_told_so_where_there_is_no_https(tmp_path):
    told = ask(tmp_path, "/docs@localhost", secure="https")

    assert told == {"/docs@localhost": [200, None, None]}


def test_a_redirect_without_https_is_refused(tmp_path):
    ended = manage("check", TORALE_DATA_DIR=tmp_path, TORALE_HTTPS_REDIRECT="on")

    assert ended.returncode == 1
    assert (
        "TORALE_HTTPS_REDIRECT is on, but TORALE_URL is 'http://localhost:8000'; it must start "
        "with https://."
    ) in ended.stderr


def test_the_check_for_deployment_is_clean(tmp_path):
    ended = manage(
        *("check", "--deploy", "--fail-level", "WARNING"),
        TORALE_DATA_DIR=tmp_path,
        **HTTPS,
    )

    assert (ended.returncode, ended.stderr) == (0, "")
