"""The page of one send."""

import json
import re

import pytest
from django.urls import reverse

from executions.models import Execution
from notifications.models import Attempt, NotificationSend, Payload
from tests.support.factories import EMAIL_BODY, NOW, days, make_execution, make_send, make_task

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client, owner):
    client.force_login(owner)
    return client


def url_of(send: NotificationSend) -> str:
    return f"/notifications/{send.pk}"


def attempted(send: NotificationSend, **fields) -> Attempt:
    """Store an attempt that failed, unless `error_message` is None."""
    send.attempt_count += 1
    send.save()
    fields = {
        "number": send.attempt_count,
        "started_at": NOW,
        "duration_ms": 120,
        "error_message": "The receiver answered 500.",
        "response_status": 500,
        "response_body": "try <later>",
        "request_headers": {"webhook-id": "the id"},
        "response_headers": {"Server": "teapot"},
        **fields,
    }
    status = "failed" if fields["error_message"] else "succeeded"
    return Attempt.objects.create(send=send, status=status, **fields)


def steps(page) -> list[str]:
    """The titles of the timeline, in their order."""
    return re.findall(r"<div><strong>([^<]*)</strong>", page.text)


def button(page) -> str:
    """The button "Deliver again"."""
    return re.search(r"<button[^>]*>Deliver again", page.text)[0]


def test_it_is_a_timeline_from_what_was_found_to_the_answer(browser, owner):
    task = make_task(owner, name="Boots")
    execution = make_execution(task, notification="Now **49 €**")
    send = make_send(owner, task=task, execution=execution, sent_at=NOW, body='{"price": "49 &"}')
    attempted(send)
    attempted(send, error_message=None, response_status=204, response_body="")

    page = browser.get(url_of(send))

    assert steps(page) == [
        "Condition met",
        "Recorded",
        "Attempt 1: failed, answered 500",
        "Attempt 2: accepted, answered 204",
        "Accepted",
    ]
    for shown in (
        "Now <strong>49 €</strong>",
        "The receiver answered 500.",
        "try &lt;later&gt;",
        "<dt>webhook-id</dt><dd><code>the id</code></dd>",
        "<dt>Server</dt><dd><code>teapot</code></dd>",
        "120 ms",
        "{&quot;price&quot;: &quot;49 &amp;&quot;}",
    ):
        assert shown in page.text
    task_url = reverse("console:task", args=[task.pk])
    assert f'href="{task_url}"' in page.text
    assert f'href="{task_url}?execution={execution.pk}#visit-{execution.pk}"' in page.text
    assert f'href="/why/{send.pk}"' in page.text


def test_it_leads_to_the_other_sends_of_the_visit(browser, owner):
    task = make_task(owner)
    execution = make_execution(task, notification="Met")
    send = make_send(owner, task=task, execution=execution)
    sibling = make_send(
        owner,
        task=task,
        execution=execution,
        notification_type="email",
        recipient="reader@example.com",
        status="failed",
    )
    other = make_send(owner, task=task)

    page = browser.get(url_of(send))

    assert f'<a href="{url_of(sibling)}">reader@example.com</a>' in page.text
    assert str(other.pk) not in page.text


def test_it_outlives_its_task_and_visit(browser, owner):
    send = make_send(owner, task_name="Boots")

    page = browser.get(url_of(send))

    assert "Boots (deleted)" in page.text
    assert "The visit that led to it is no longer kept." in page.text
    assert "/tasks/" not in page.text


def test_an_email_shows_what_it_said(browser, owner):
    send = make_send(
        owner,
        notification_type="email",
        recipient="reader@example.com",
        body=json.dumps(EMAIL_BODY | {"notification": "**Shop** <script>"}),
    )
    attempted(send, response_status=None, response_body=None, error_message=None)

    page = browser.get(url_of(send))

    assert page.text.count("<strong>Shop</strong> &lt;script&gt;") == 2
    assert "The mail server accepted it." in page.text
    assert "request_headers" not in page.text


def test_a_notice_shows_its_words(browser, owner):
    task = make_task(owner)
    execution = make_execution(task, status="failed", error_message="The server answered 503.")
    notice = {"send_id": "1", "task_id": "2", "subject": "Boots fails", "text": "Since\n\nnoon"}
    send = make_send(
        owner,
        task=task,
        execution=execution,
        event_type="task.failing",
        notification_type="email",
        recipient="reader@example.com",
        body=json.dumps({"notices": [notice]}),
    )

    page = browser.get(url_of(send))

    assert steps(page)[0] == "The task keeps failing"
    assert "The server answered 503." in page.text
    assert "<h3>Boots fails</h3><p>Since</p>\n\n<p>noon</p>" in page.text


def test_a_body_that_was_deleted_is_said_to_be(browser, owner):
    send = make_send(owner)
    Payload.objects.all().delete()

    page = browser.get(url_of(send))

    assert '<p class="muted">It is no longer kept.</p>' in page.text
    assert "What it carried is no longer kept" in page.text
    assert " disabled " in button(page)


def test_who_had_it_delivered_again_sees_where_that_was(browser, owner):
    send = make_send(owner, status="failed")
    attempted(send)
    attempted(send)
    send.earlier_attempt_count = 1
    send.save()

    page = browser.get(url_of(send))

    assert steps(page)[2:5] == [
        "Attempt 1: failed, answered 500",
        "Delivered again",
        "Attempt 2: failed, answered 500",
    ]


