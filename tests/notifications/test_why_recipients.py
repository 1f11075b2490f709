"""Why each recipient was told, or was not: what the product has left behind, in words."""

import pytest

from notifications.channels.webhook.config import configure
from notifications.eligibility import SENTENCES, Refusal, refusal_told_by
from notifications.models import (
    EmailSuppression,
    NotificationSend,
    WebhookEndpoint,
)
from notifications.redeliver import redeliver_one
from notifications.why import Kind
from notifications.why.sends import MOST_ATTEMPTS, SHORT
from tasks.lifecycle import update_task
from tasks.models import Task
from tests.support.explained import sentence, titles, visited, why
from tests.support.factories import (
    NOW,
    make_address,
    make_endpoint,
    make_execution,
    make_send,
    make_task,
    make_unverified_address,
)
from tests.support.receivers import HTTPAnswer
from tests.support.run_delivery import deliver, take
from torale import clock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _clock(time_machine):
    time_machine.move_to(NOW, tick=False)


def page(text: str, status: int = 200) -> HTTPAnswer:
    return HTTPAnswer(status, text.encode(), {"Content-Type": "text/html"})


def test_the_only_recipient_was_told(task, site):
    execution = visited(task)
    deliver()

    found = why(execution)

    assert found.verdict == (
        f"The only recipient was told: the webhook {site.url}/hook was accepted at "
        "2026-03-04 09:00:10 UTC."
    )
    assert found.kind == Kind.GOOD
    assert [chapter.title for chapter in found.chapters] == [
        "The visit of 2026-03-04 09:00:10 UTC",
        f"Webhook {site.url}/hook",
        "The task now",
    ]
    assert titles(found, 1) == ["Recorded", "Attempt 1 accepted", "Sent"]
    send = NotificationSend.objects.get()
    about = found.chapters[1].decisions[1].about
    assert (about.task_id, about.execution_id, about.send_id, about.attempt) == (
        task.pk,
        execution.pk,
        send.pk,
        1,
    )


def test_one_of_two_was_told_and_the_other_says_why_not(task, owner, site, smtp_receiver):
    update_task(
        task=task,
        fields={
            "notifications": [
                {"type": "email", "address": owner.email},
                {"type": "webhook", "url": f"{site.url}/hook"},
            ]
        },
        now=clock.now(),
    )
    endpoint = make_endpoint(owner, url=f"{site.url}/hook")
    endpoint.switch_off_by_owner(now=clock.now())
    execution = visited(task)
    deliver()

    found = why(execution)

    assert found.verdict == (
        f"1 of 2 recipients were told; the webhook {site.url}/hook was skipped, because it is "
        "switched off."
    )
    assert found.kind == Kind.BAD
    assert "switched off, because you switched it off. Switch it on by POST" in sentence(
        found, "Skipped: switched off"
    )


def test_what_was_switched_off_and_is_on_again_can_be_delivered_again(task, owner, site):
    endpoint = make_endpoint(owner, url=f"{site.url}/hook")
    endpoint.switch_off_by_owner(now=clock.now())
    execution = visited(task)
    assert titles(why(execution), 1) == ["Skipped: switched off"]

    endpoint.switch_on()

    assert titles(why(execution), 1) == ["Skipped: switched off", "Can be delivered again"]


def test_a_default_webhook_that_is_off_is_skipped_and_an_email_goes_out(
    task, owner, site, smtp_receiver
):
    configure(user=owner, url=f"{site.url}/hook", is_enabled=False)
    update_task(task=task, fields={"notifications": []}, now=clock.now())
    execution = visited(task)
    deliver()

    assert why(execution).verdict == (
        f"1 of 2 recipients were told; the webhook {site.url}/hook was skipped, because the "
        "account's default webhook is switched off."
    )


def named(task: Task, address: str) -> None:
    fields = {"notifications": [{"type": "email", "address": address}]}
    update_task(task=task, fields=fields, now=clock.now())


def test_an_email_to_an_unverified_address_says_where_it_went_instead(task, owner, smtp_receiver):
    make_unverified_address(owner, email="second@example.com")
    named(task, "second@example.com")
    execution = visited(task)
    deliver()

    found = why(execution)

    assert titles(found, 1)[0] == "Unverified address"
    assert "second@example.com" in sentence(found, "Unverified address")
    assert "owner@example.com" in sentence(found, "Unverified address")
    assert "second@example.com, which the account has not verified" in sentence(
        why(task), "Would be told"
    )


def test_an_email_to_a_verified_address_goes_there(task, owner, smtp_receiver):
    make_address(owner, email="second@example.com")
    named(task, "second@example.com")

    found = why(visited(task))

    assert "Unverified address" not in titles(found, 1)
    assert found.chapters[1].title == "Email to second@example.com"


