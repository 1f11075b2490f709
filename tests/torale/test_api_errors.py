"""The contract's conventions, which hold for every path of the API."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.urls import path
from rest_framework.decorators import api_view, permission_classes
from rest_framework.exceptions import Throttled
from rest_framework.test import APIClient

from tests.support.factories import make_task
from torale.errors import Conflict, Refused
from torale.urls import handler400, handler404, handler500  # noqa: F401 - of the urlconf below
from torale.urls import urlpatterns as real_urlpatterns

UNKNOWN_ID = "00000000-0000-7000-8000-000000000000"


# --- Who calls -----------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/auth/me", "/api/v1/tasks", "/api/v1/notifications/sends"])
def test_a_call_without_a_key_is_told_that_the_header_is_missing(anonymous_client, path):
    answer = anonymous_client.get(path)

    assert (answer.status_code, answer.json()) == (
        401,
        {"detail": "Authorization header missing"},
    )
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "header",
    [
        f"Bearer sk_{'a' * 43}",
        "Bearer sk_",
        "Bearer",
        "Bearer ",
        "",
        "Bearer whsec_abc",
        "Basic b2xpdmU6czNjcmV0",
        "sk_abc",
        "Bearer sk_abc def",
        "Bearer sk_grün",
        "Bearer sk_\0",
    ],
    ids=repr,
)
def test_a_key_that_opens_no_door_is_told_as_invalid(anonymous_client, header):
    answer = anonymous_client.get("/auth/me", HTTP_AUTHORIZATION=header)

    assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid API key"})
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_revoked_key_is_told_as_any_invalid_one(owner_client):
    owner_client.key.revoke()

    answer = owner_client.get("/auth/me")

    assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid API key"})
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_the_key_of_a_user_who_was_switched_off_is_told_as_invalid(owner, owner_client):
    owner.is_active = False
    owner.save()

    answer = owner_client.get("/auth/me")

    assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid API key"})


def test_a_key_is_taken_whatever_the_case_of_the_scheme(owner_client):
    header = owner_client._credentials["HTTP_AUTHORIZATION"]

    answer = owner_client.get("/auth/me", HTTP_AUTHORIZATION=header.replace("Bearer", "bEARER"))

    assert answer.status_code == 200


def test_a_browsers_session_may_not_write_without_a_csrf_token(owner):
    browser = APIClient(enforce_csrf_checks=True)
    browser.force_login(owner)

    answer = browser.post("/auth/api-keys", {"name": "stolen"}, format="json")

    assert (answer.status_code, answer.json()) == (
        403,
        {"detail": "CSRF Failed: CSRF cookie not set."},
    )
    assert owner.api_keys.count() == 0


def test_a_browsers_session_may_read(owner):
    browser = APIClient(enforce_csrf_checks=True)
    browser.force_login(owner)

    answer = browser.get("/auth/me")

    assert (answer.status_code, answer.json()["email"]) == (200, "owner@example.com")


# --- What is called ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/nothing",
        "/api/v1/nothing/",
        f"/api/v1/tasks/{UNKNOWN_ID}",
        f"/api/v1/tasks/{UNKNOWN_ID}/executions",
    ],
)
def test_what_does_not_exist_is_not_found(owner_client, path):
    answer = owner_client.get(path)

    assert (answer.status_code, answer.json()) == (404, {"detail": "Not found"})
    assert answer.headers["Content-Type"] == "application/json"


def test_what_another_user_has_is_not_found_with_the_same_answer(stranger_client, owner):
    task = make_task(owner)

    others = stranger_client.get(f"/api/v1/tasks/{task.pk}")
    nobodys = stranger_client.get(f"/api/v1/tasks/{UNKNOWN_ID}")

    assert (others.status_code, others.content) == (404, b'{"detail":"Not found"}')
    assert (nobodys.status_code, nobodys.content) == (404, b'{"detail":"Not found"}')
    counted = {"RateLimit-Remaining"}  # of any two requests the later has one less
    assert {name: others.headers[name] for name in others.headers.keys() - counted} == {
        name: nobodys.headers[name] for name in nobodys.headers.keys() - counted
    }


def test_a_method_that_a_path_does_not_have_is_told_with_those_it_has(owner_client):
    answer = owner_client.delete("/auth/me")

    assert (answer.status_code, answer.json()) == (
        405,
        {"detail": 'Method "DELETE" not allowed.'},
    )
    assert answer.headers["Allow"] == "GET, PATCH, HEAD, OPTIONS"


def test_a_form_of_answer_that_there_is_not_is_not_acceptable(owner_client):
    answer = owner_client.get("/auth/me", HTTP_ACCEPT="application/xml")

    assert (answer.status_code, answer.json()) == (
        406,
        {"detail": "Could not satisfy the request Accept header."},
    )


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/*"])
def test_json_is_what_a_program_gets(owner_client, accept):
    answer = owner_client.get("/auth/me", HTTP_ACCEPT=accept)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")


@pytest.mark.django_db
def test_an_error_is_a_page_only_for_a_browser(anonymous_client):
    browser = anonymous_client.get("/auth/me", HTTP_ACCEPT="text/html,*/*;q=0.8")
    program = anonymous_client.get("/auth/me", HTTP_ACCEPT="*/*")

    assert browser.headers["Content-Type"] == "text/html; charset=utf-8"
    assert b"Authorization header missing" in browser.content
    assert program.headers["Content-Type"] == "application/json"
    assert {browser.status_code, program.status_code} == {401}


def test_a_wrong_host_is_told_to_set_torale_url(anonymous_client):
    answer = anonymous_client.get("/docs", HTTP_HOST="evil.example:8000")

    assert (answer.status_code, answer.json()) == (
        400,
        {
            "detail": "This server does not serve the host 'evil.example:8000'. "
            "Its operator sets TORALE_URL to the address that people use."
        },
    )


TOO_MANY_FIELDS = {"detail": "A request may have at most 1,000 parameters or form fields."}


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
@pytest.mark.parametrize("path", ["/auth/me", "/api/v1/tasks", "/api/v1/public/tasks", "/docs"])
def test_more_than_1000_query_parameters_are_refused_not_a_500(owner_client, path, accept):
    query = "&".join(f"p{number}=1" for number in range(1001))

    answer = owner_client.get(f"{path}?{query}", HTTP_ACCEPT=accept)

    assert answer.status_code == 400
    assert b"at most 1,000 parameters" in answer.content


def test_a_form_of_more_than_1000_fields_is_refused_not_a_500(client, db):
    answer = client.post("/admin/login/", {f"p{number}": 1 for number in range(1001)})

    assert (answer.status_code, answer.json()) == (400, TOO_MANY_FIELDS)


def test_1000_query_parameters_are_read(owner_client):
    query = "&".join(f"p{number}=1" for number in range(1000))

    assert owner_client.get(f"/api/v1/tasks?{query}").status_code == 200


@pytest.mark.parametrize("path", ["/auth/me", "/api/v1/tasks", "/api/v1/notifications/sends"])
def test_a_path_is_read_with_and_without_its_slash(owner_client, path):
    without, with_slash = owner_client.get(path), owner_client.get(f"{path}/")

    assert (without.status_code, with_slash.status_code) == (200, 200)
    assert without.json() == with_slash.json()


@pytest.mark.parametrize("slash", ["", "/"], ids=["without", "with"])
def test_a_path_is_written_to_with_and_without_its_slash(owner, owner_client, slash):
    answer = owner_client.post(f"/auth/api-keys{slash}", {"name": "second"}, format="json")

    assert (answer.status_code, answer.json()["key_info"]["name"]) == (200, "second")
    assert owner.api_keys.filter(name="second").count() == 1


# --- What goes wrong -----------------------------------------------------------------------------


def raising(error: Exception):
    """A view of the API that anyone may call, and that raises."""

    @api_view()
    @permission_classes([])
    def view(_request):
        raise error

    return view


def broken_page(_request: HttpRequest):
    """A view of Django's, where our handler is not asked."""
    raise ValueError("whsec_secret")


