"""What only browsers need is left out of calls with a key, and of nothing else."""

import pytest

from tests.support.factories import make_task


def test_a_call_with_a_key_has_no_session(owner_client):
    request = owner_client.get("/auth/me").wsgi_request

    assert not hasattr(request, "session")
    assert not hasattr(request, "_messages")


@pytest.mark.parametrize("path", ["/auth/me", "/api/v1/tasks"])
def test_a_call_with_a_key_is_shown_as_a_page_if_a_page_is_wanted(owner_client, path):
    page = owner_client.get(path, headers={"Accept": "text/html"})

    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("authorization", ["Basic cHJveHk6cHJveHk=", "Bearer sk_unknown"])
@pytest.mark.parametrize("path", ["/admin/", "/admin/tasks/task/", "/tasks"])
def test_a_page_with_an_authorization_header_is_still_for_who_has_logged_in(
    operator_client, path, authorization
):
    page = operator_client.get(path, headers={"Authorization": authorization})

    assert page.status_code == 200
    assert page.wsgi_request.user.is_staff


def test_an_authorization_header_makes_no_log_in_without_a_csrf_token(operator, client):
    client.handler.enforce_csrf_checks = True

    answer = client.post(
        "/admin/login/",
        {"username": operator.email, "password": "a long password"},
        headers={"Authorization": "Bearer sk_unknown"},
    )

    assert answer.status_code == 403


def test_a_page_that_depends_on_the_log_in_is_kept_by_no_cache(operator_client):
    for path in (
        "/tasks",
        "/admin/",
        "/api/v1/tasks",
        "/tasks/00000000-0000-7000-8000-000000000000",
    ):
        answer = operator_client.get(path, headers={"accept": "text/html"})

        assert {"no-store", "private"} <= {*answer.headers["Cache-Control"].split(", ")}, path


@pytest.mark.django_db
def test_a_view_that_says_how_long_its_answer_is_good_is_obeyed(owner, client):
    task = make_task(owner, is_public=True)

    assert client.get(f"/tasks/{task.pk}/rss").headers["Cache-Control"] == "no-cache"
    assert "Cache-Control" not in client.get("/healthz").headers