def test_a_suppressed_address_says_since_when(task, owner):
    named(task, owner.email)
    EmailSuppression.objects.create(address=owner.email, reason="bounced", created_at=NOW)

    found = why(visited(task))

    assert found.verdict == (
        "Nobody was told: the email to owner@example.com was skipped, because the address "
        "bounced or called our mail spam."
    )
    assert titles(found, 1) == ["Skipped: suppressed"]
    assert "since 2026-03-04: the address does not exist" in sentence(found, "Skipped: suppressed")


def test_a_limit_says_how_many_there_may_be(task, settings):
    settings.TORALE_SENDS_PER_DAY = 0

    found = why(visited(task))

    assert found.verdict.endswith(
        "was skipped, because the user had had all notifications of the day."
    )
    assert "You have had 0 notifications today" in sentence(found, "Skipped: limit")


def test_an_unsubscribed_task_that_has_no_webhook_tells_nobody(task):
    update_task(task=task, fields={"notifications": []}, now=clock.now())
    task.refresh_from_db()
    task.mute()

    found = why(visited(task))

    assert found.verdict.startswith(
        "The condition was met, but nobody was told, because somebody has unsubscribed"
    )
    assert sentence(why(task), "Nobody would be told").startswith("Somebody has unsubscribed")


def test_sends_that_are_no_longer_kept_say_how_long_they_are(task, settings, later):
    settings.TORALE_RETENTION_DAYS = 10
    execution = visited(task)
    NotificationSend.objects.all().delete()
    assert "no send is recorded" in why(execution).verdict
    later(days=11)

    assert "kept for 10 days (TORALE_RETENTION_DAYS)" in why(execution).verdict


def test_a_send_that_waits_for_a_worker_says_so(task, site, later):
    execution = visited(task)
    assert why(execution).verdict == (
        f"Nobody has been told yet: the webhook {site.url}/hook waits for attempt 1 at "
        "2026-03-04 09:00:10 UTC."
    )
    later(minutes=10)

    due = why(execution).chapters[1].decisions[-1]

    assert (due.title, due.kind) == ("Due", Kind.BAD)
    assert "no worker runs" in due.sentence


def test_a_send_is_under_way_while_a_worker_has_it(task, later):
    execution = visited(task)
    take(now=clock.now())
    assert titles(why(execution), 1) == ["Recorded", "Under way"]
    later(minutes=3)

    assert titles(why(execution), 1) == ["Recorded", "Due"]


def test_a_failed_attempt_says_what_was_answered_and_when_the_next_one_is(task, site):
    site.hook = HTTPAnswer(500, b"the database is on fire")
    execution = visited(task)
    deliver(until=lambda: NotificationSend.objects.filter(status="retrying").exists())

    found = why(execution)

    assert titles(found, 1) == ["Recorded", "Attempt 1 failed", "Will be retried"]
    assert "500" in sentence(found, "Attempt 1 failed")
    assert "“the database is on fire”" in sentence(found, "Attempt 1 failed")
    assert found.chapters[1].decisions[-1].at == NotificationSend.objects.get().next_attempt_at
    assert found.kind == Kind.WAITING
    assert "waits for attempt 2" in found.verdict


def test_what_may_no_longer_go_out_says_so_before_a_worker_ends_it(task):
    execution = visited(task)
    WebhookEndpoint.objects.update(switched_off_at=NOW, switched_off_because="it answered 410 Gone")

    assert titles(why(execution), 1)[-1] == "Will not go out: switched off"

    deliver()
    found = why(execution)
    assert titles(found, 1) == ["Recorded", "Gave up: switched off"]
    assert found.verdict.endswith("was given up, because it is switched off.")


def test_a_final_answer_is_given_up_at_once_and_the_owner_told_of_the_switch(
    task, site, smtp_receiver
):
    site.hook = HTTPAnswer(410)
    execution = visited(task)
    deliver()
    deliver()  # the notice that the webhook was switched off

    found = why(execution)

    assert titles(found, 1) == [
        "Recorded",
        "Attempt 1 failed",
        "Gave up",
        "Cannot be delivered again yet: switched off",
    ]
    assert "The answer to attempt 1 is final" in sentence(found, "Gave up")
    assert "was given up after 1 attempt: " in found.verdict
    assert (
        "The email to owner@example.com, which tells that a webhook was switched off, was accepted"
        in found.verdict
    )


def test_all_attempts_fail_and_it_is_given_up(task, site, later):
    site.hook = HTTPAnswer(500)
    execution = visited(task)
    send = NotificationSend.objects.get()
    while send.next_attempt_at:
        later(days=0.3 if send.attempt_count == 0 else 1.2)
        WebhookEndpoint.objects.update(failing_since=None)
        number = send.attempt_count + 1
        deliver(
            until=lambda number=number: NotificationSend.objects.filter(  # type: ignore[misc]
                attempt_count=number
            ).exists()
        )
        send.refresh_from_db()

    found = why(execution)

    assert sentence(found, "Gave up").startswith("All 10 attempts have failed. The last error was")
    assert "was given up after 10 attempts: " in found.verdict