urlpatterns = [
    *real_urlpatterns,
    path("bug", raising(ValueError("whsec_secret"))),
    path("page-bug", broken_page),
    path("throttled", raising(Throttled(wait=2.1))),
    path("forbidden", raising(PermissionDenied("whsec_secret"))),
    path("refused", raising(Refused("Use another one."))),
    path("conflict", raising(Conflict("It is running."))),
]


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/throttled", 429, "Request was throttled. Expected available in 3 seconds."),
        ("/forbidden", 403, "You may not do this."),
        ("/refused", 400, "Use another one."),
        ("/conflict", 409, "It is running."),
    ],
)
def test_a_call_that_is_not_carried_out_is_told_why(anonymous_client, path, status, sentence):
    answer = anonymous_client.get(path)

    assert (answer.status_code, answer.json()) == (status, {"detail": sentence})
    assert answer.headers.get("Retry-After") == ("3" if status == 429 else None)


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("path", ["/bug", "/page-bug"])
def test_a_bug_is_an_internal_server_error_that_tells_nothing_of_the_inside(path, caplog):
    client = APIClient(raise_request_exception=False)

    answer = client.get(path)

    assert (answer.status_code, answer.json()) == (500, {"detail": "Internal server error"})
    assert answer.headers["Content-Type"] == "application/json"
    # Whoever runs it finds the cause in the log.
    assert "ValueError: whsec_secret" in caplog.text
