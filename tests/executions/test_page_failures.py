"""What becomes of pages that cannot be had, over real connections."""

import socket
import threading
from datetime import timedelta

import pytest

from executions.failures import FailureKind
from executions.monitors import NO_MONITOR, AskFailed, page
from tests.support.receivers import HTTPAnswer
from tests.support.watched_pages import JSON, ask, html


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (HTTPAnswer(status=404), FailureKind.USER_ERROR, "answered 404 Not Found."),
        (HTTPAnswer(status=410), FailureKind.USER_ERROR, "answered 410 Gone."),
        (HTTPAnswer(status=403), FailureKind.USER_ERROR, "answered 403 Forbidden."),
        (HTTPAnswer(status=429), FailureKind.RATE_LIMIT, "answered 429 Too Many Requests."),
        (HTTPAnswer(status=500), FailureKind.NETWORK, "answered 500 Internal Server Error."),
        (HTTPAnswer(status=503), FailureKind.NETWORK, "answered 503 Service Unavailable."),
        (HTTPAnswer(status=599), FailureKind.NETWORK, "answered 599."),
        (HTTPAnswer(status=304), FailureKind.USER_ERROR, "answered 304 Not Modified."),
        (
            HTTPAnswer(status=200, headers={"Content-Type": "image/png"}),
            FailureKind.USER_ERROR,
            "cannot be watched: it is image/png, not text.",
        ),
        (
            HTTPAnswer(status=200, body=b"{", headers=JSON),
            FailureKind.USER_ERROR,
            "cannot be watched: it is not valid JSON.",
        ),
    ],
    ids=lambda value: value.partition(".")[0] if isinstance(value, str) else None,
)
def test_a_page_that_cannot_be_had_is_a_failure(http_receiver, reply, kind, said):
    http_receiver.answers = [reply]

    with pytest.raises(AskFailed) as failure:
        ask(http_receiver.url, "changes")

    assert failure.value.kind == kind
    assert str(failure.value) == f"{http_receiver.url} {said}"


def test_a_page_that_redirects_in_a_circle_is_the_users_to_mend(http_receiver):
    http_receiver.answers = [HTTPAnswer(status=302, headers={"Location": "/"})]

    with pytest.raises(AskFailed) as failure:
        ask(http_receiver.url, "changes")

    assert failure.value.kind == FailureKind.USER_ERROR
    assert str(failure.value) == "The page redirects more than 5 times."


def test_a_page_that_is_too_large_is_the_users_to_mend(http_receiver):
    http_receiver.answers = [HTTPAnswer(status=200, body=b"a" * (page.MAX_BYTES + 1))]

    with pytest.raises(AskFailed) as failure:
        ask(http_receiver.url, "changes")

    assert failure.value.kind == FailureKind.USER_ERROR
    assert str(failure.value) == "The answer of 127.0.0.1 is larger than 5,242,880 bytes."


def test_a_page_that_does_not_come_in_time_is_a_timeout(http_receiver, monkeypatch):
    monkeypatch.setattr(page, "VISIT_TIMEOUT", timedelta(seconds=0.2))
    stall = threading.Event()
    http_receiver.answers = [HTTPAnswer(stall=stall)]

    with pytest.raises(AskFailed) as failure:
        ask(http_receiver.url, "changes")
    stall.set()

    assert failure.value.kind == FailureKind.TIMEOUT
    assert str(failure.value) == "No answer from 127.0.0.1 within 0.2 s."


@pytest.mark.usefixtures("loopback_allowed")
def test_a_server_that_is_down_is_a_network_failure():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(AskFailed) as failure:
        ask(f"http://127.0.0.1:{port}", "changes")

    assert failure.value.kind == FailureKind.NETWORK
    assert str(failure.value) == f"The connection to 127.0.0.1:{port} was refused."


def test_one_page_that_fails_fails_the_whole_asking(http_receiver):
    http_receiver.answers = [html("In stock"), HTTPAnswer(status=500)]

    with pytest.raises(AskFailed) as failure:
        ask(f"{http_receiver.url}/one {http_receiver.url}/other", 'contains "in stock"')

    assert failure.value.kind == FailureKind.NETWORK


@pytest.mark.parametrize("way", ["named", "redirected to"])
def test_an_address_inside_our_network_is_not_visited(http_receiver, way):
    inside = "http://10.0.0.1/"
    http_receiver.answers = [HTTPAnswer(status=302, headers={"Location": inside})]
    url = inside if way == "named" else http_receiver.url

    with pytest.raises(AskFailed) as failure:
        ask(url, "changes")

    assert failure.value.kind == FailureKind.USER_ERROR
    assert str(failure.value) == (
        "10.0.0.1 is not a public address. Allow its network with TORALE_WEBHOOK_ALLOW_PRIVATE."
    )


@pytest.mark.parametrize(
    ("query", "condition", "message"),
    [
        ("Is it out yet?", "changes", NO_MONITOR),
        (
            "https://shop.example/",
            "contains In stock",
            'The text after contains needs quotes: contains "In stock". (character 10)',
        ),
    ],
    ids=["no page", "no rule"],
)
def test_a_stored_question_that_cannot_be_asked_is_a_failure(query, condition, message):
    with pytest.raises(AskFailed) as failure:
        ask(query, condition)

    assert failure.value.kind == FailureKind.USER_ERROR
    assert str(failure.value) == message
