import json
import threading
import time
from datetime import UTC, datetime

import lxml.html
import pytest

from notifications.channels import Message
from notifications.channels.email.transport import compose, send_batch, text_of
from torale.clock import Reading

ID = "880e8400-e29b-41d4-a716-446655440000"


def message(**body) -> Message:
    return Message(
        send_id=ID,
        claim=ID,
        notification_type="email",
        recipient="reader@example.com",
        host="",
        body=json.dumps(
            {
                "task_id": str(ID),
                "task_name": "Is it back?",
                "search_query": "https://shop.example/",
                "condition_description": 'contains "In stock"',
                "notification": "**Shop**\n\nIn stock.\n\n<https://shop.example/>",
                "completed_at": "2026-03-04T09:00:10Z",
                **body,
            }
        ),
        event_type="task.condition_met",
        attempt=1,
    )


def html(email) -> str:
    return str(email.alternatives[0][0])


def test_it_reads_well_as_text():
    email = compose(message())

    assert email.subject == "Is it back?"
    assert email.body.startswith(
        "Shop\n\nIn stock.\n\nhttps://shop.example/\n\n"
        "-- \n"
        "You asked Torale: https://shop.example/\n"
        'To tell you when: contains "In stock"\n'
        "Seen on 4 March 2026, 09:00 UTC\n"
    )


def test_the_same_is_there_as_html():
    assert "<p><strong>Shop</strong></p>" in html(compose(message()))


def test_the_message_id_is_the_same_for_every_attempt():
    first, second = compose(message()), compose(message())

    assert first.extra_headers["Message-ID"] == f"<{ID}@localhost>"
    assert second.extra_headers["Message-ID"] == f"<{ID}@localhost>"


@pytest.mark.parametrize(
    "name", ["a\r\nBcc: victim@example.com", "a\nb", "a\x85b\u2028c"], ids=["crlf", "lf", "others"]
)
def test_a_subject_cannot_add_a_header(name):
    email = compose(message(task_name=name))

    sent = email.message()
    assert sent["Bcc"] is None
    assert len(str(sent["Subject"]).splitlines()) == 1


@pytest.mark.parametrize(
    "notification",
    [
        "<script>alert(1)</script>",
        "[click](javascript:alert(1))",
        "<img src=x onerror=alert(1)>",
        '![x](https://evil.example/x.png" onerror=alert(1))',
    ],
)
def test_what_a_page_says_cannot_become_script(notification):
    document = lxml.html.document_fromstring(html(compose(message(notification=notification))))

    assert [element.tag for element in document.iter("script", "img", "iframe")] == []
    for element in document.iter():
        assert not [name for name in element.attrib if str(name).startswith("on")]
        assert "javascript:" not in element.get("href", "")


def test_a_tasks_name_cannot_become_markup():
    assert "<b>" not in html(compose(message(task_name="<b>bold</b>", search_query="<b>x</b>")))


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ('<p><a href="https://a.example/">here</a> now</p>', "here (https://a.example/) now"),
        ('<p><a href="https://a.example/">https://a.example/</a></p>', "https://a.example/"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("", ""),
    ],
    ids=["link with words", "bare link", "paragraphs", "nothing"],
)
def test_html_becomes_text(markup, text):
    assert text_of(markup) == text


def test_no_attempt_begins_after_the_time_that_its_lease_leaves(smtp_receiver):
    def attempted(begin_before: float) -> int:
        outcomes = send_batch(
            [message(), message()],
            clock=Reading(datetime.now(UTC)),
            begin_before=begin_before,
            stopping=threading.Event(),
        )
        return len([*outcomes])

    assert attempted(time.monotonic() - 1) == 0
    assert attempted(time.monotonic() + 60) == len(smtp_receiver.messages) == 2