def test_a_redelivered_send_says_so_before_and_after_its_attempt(task):
    execution = visited(task)
    deliver()
    redeliver_one(send=NotificationSend.objects.get(), now=clock.now())
    assert titles(why(execution), 1) == [
        "Recorded",
        "Attempt 1 accepted",
        "Delivered again",
        "Due",
    ]

    deliver()
    redeliver_one(send=NotificationSend.objects.get(), now=clock.now())
    deliver()

    assert titles(why(execution), 1) == [
        "Recorded",
        "Attempt 1 accepted",
        "Delivered again",
        "Attempt 2 accepted",
        "Delivered again",
        "Attempt 3 accepted",
        "Sent",
    ]


def test_a_send_that_was_given_up_and_delivered_again_says_so(task, site):
    site.hook = HTTPAnswer(410)
    execution = visited(task)
    deliver()
    WebhookEndpoint.objects.switch_on()
    site.hook = HTTPAnswer(204)
    redeliver_one(send=NotificationSend.objects.get(notification_type="webhook"), now=clock.now())
    deliver()

    assert titles(why(execution), 1) == [
        "Recorded",
        "Attempt 1 failed",
        "Delivered again",
        "Attempt 2 accepted",
        "Sent",
    ]


@pytest.mark.parametrize(
    ("status", "error", "title", "verdict"),
    [
        ("delivered", None, "Delivered", "was delivered, as the email provider reports"),
        ("bounced", "No such mailbox.", "Bounced", "was returned: No such mailbox"),
        ("complained", "Spam.", "Called spam", "arrived, but its reader called it spam"),
    ],
)
def test_what_the_provider_reports_is_told(owner, status, error, title, verdict):
    send = make_send(
        owner,
        notification_type="email",
        recipient="reader@example.com",
        status=status,
        error_message=error,
        sent_at=NOW,
    )

    found = why(send)

    assert titles(found, 0)[:3] == ["Recorded", "Sent", title]
    assert found.verdict == f"The email to reader@example.com {verdict}."


def test_a_notice_that_another_email_carries_leads_to_it(owner, site, later):
    site.page = page("", 404)
    tasks = [make_task(owner, search_query=f"{site.url}/{number}") for number in range(2)]
    for _ in range(4):
        for task in tasks:
            visited(task)
        later(minutes=30)
    first, second = NotificationSend.objects.order_by("pk")
    assert (first.event_type, second.status) == ("task.failing", "skipped")

    [carried] = [each for each in why(second).decisions if each.title == "Told by another email"]

    assert carried.about.send_id == first.pk
    assert carried.kind == Kind.NEUTRAL


def test_the_url_of_a_chat_is_not_shown(owner):
    url = "https://hooks.slack.com/services/T0/B0/secret"
    endpoint = make_endpoint(owner, url=url, format="slack")
    endpoint.switch_off_by_owner(now=NOW)
    task = make_task(owner, webhook_url=url, webhook_format="slack")
    execution = make_execution(task, notification="Met.")
    make_send(owner, task=task, execution=execution, recipient=url, endpoint=endpoint)

    for explained in (task, execution, NotificationSend.objects.get()):
        found = why(explained)
        assert "secret" not in repr(found)
        assert "https://hooks.slack.com/…" in repr(found)


def test_only_the_newest_attempts_of_many_are_shown(owner):
    many = MOST_ATTEMPTS + 5
    send = make_send(owner, attempt_count=many)
    send.attempts.bulk_create(
        send.attempts.model(
            send=send,
            number=number,
            started_at=NOW,
            duration_ms=5,
            status="failed",
            error_message="It answered 500.",
        )
        for number in range(1, many + 1)
    )

    found = titles(why(send), 0)

    assert found[:3] == ["Recorded", "Earlier attempts", "Attempt 6 failed"]
    assert found.count("Attempt 30 failed") == 1
    assert sentence(why(send), "Earlier attempts") == "5 earlier attempts not shown here."


def test_every_refusal_is_recognized_by_its_sentence(owner, settings):
    suppression = EmailSuppression(address="r@example.com", reason="bounced", created_at=NOW)
    endpoint = make_endpoint(owner, switched_off_at=NOW, switched_off_because="it answered 410")
    send = make_send(owner, endpoint=endpoint)

    for refusal in Refusal:
        assert refusal_told_by(refusal.sentence(send, suppression=suppression)) == refusal
    assert refusal_told_by("The receiver answered 500.") is None
    assert SHORT.keys() == SENTENCES.keys() == {*Refusal}
