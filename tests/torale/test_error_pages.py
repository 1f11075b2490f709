"""Errors that people see in a browser are pages, and programs get JSON."""

import pytest

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def test_a_browser_is_told_by_a_page_that_there_is_none(client):
    page = client.get("/nothing-here", headers=BROWSER)

    assert (page.status_code, page.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "<h1>Not Found</h1>" in page.text
    assert 'href="/"' in page.text


def test_a_program_is_told_by_json_that_there_is_no_page(client):
    answer = client.get("/nothing-here")

    assert (answer.status_code, answer.json()) == (404, {"detail": "Not found"})


@pytest.mark.django_db
def test_a_form_without_its_token_is_told_what_to_do(client):
    client.handler.enforce_csrf_checks = True

    page = client.post("/log-in", {"username": "a@example.com"}, headers=BROWSER)

    assert page.status_code == 403
    assert "load the page again" in page.text
