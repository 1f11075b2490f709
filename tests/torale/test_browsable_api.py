"""The API in a browser: for those who have logged in to the admin, if HTML is asked for."""

import re

import pytest
from rest_framework.test import APIClient

from accounts.models import APIKey
from tests.support.factories import make_execution, make_preview, make_send, make_task
from torale.api.document import document

BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"


def test_a_signed_in_user_browses_the_api(operator, operator_client):
    make_task(operator, name="Is it back?")

    page = operator_client.get("/api/v1/tasks", headers={"accept": BROWSER})

    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "Is it back?" in page.text
    assert "operator@example.com" in page.text


#: Answer in one form only, whatever is asked for.
NO_PAGES = {"/metrics", "/tasks/{task_id}/rss", "/api/v1/notifications/sends.csv"}
PAGES = [
    path
    for path, methods in document()["paths"].items()
    if "get" in methods and path not in NO_PAGES
]


@pytest.mark.parametrize("path", PAGES)
def test_everything_that_can_be_read_can_be_browsed(path, operator, operator_client):
    task = make_task(operator, is_public=True)
    execution = make_execution(task, notification="**Met**")
    send = make_send(operator, task=task, execution=execution)
    key, _ = APIKey.objects.create_key(user=operator, name="mine")
    preview = make_preview(operator)
    address = path.format(task_id=task.pk, send_id=send.pk, key_id=key.pk, preview_id=preview.pk)

    page = operator_client.get(address, {"username": "olive"}, headers={"accept": BROWSER})

    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.django_db
def test_a_browser_that_is_not_signed_in_is_shown_where_to_log_in(client):
    page = client.get("/api/v1/tasks?limit=7", headers={"accept": BROWSER})

    assert page.status_code == 401
    assert "Authorization header missing" in page.text
    assert re.findall(r'href="(/log-in[^"]*)"', page.text) == [
        "/log-in?next=%2Fapi%2Fv1%2Ftasks%3Flimit%3D7"
    ]


def test_a_signed_in_user_may_write_from_the_page(operator):
    browser = APIClient(enforce_csrf_checks=True)
    browser.force_login(operator)
    page = browser.get("/auth/api-keys", headers={"accept": BROWSER})
    [token] = re.findall(r'"csrfToken": "(\w+)"', page.text)

    answer = browser.post(
        "/auth/api-keys",
        {"name": "browser"},
        format="json",
        headers={"accept": BROWSER, "x-csrftoken": token},
    )

    assert answer.status_code == 200
    assert [key.name for key in operator.api_keys.all()] == ["browser"]


@pytest.mark.parametrize("accept", [None, "*/*", "application/json"])
def test_a_session_gets_json_unless_html_is_asked_for(operator_client, accept):
    answer = operator_client.get("/auth/me", headers={"accept": accept} if accept else {})

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")


@pytest.mark.parametrize("accept", ["application/xml", "image/png, text/csv", "text/plain;q=0.5"])
def test_what_nothing_can_serve_is_not_acceptable_and_told_in_json(owner_client, accept):
    answer = owner_client.get("/auth/me", headers={"accept": accept})

    assert (answer.status_code, answer.json()) == (
        406,
        {"detail": "Could not satisfy the request Accept header."},
    )
    assert answer.headers["Content-Type"] == "application/json"


def test_a_page_loads_nothing_from_another_server(operator_client):
    page = operator_client.get("/api/v1/tasks", headers={"accept": BROWSER})

    loaded = re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="([^"]+)"', page.text)
    assert [address for address in loaded if not address.startswith("/static/")] == []