def test_of_many_attempts_the_newest_are_shown(browser, owner):
    send = make_send(owner, status="failed")
    for _ in range(27):
        attempted(send)

    page = browser.get(url_of(send))

    assert steps(page)[2:4] == ["2 earlier attempts", "Attempt 3: failed, answered 500"]
    assert "Attempt 27:" in page.text


@pytest.mark.parametrize(
    ("fields", "because"),
    [
        ({"status": "queued"}, "It cannot be delivered again now. The send has not ended"),
        ({"status": "retrying"}, "The send has not ended"),
        ({"attempt_count": 1000}, "It has been attempted 1000 times"),
    ],
)
def test_the_button_says_why_it_is_switched_off(browser, owner, fields, because):
    send = make_send(owner, **fields)

    page = browser.get(url_of(send))

    assert " disabled " in button(page)
    assert because in page.text


def test_a_failed_send_is_delivered_again(browser, owner):
    send = make_send(owner, status="failed")
    assert " disabled" not in button(browser.get(url_of(send)))

    page = browser.post(f"{url_of(send)}/redeliver", follow=True)

    send.refresh_from_db()
    assert send.status == "queued"
    assert page.redirect_chain == [(url_of(send), 302)]
    assert "It is being delivered again, with the same content." in page.text
    assert " disabled " in button(page)


def test_what_cannot_be_delivered_again_says_why(browser, owner):
    send = make_send(owner)
    send.endpoint.switch_off_by_owner(now=NOW)

    page = browser.post(f"{url_of(send)}/redeliver", follow=True)

    send.refresh_from_db()
    assert send.status == "sent"
    assert page.text.count("is switched off, because you switched it off") == 2


def test_a_link_delivers_nothing_again(browser, owner):
    send = make_send(owner, status="failed")

    response = browser.get(f"{url_of(send)}/redeliver")

    send.refresh_from_db()
    assert (response.status_code, send.status) == (405, "failed")


def test_nobody_elses_send_is_found_or_delivered_again(browser, stranger):
    send = make_send(stranger, status="failed")

    assert browser.get(url_of(send)).status_code == 404
    assert browser.post(f"{url_of(send)}/redeliver").status_code == 404
    send.refresh_from_db()
    assert send.status == "failed"


@pytest.mark.parametrize("count", [1, 50])
def test_a_page_takes_the_same_queries_however_much_it_shows(
    browser, owner, count, django_assert_num_queries
):
    task = make_task(owner)
    execution = make_execution(task, notification="Met")
    send = make_send(owner, task=task, execution=execution, status="failed")
    for number in range(count):
        attempted(send)
        make_send(
            owner,
            task=task,
            execution=execution,
            event_type="webhook.switched_off",
            recipient=f"https://receiver.example/{number}",
        )

    # Session, user, send, execution, task, siblings, attempts.
    with django_assert_num_queries(7):
        browser.get(url_of(send))


def test_the_history_of_a_task_leads_to_each_send_and_to_why(browser, owner):
    task = make_task(owner)
    execution = make_execution(task, notification="Met")
    send = make_send(owner, task=task, execution=execution)

    page = browser.get(f"/tasks/{task.pk}")

    assert f'<a href="{url_of(send)}">{send.recipient}</a>' in page.text
    assert f'href="/why/{execution.pk}"' in page.text
    assert f'href="/why/{task.pk}"' in page.text
    assert f'href="/notifications?task_id={task.pk}"' in page.text


@pytest.fixture
def visits(owner) -> list[Execution]:
    """Visits of one task that each saw something else, the newest first."""
    task = make_task(owner)
    return [
        make_execution(task, created_at=NOW - days(ago), result={"evidence": f"Seen {ago}."})
        for ago in range(102)
    ]


def visits_on(page) -> list[str]:
    """The ids of the visits of a history, in their order."""
    return re.findall(r'id="visit-([^"]+)"', page.text)


def test_a_history_goes_on_where_its_page_ended(browser, visits):
    url = f"/tasks/{visits[0].task_id}"
    first = browser.get(url)

    [older] = re.findall(r'href="(\?before=[^"]+)"', first.text)
    second = browser.get(url + older)

    assert visits_on(first) + visits_on(second) == [str(visit.pk) for visit in visits]
    assert ">Newest</a>" not in first.text
    assert ">Newest</a>" in second.text
    assert ">Older</a>" not in second.text


def test_a_visit_is_linked_wherever_it_is_in_the_history(browser, visits):
    *_, oldest = visits

    page = browser.get(f"/tasks/{oldest.task_id}", {"execution": oldest.pk})

    assert visits_on(page) == [str(oldest.pk)]
    assert ">Newest</a>" in page.text


def test_a_visit_says_what_it_read_and_only_the_owner_what_failed(browser, owner, client):
    task = make_task(owner, is_public=True)
    make_execution(
        task,
        notification="Met",
        grounding_sources=[{"url": "https://shop.example/", "title": "Shop & more"}],
        result={
            "evidence": "The page has it.",
            "failed_pages": [{"url": "https://other.example/", "error": "Answered 500."}],
        },
    )

    own = browser.get(f"/tasks/{task.pk}").text
    client.logout()
    public = client.get(f"/tasks/{task.pk}").text

    for page in (own, public):
        assert "Shop &amp; more</a>" in page
        assert "The page has it." in page
    assert "https://other.example/: Answered 500." in own
    assert "other.example" not in public
    assert "/why/" not in public
