"""The log of requests."""

import pytest
from django.urls import path


def fail(request):
    raise RuntimeError


urlpatterns = [path("fail", fail)]


@pytest.fixture
def lines(caplog):
    """Return the lines that the log has of requests."""
    return lambda: [
        record.msg for record in caplog.records if record.name.startswith("django_structlog")
    ]


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
