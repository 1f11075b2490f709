"""What becomes of pages that cannot be had, over real connections."""

import socket
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from executions.failures import FailureKind
from executions.monitors import NO_MONITOR, AskFailed, FailedPage, visit
from tests.support.factories import NOW
from tests.support.receivers import HTTPAnswer, Request
from tests.support.watched_pages import JSON, ask, html

HALF_AN_HOUR_LATER = NOW + timedelta(minutes=30)
AN_HOUR_LATER = NOW + timedelta(hours=1)


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
    assert str(failure.value) == "The page redirects more than 10 times."


def test_a_page_that_is_too_large_is_the_users_to_mend(http_receiver):
    http_receiver.answers = [HTTPAnswer(status=200, body=b"a" * (visit.MAX_BYTES + 1))]

    with pytest.raises(AskFailed) as failure:
        ask(http_receiver.url, "changes")

    assert failure.value.kind == FailureKind.USER_ERROR
    assert str(failure.value) == "The answer of 127.0.0.1 is larger than 5,242,880 bytes."


def test_a_page_that_does_not_come_in_time_is_a_timeout(http_receiver, monkeypatch):
    monkeypatch.setattr(visit, "VISIT_TIMEOUT", timedelta(seconds=0.2))
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


def answers_by_path(answers: dict[str, HTTPAnswer]) -> Callable[[Request], HTTPAnswer]:
    return lambda request: answers[request.path]


def test_one_page_that_fails_does_not_hide_the_news_of_another(http_receiver):
    http_receiver.judge = answers_by_path(
        {"/gone": HTTPAnswer(status=404), "/there": html("In stock")}
    )
    gone, there = f"{http_receiver.url}/gone", f"{http_receiver.url}/there"

    answer = ask(f"{gone} {there}", 'contains "in stock"')

    assert answer.failed_pages == [FailedPage(url=gone, error=f"{gone} answered 404 Not Found.")]
    assert answer.notification is not None
    assert [source.url for source in answer.sources] == [there]
    assert answer.evidence.startswith(f"{there}: ")


def test_a_page_that_cannot_be_read_does_not_hide_the_news_of_another(http_receiver):
    picture = HTTPAnswer(status=200, headers={"Content-Type": "image/png"})
    http_receiver.judge = answers_by_path({"/picture": picture, "/there": html("In stock")})

    answer = ask(f"{http_receiver.url}/picture {http_receiver.url}/there", 'contains "in stock"')

    assert answer.condition_met
    assert [failed.url for failed in answer.failed_pages] == [f"{http_receiver.url}/picture"]


def test_what_was_remembered_of_a_page_stays_while_it_fails(http_receiver):
    query = f"{http_receiver.url}/one {http_receiver.url}/other"
    http_receiver.answers = [html("In stock")]
    before = ask(query, 'contains "in stock"')
    http_receiver.judge = answers_by_path(
        {"/one": HTTPAnswer(status=404), "/other": html("In stock")}
    )
    meanwhile = ask(query, 'contains "in stock"', before.state)
    http_receiver.judge = None

    after = ask(query, 'contains "in stock"', meanwhile.state)

    assert before.condition_met
    assert meanwhile.state["pages"] == before.state["pages"]
    assert (after.condition_met, after.failed_pages) == (False, [])


def test_pages_that_all_fail_are_a_failure_of_the_kind_that_is_retried(http_receiver):
    http_receiver.judge = answers_by_path(
        {"/one": HTTPAnswer(status=404), "/other": HTTPAnswer(status=500)}
    )
    one, other = f"{http_receiver.url}/one", f"{http_receiver.url}/other"

    with pytest.raises(AskFailed) as failure:
        ask(f"{one} {other}", 'contains "in stock"')

    assert failure.value.kind == FailureKind.NETWORK
    assert str(failure.value) == (
        f"{one} answered 404 Not Found. {other} answered 500 Internal Server Error."
    )


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("120", timedelta(minutes=2)),
        ("Wed, 04 Mar 2026 12:00:10 GMT", timedelta(hours=3)),
        ("999999999", timedelta(days=1)),
    ],
)
def test_a_server_that_says_when_to_come_again_is_heard(http_receiver, status, header, wait):
    http_receiver.answers = [HTTPAnswer(status, headers={"Retry-After": header})]

    with pytest.raises(AskFailed) as failure:
        ask(http_receiver.url, "changes")

    assert failure.value.retry_after
    assert abs(failure.value.retry_after - NOW - wait) < timedelta(seconds=1)
    [warning] = failure.value.warnings
    assert warning == (
        f"{http_receiver.url} answers {status} and says when to come again (Retry-After). It is "
        "not visited before that."
    )


