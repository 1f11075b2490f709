"""What has been barred since a send was recorded is not attempted any more."""

import re

import pytest
from django.utils import timezone

from notifications.channels.webhook.config import configure
from notifications.delivery.claim import refuse
from notifications.eligibility import (
    REFUSAL,
    Refusal,
    deliverable,
    look_up_refusals,
    refusal_of,
    with_refusal,
)
from notifications.models import (
    EmailSuppression,
    NotificationSend,
    WebhookConfig,
    WebhookEndpoint,
)
from notifications.redeliver import NotDeliverable, redeliver_all, redeliver_one
from tasks.destinations import Destinations
from tasks.models import Task
from tests.support.factories import NOW, make_queued_email, make_queued_send, make_send, make_task
from tests.support.run_delivery import deliver, take

pytestmark = pytest.mark.django_db(transaction=True)


def test_no_mail_goes_to_an_address_that_bounced_meanwhile(owner, smtp_receiver):
    send = make_queued_email(owner, recipient="Gone@example.com")
    suppression = EmailSuppression.objects.create(address="gone@example.com", reason="bounced")

    deliver()

    send.refresh_from_db()
    assert (send.status, send.error_message) == (
        "failed",
        Refusal.SUPPRESSED.sentence(send, suppression=suppression),
    )
    assert smtp_receiver.messages == []


def test_nothing_goes_to_the_default_webhook_once_it_is_switched_off(owner, http_receiver):
    send = make_queued_send(owner, recipient=http_receiver.url, is_for_default_webhook=True)
    configure(user=owner, is_enabled=False)

    deliver()

    send.refresh_from_db()
    assert (send.status, send.error_message) == (
        "failed",
        Refusal.DEFAULT_WEBHOOK_OFF.sentence(send),
    )
    assert http_receiver.requests == []


def test_a_tasks_own_webhook_goes_out_while_the_default_one_is_switched_off(owner, http_receiver):
    send = make_queued_send(owner, recipient=http_receiver.url)
    configure(user=owner, url=http_receiver.url, is_enabled=False)

    deliver()

    send.refresh_from_db()
    assert send.status == "sent"
    assert len(http_receiver.requests) == 1


def test_a_webhook_that_is_switched_on_again_meanwhile_is_attempted(owner):
    send = make_send(owner, status="queued")
    WebhookEndpoint.objects.update(switched_off_at=NOW, switched_off_because="it answered 410")
    found = take()
    WebhookEndpoint.objects.switch_on()

    refuse(found.refused)

    send.refresh_from_db()
    assert (send.status, send.lease) == ("queued", None)
    assert len(take(now=timezone.now()).messages) == 1


def test_no_mail_that_waits_goes_out_once_somebody_has_unsubscribed(owner, smtp_receiver):
    task = make_task(owner, notification_email="r@example.com")
    send, other = make_queued_email(owner, task_id=task.pk), make_queued_email(owner)
    task.mute()

    deliver()

    for each in (send, other):
        each.refresh_from_db()
    assert (send.status, send.error_message) == (
        "failed",
        Refusal.UNSUBSCRIBED.sentence(send),
    )
    assert other.status == "sent"
    assert len(smtp_receiver.messages) == 1


def test_a_webhook_goes_out_though_somebody_has_unsubscribed(owner, http_receiver):
    task = make_task(owner)
    send = make_queued_send(owner, task_id=task.pk, recipient=http_receiver.url)
    task.mute()

    deliver()

    send.refresh_from_db()
    assert send.status == "sent"


def test_no_mail_is_delivered_again_once_somebody_has_unsubscribed(owner):
    task = make_task(owner)
    send = make_send(owner, task_id=task.pk, notification_type="email", recipient="r@example.com")
    task.mute()

    with pytest.raises(NotDeliverable, match="unsubscribed"):
        redeliver_one(send=send, now=NOW)
    assert redeliver_all(sends=NotificationSend.objects.all(), now=NOW) == 0
    task.destinations = Destinations(email="r@example.com")
    task.save()
    assert redeliver_one(send=send, now=NOW).status == "queued"


def without_secret(owner, **fields) -> NotificationSend:
    """Store a send of a user who has no row of WebhookConfig, as after a partial restore."""
    send = make_send(owner, **fields)
    WebhookConfig.objects.all().delete()
    return send


def test_no_webhook_goes_out_unsigned(owner, http_receiver):
    send = without_secret(owner, status="queued", recipient=http_receiver.url)

    deliver()

    send.refresh_from_db()
    assert (send.status, send.error_message) == ("failed", Refusal.UNSIGNED.sentence(send))
    assert send.attempts.count() == 0
    assert http_receiver.requests == []


def test_no_webhook_is_delivered_again_unsigned(owner):
    send = without_secret(owner)

    with pytest.raises(NotDeliverable, match="no secret"):
        redeliver_one(send=send, now=NOW)
    assert redeliver_all(sends=NotificationSend.objects.all(), now=NOW) == 0


def hinder_nothing(send) -> None:
    """Leave it as it is."""


def switch_default_webhook_off(send) -> None:
    WebhookConfig.objects.update(is_enabled=False)


def switch_endpoint_off(send) -> None:
    WebhookEndpoint.objects.update(switched_off_at=NOW, switched_off_because="it answered 410 Gone")


def take_secret_away(send) -> None:
    WebhookConfig.objects.all().delete()


def suppress(send) -> None:
    EmailSuppression.objects.create(address=send.recipient.lower(), reason="complained")


def unsubscribe(send) -> None:
    Task.objects.get(pk=send.task_id).mute()


def prune_body(send) -> None:
    send.payload.delete()


@pytest.mark.parametrize(
    ("channel", "hinder", "code"),
    [
        ("webhook", hinder_nothing, None),
        ("webhook", switch_default_webhook_off, "default_webhook_off"),
        ("webhook", switch_endpoint_off, "endpoint_off"),
        ("webhook", take_secret_away, "unsigned"),
        ("webhook", unsubscribe, None),
        ("webhook", prune_body, "pruned"),
        ("email", hinder_nothing, None),
        ("email", switch_default_webhook_off, None),
        ("email", take_secret_away, None),
        ("email", suppress, "suppressed"),
        ("email", unsubscribe, "unsubscribed"),
        ("email", prune_body, "pruned"),
    ],
)
def test_recording_claiming_and_delivering_again_follow_one_rule(owner, channel, hinder, code):
    is_webhook = channel == "webhook"
    recipient = "https://receiver.example/hook" if is_webhook else "Reader@example.com"
    fields = {
        "task": make_task(owner),
        "notification_type": channel,
        "recipient": recipient,
        "is_for_default_webhook": is_webhook,
    }
    ended = make_send(owner, **fields)
    due = make_send(owner, status="queued", **fields)
    for send in (ended, due) if hinder is prune_body else (due,):
        hinder(send)

    [told] = with_refusal(NotificationSend.objects.filter(pk=ended.pk))
    look_up_refusals([ended])

    assert told.refusal == ended.refusal == code
    assert (refusal_of(told) is None) is (code is None)
    assert deliverable(NotificationSend.objects.all()).exists() is (code is None)
    assert len(take().refused) == (0 if code is None else 1)


def test_a_refusals_code_is_one_that_the_rule_gives_or_a_quotas():
    others = {"attempted_too_often", "address_quota_used", "user_quota_used"}

    given = set(re.findall(r"THEN '(\w+)'", REFUSAL))

    assert given | others == {*Refusal}
    assert not given & others
