"""The secrets that are sent for a page get nowhere else."""

from dataclasses import replace

import pytest

from executions.monitors import AskFailed, Question
from executions.monitors.echoes import without_values
from tasks.models import Task
from tasks.run import start
from tests.support.asking import ask
from tests.support.factories import NOW, make_task, make_undecryptable
from tests.support.receivers import HTTPAnswer
from tests.support.run_visits import visit
from tests.support.watched_pages import html
from torale.outbound.url_check import networks_of

HEADERS = {"Cookie": "theme=dark; session=3f9a2c71", "Authorization": "Bearer 7c41d09e55"}
SECRETS = ("3f9a2c71", "7c41d09e55")


def question(http_receiver, condition="changes") -> Question:
    return Question(
        search_query=http_receiver.url,
        condition_description=condition,
        last_known_state=None,
        networks=networks_of(email="owner@example.com", is_staff=False),
        request_headers=HEADERS,
        asked_at=NOW,
    )


def test_a_page_that_shows_what_was_sent_is_not_quoted(http_receiver):
    shown = "You sent " + ", ".join(HEADERS.values())
    page = html(shown, title=shown)
    etag = {"ETag": '"3f9a2c71"'}
    http_receiver.answers = [
        replace(each, headers={**each.headers, **etag}) for each in (html("Hello"), page)
    ]
    asked = question(http_receiver)

    first = ask(asked)
    learnt = {url: text for url, text in first.texts.items() if text}
    second = ask(replace(asked, last_known_state=first.state, texts=learnt))

    assert second.condition_met
    kept = f"{second}{first}{b''.join(filter(None, second.texts.values()))!r}"
    assert "You sent ********" in kept
    assert [secret for secret in SECRETS if secret in kept] == []


@pytest.mark.parametrize(
    "answer",
    [
        HTTPAnswer(403, b"3f9a2c71"),
        HTTPAnswer(302, headers={"Location": "http://[3f9a2c71"}),
        HTTPAnswer(200, b"3f9a2c71", {"Content-Type": "image/png"}),
    ],
)
def test_no_failure_shows_what_was_sent(http_receiver, answer):
    http_receiver.answers = [answer]

    with pytest.raises(AskFailed) as failure:
        ask(question(http_receiver))

    assert [secret for secret in SECRETS if secret in str(failure.value)] == []


def test_a_question_that_is_logged_shows_none(http_receiver):
    assert [secret for secret in SECRETS if secret in repr(question(http_receiver))] == []


@pytest.mark.parametrize(
    ("body", "left"),
    [
        (b"Cookie: theme=dark; session=3f9a2c71.", b"Cookie: ********."),
        (b"session: 3f9a2c71", b"session: ********"),
        (b"token 7c41d09e55", b"token ********"),
        # Words as short as this one stand on many pages.
        (b"Our dark theme", b"Our dark theme"),
    ],
)
def test_values_and_their_parts_are_removed(body, left):
    assert without_values(body, HEADERS) == left


@pytest.mark.django_db(transaction=True)
def test_without_the_key_no_other_page_is_read(owner, http_receiver):
    http_receiver.answers = [html("Log in")]
    task = make_task(
        owner,
        search_query=http_receiver.url,
        condition_description='does not contain "Ordered"',
        request_headers=HEADERS,
    )
    make_undecryptable(task, "request_headers")
    execution = start(task=Task.objects.get(), now=NOW)

    visit()

    execution.refresh_from_db()
    assert execution.status == "failed"
    assert execution.error_message.startswith("The server cannot decrypt the request headers")
    assert http_receiver.requests == []