@pytest.mark.parametrize(("status", "header"), [(429, "soon"), (500, "120"), (404, "120")])
def test_what_is_no_request_to_wait_is_none(http_receiver, status, header):
    http_receiver.answers = [HTTPAnswer(status, headers={"Retry-After": header})]

    with pytest.raises(AskFailed) as failure:
        ask(http_receiver.url, "changes")

    assert (failure.value.retry_after, failure.value.warnings) == (None, [])


def test_a_page_that_is_gone_is_visited_daily(http_receiver):
    http_receiver.answers = [HTTPAnswer(410)]

    with pytest.raises(AskFailed) as failure:
        ask(http_receiver.url, "changes")

    assert failure.value.retry_after == NOW + timedelta(days=1)
    [warning] = failure.value.warnings
    assert warning == (
        f"{http_receiver.url} answers 410 Gone: its site has removed it for good. It is visited "
        "only once a day. Name the page's new address, or complete the task."
    )


def test_a_page_at_rest_is_left_alone_while_others_are_visited(http_receiver):
    there, busy = f"{http_receiver.url}/there", f"{http_receiver.url}/busy"
    limited = HTTPAnswer(429, headers={"Retry-After": "3600"})
    http_receiver.judge = answers_by_path({"/there": html("Sold out"), "/busy": limited})
    before = ask(f"{there} {busy}", 'contains "in stock"')
    http_receiver.judge = answers_by_path({"/there": html("Sold out"), "/busy": html("In stock")})

    too_soon = ask(f"{there} {busy}", 'contains "in stock"', before.state, at=HALF_AN_HOUR_LATER)
    in_time = ask(f"{there} {busy}", 'contains "in stock"', too_soon.state, at=AN_HOUR_LATER)

    assert too_soon.failed_pages == before.failed_pages
    assert too_soon.warnings == before.warnings
    assert (in_time.failed_pages, in_time.warnings, in_time.condition_met) == ([], [], True)
    assert [request.path for request in http_receiver.requests].count("/busy") == 2


def test_a_page_that_fails_beside_others_is_warned_of(http_receiver):
    there, gone = f"{http_receiver.url}/there", f"{http_receiver.url}/gone"
    http_receiver.judge = answers_by_path({"/there": html("Sold out"), "/gone": HTTPAnswer(404)})

    answer = ask(f"{there} {gone}", 'contains "in stock"')

    [warning] = answer.warnings
    assert warning == (
        f"{gone} cannot be read, although other pages of the task can. `failed_pages` in the "
        "result of the latest execution says why."
    )


def test_a_page_that_fails_beside_others_waits_for_the_next_regular_visit(http_receiver, settings):
    settings.TORALE_PAGE_INTERVAL_MINUTES = 30
    there, gone = f"{http_receiver.url}/there", f"{http_receiver.url}/gone"
    http_receiver.judge = answers_by_path({"/there": html("Sold out"), "/gone": HTTPAnswer(404)})

    answer = ask(f"{there} {gone}", 'contains "in stock"')

    assert answer.next_run_at == HALF_AN_HOUR_LATER


def test_pages_that_all_fail_are_visited_again_when_the_first_of_them_may_be(http_receiver):
    http_receiver.judge = answers_by_path(
        {
            "/busy": HTTPAnswer(429, headers={"Retry-After": "600"}),
            "/gone": HTTPAnswer(410),
            "/down": HTTPAnswer(500),
        }
    )
    busy, gone, down = (f"{http_receiver.url}/{name}" for name in ("busy", "gone", "down"))

    rests = []
    for query in (f"{busy} {gone}", f"{busy} {gone} {down}"):
        with pytest.raises(AskFailed) as failure:
            ask(query, "changes")
        rests.append(failure.value.retry_after)

    assert rests == [NOW + timedelta(minutes=10), None]


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
