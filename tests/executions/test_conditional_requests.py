"""When a page is asked for only if it has changed (RFC 9110 §13), over real connections."""

import json
from dataclasses import replace

import pytest

from executions.failures import FailureKind
from executions.monitors import AskFailed
from executions.pages import page as pages
from tests.support.asking import preview
from tests.support.factories import NOW
from tests.support.receivers import HTTPAnswer, HTTPReceiver
from tests.support.unchanged_site import QUARTER, conditions, is_conditional, sent
from tests.support.watched_pages import HTML, html


def test_another_rule_begins_with_the_whole_page(site, watch, http_receiver):
    watch.visit()
    watch.condition = 'contains "Sold out"'

    assert watch.visit(after=QUARTER).condition_met
    assert is_conditional(http_receiver) == [False, False]


def test_another_version_of_the_reading_begins_with_the_whole_page(site, watch, http_receiver):
    watch.visit()
    assert watch.state is not None
    memory = watch.state["pages"][watch.query]
    memory["reading"] = memory["seen"]["reading"] = pages.READING - 1

    for number in (1, 2, 3):
        watch.visit(after=QUARTER * number)

    assert is_conditional(http_receiver) == [False, False, False, True]


def test_what_becomes_true_at_an_upgrade_is_told_at_the_next_visit(site, watch, http_receiver):
    watch.visit()
    assert watch.state is not None
    memory = watch.state["pages"][watch.query]
    memory["reading"] = memory["seen"]["reading"] = pages.READING - 1
    site.text = "In stock"

    assert not watch.visit(after=QUARTER).condition_met
    assert watch.visit(after=QUARTER * 2).condition_met


def test_other_request_headers_ask_for_the_whole_page(site, watch, http_receiver):
    watch.request_headers = {"Cookie": "session=3f9a2c71"}
    watch.visit()
    assert "3f9a2c71" not in json.dumps(watch.state)
    watch.request_headers = {"Cookie": "session=b07d55e2"}

    watch.visit(after=QUARTER)
    watch.visit(after=QUARTER * 2)

    assert is_conditional(http_receiver) == [False, False, True]


def test_a_condition_of_the_tasks_own_is_left_alone(site, watch, http_receiver):
    watch.request_headers = {"If-None-Match": '"mine"'}

    watch.visit()
    watch.visit(after=QUARTER)

    assert conditions(http_receiver) == [{"if-none-match": '"mine"'}] * 2


def test_a_preview_reads_the_whole_page(site, watch, http_receiver):
    watch.visit()

    preview(watch.question(after=QUARTER))

    assert is_conditional(http_receiver) == [False, False]


@pytest.mark.parametrize("headers", [{}, {"ETag": '"a"', "Content-Encoding": "gzip"}])
def test_304_to_the_first_request_is_a_failure_in_words(watch, http_receiver, headers):
    http_receiver.answers = [HTTPAnswer(304, headers=headers)]

    with pytest.raises(AskFailed) as failure:
        watch.visit()

    assert failure.value.kind == FailureKind.USER_ERROR
    assert str(failure.value) == (
        f"{watch.query} answered 304 Not Modified, although it was not asked whether the page has "
        "changed."
    )


def test_304_by_a_page_that_was_not_asked_is_a_failure(site, watch, http_receiver):
    watch.visit()
    http_receiver.judge = lambda request: (
        HTTPAnswer(304)
        if request.path == "/elsewhere"
        else HTTPAnswer(302, headers={"Location": "/elsewhere"})
    )

    with pytest.raises(AskFailed, match="although it was not asked"):
        watch.visit(after=QUARTER)


def test_304_may_name_the_encoding_of_the_page(site, watch, http_receiver):
    watch.visit()
    http_receiver.judge = None
    http_receiver.answers = [HTTPAnswer(304, headers={"Content-Encoding": "gzip"})]

    assert "304 Not Modified" in watch.visit(after=QUARTER).evidence


def test_only_the_page_at_the_end_of_a_redirect_is_asked(site, watch, http_receiver):
    def answer(request):
        if request.path == "/bread":
            return HTTPAnswer(302, headers={"Location": "/today#top", "ETag": '"moved"'})
        return site.answer(request)

    http_receiver.judge = answer
    watch.visit()

    answered = watch.visit(after=QUARTER)

    assert "304 Not Modified" in answered.evidence
    assert [(request.path, each) for request, each in sent(http_receiver)] == [
        ("/bread", {}),
        ("/today", {}),
        ("/bread", {}),
        ("/today", {"if-none-match": f'"{hash(site.text)}"'}),
    ]


def test_a_page_that_redirects_elsewhere_since_is_asked_there_for_the_whole_page(
    site, watch, http_receiver
):
    other = HTTPReceiver()
    try:
        other.answers = [html("In stock")]
        watch.visit()
        http_receiver.judge = lambda _: HTTPAnswer(302, headers={"Location": other.url})

        assert watch.visit(after=QUARTER).condition_met
        assert conditions(other) == [{}]
    finally:
        other.close()


@pytest.mark.parametrize(
    "etag",
    [
        f'"{"a" * 1001}"',
        f'"{"a" * 7000}"',
        '"\xe9\xff"',
        '"a", "b"',
        '"a"\r\nX-Other: "b',
        "unquoted",
        '"a\tb"',
        "*",
        "",
    ],
    ids=lambda etag: ascii(etag)[:20],
)
def test_an_etag_that_cannot_be_sent_again_is_left_out(site, watch, http_receiver, etag):
    site.headers = {"ETag": etag}
    http_receiver.judge = lambda _: replace(html("Sold out"), headers={**HTML, "ETag": etag})

    answers = [watch.visit(after=QUARTER * number) for number in (0, 1)]

    # The line break ends the header, so the server has sent the valid ETag "a".
    assert is_conditional(http_receiver) == [False, "\r\n" in etag]
    assert len(json.dumps(answers[1].state)) < 1500


def test_an_etag_with_nul_is_not_stored(watch, http_receiver):
    http_receiver.answers = [replace(html("Sold out"), headers={**HTML, "ETag": '"\x00"'})]

    with pytest.raises(AskFailed, match="not valid HTTP"):
        watch.visit()


def test_the_time_of_a_page_without_an_etag_is_sent_back(site, watch, http_receiver, time_machine):
    time_machine.move_to(NOW, tick=False)
    modified = "Sun, 01 Mar 2026 08:00:00 GMT"
    http_receiver.answers = [
        replace(html("Sold out"), headers={**HTML, "Last-Modified": modified}),
        HTTPAnswer(304),
    ]
    http_receiver.judge = None
    watch.visit()

    assert "304 Not Modified" in watch.visit(after=QUARTER).evidence
    assert conditions(http_receiver) == [{}, {"if-modified-since": modified}]
