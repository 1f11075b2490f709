"""The log of requests."""

import logging
from copy import copy

import pytest
from django.test import Client
from django.urls import path
from structlog.stdlib import ProcessorFormatter


def fail(request, **_):
    raise RuntimeError


urlpatterns = [path("fail", fail), path("sign-up/<token>", fail)]


@pytest.fixture
def lines(caplog):
    """Return the lines that the log has of requests."""
    return lambda: [
        record.msg for record in caplog.records if record.name.startswith("django_structlog")
    ]


@pytest.fixture
def written(caplog):
    """Return all lines as they are written, apart from tracebacks."""
    [formatter] = {
        handler.formatter
        for handler in logging.getLogger().handlers
        if isinstance(handler.formatter, ProcessorFormatter)
    }

    def lines() -> list[str]:
        records = [copy(record) for record in caplog.records]
        for record in records:
            record.exc_info = record.exc_text = None
        return [formatter.format(record) for record in records]

    return lines


def test_a_request_has_one_line_that_says_what_and_from_where_and_by_what(client, lines):
    client.get("/healthz?x=1", headers={"user-agent": "curl/8"})

    [line] = lines()
    assert (line["event"], line["request"], line["code"]) == (
        "request_finished",
        "GET /healthz",
        200,
    )
    assert (line["ip"], line["user_agent"]) == ("127.0.0.1", "curl/8")
    assert line["request_id"]


@pytest.mark.urls(__name__)
def test_so_does_a_request_that_fails(client, lines):
    client.raise_request_exception = False

    client.get("/fail", headers={"user-agent": "curl/8"})

    [line] = lines()
    assert (line["event"], line["code"], line["user_agent"]) == ("request_failed", 500, "curl/8")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/sign-up/secret:token", "/sign-up/…"),
        ("/password-reset/MQ/secret-token", "/password-reset/MQ/…"),
        ("/unsubscribe/secret:token", "/unsubscribe/…"),
        ("/sign-up", "/sign-up"),
    ],
)
def test_the_tokens_of_links_in_mails_are_not_logged(client, lines, path, logged):
    client.get(path)

    [line] = lines()
    assert line["request"] == f"GET {logged}"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/sign-up/secret:token", "/sign-up/…"),
        ("/password-reset/MQ/secret-token", "/password-reset/MQ/…"),
    ],
)
def test_a_form_of_another_site_does_not_get_a_token_into_the_log(written, path, logged):
    Client(enforce_csrf_checks=True).post(path)

    [line] = [line for line in written() if "Forbidden" in line]
    assert f"Forbidden (CSRF cookie not set.): {logged}" in line
    assert "secret" not in "".join(written())


@pytest.mark.urls(__name__)
def test_an_error_of_ours_does_not_get_a_token_into_the_log(client, written):
    client.raise_request_exception = False

    client.get("/sign-up/secret:token")

    assert any("Internal Server Error: /sign-up/…" in line for line in written())
    assert "secret" not in "".join(written())
