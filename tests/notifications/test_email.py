import json
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime

import lxml.html
import pytest

from notifications.channels import Message
from notifications.channels.email.transport import compose, send_batch, text_of
from torale.clock import Reading

ID = "880e8400-e29b-41d4-a716-446655440000"
SEND_ID = "880e8400-e29b-41d4-a716-446655440001"


def message(**body) -> Message:
    return Message(
        send_id=SEND_ID,
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

    assert email.subject == "In stock: Is it back?"
    assert email.body.startswith(
        "Shop\n\nIn stock.\n\nhttps://shop.example/\n\n"
        f"The task: http://localhost:8000/tasks/{ID}\n\n"
        "-- \n"
        "You asked Torale: https://shop.example/\n"
        'To tell you when: contains "In stock"\n'
        "Seen on 4 March 2026, 09:00 UTC\n"
        f"Why this mail? http://localhost:8000/why/{SEND_ID}\n"
        f"Pause the task: http://localhost:8000/tasks/{ID}/pause\n"
        "No more emails about this: http://localhost:8000/unsubscribe/"
    )


def notices(*subjects: str) -> Message:
    parts = [
        {"send_id": SEND_ID, "task_id": ID, "subject": subject, "text": f"About {subject}.\n\n<b>"}
        for subject in subjects
    ]
    return replace(message(), event_type="task.failing", body=json.dumps({"notices": parts}))


@pytest.mark.parametrize(
    ("notification", "name", "subject"),
    [
        ("**Shop**\n\nIn stock.", "in STOCK", "in STOCK"),
        ("", "Is it back?", "Is it back?"),
        ("**Shop**\n\nIn stock.", " \n ", "In stock"),
        ("a\r\nBcc: v@example.com", "x", "a Bcc: v@example.com: x"),
        ("In stock", "a\u202eb\x1bc", "In stock: abc"),
    ],
    ids=["the same", "nothing told", "no name", "header", "not shown"],
)
def test_a_subject_says_what_was_found_and_by_which_task(notification, name, subject):
    assert compose(message(notification=notification, task_name=name)).subject == subject


def test_a_subject_is_short():
    email = compose(message(notification="word " * 99, task_name="name " * 99))

    assert len(email.subject) <= 140
    assert email.subject.count("…") == 2


@pytest.mark.parametrize("which", [message, lambda: notices("A"), lambda: notices("A", "B")])
def test_an_email_leads_to_the_pages_of_its_task_and_says_why_it_came(which):
    email = compose(which())

    for text in (email.body, html(email)):
        assert f"http://localhost:8000/tasks/{ID}" in text
        assert f"http://localhost:8000/why/{SEND_ID}" in text
        assert f"http://localhost:8000/tasks/{ID}/pause" in text


@pytest.mark.parametrize("which", [message, lambda: notices("A")])
def test_an_email_says_that_a_program_sent_it(which):
    assert compose(which()).message()["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("which", [message, lambda: notices("A")])
def test_an_email_has_a_dark_mode(which):
    text = html(compose(which()))

    assert '<meta name="color-scheme" content="light dark">' in text
    assert "@media (prefers-color-scheme: dark)" in text


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://torale.example:8443", "torale.example"),
        ("http://localhost:8000", "localhost"),
        ("http://[::1]:8000", "--1"),
    ],
)
def test_the_list_id_is_that_of_the_task_or_of_notices(settings, url, host):
    settings.TORALE_URL = url

    renamed = [compose(message(task_name=name)).message()["List-Id"] for name in ("A", "B")]
    noticed = compose(notices("A", "B")).message()["List-Id"]

    assert renamed == [f"<{ID}.tasks.{host}>"] * 2
    assert noticed == f"<notices.{host}>"


def test_only_emails_about_a_condition_unsubscribe_from_the_task():
    condition, notice = compose(message()).message(), compose(notices("A")).message()

    assert condition["List-Unsubscribe"].startswith("<http://localhost:8000/unsubscribe/")
    assert condition["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert notice["List-Unsubscribe"] is None


def test_what_a_notice_says_cannot_become_markup():
    assert "<b>" not in html(compose(notices("A")))


def test_the_same_is_there_as_html():
    assert "<p><strong>Shop</strong></p>" in html(compose(message()))


def test_the_message_id_is_the_same_for_every_attempt():
    first, second = compose(message()), compose(message())

    assert first.extra_headers["Message-ID"] == f"<{SEND_ID}@localhost>"
    assert second.extra_headers["Message-ID"] == f"<{SEND_ID}@localhost>"


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
        ("<ul>\n<li>one</li>\n<li><b>two</b></li>\n</ul>", "- one\n- two"),
        ("", ""),
    ],
    ids=["link with words", "bare link", "paragraphs", "list", "nothing"],
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
