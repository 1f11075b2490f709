"""What has been barred since a send was recorded is not attempted any more."""

import pytest
from django.utils import timezone

from notifications.channels.webhook.config import configure
from notifications.delivery.claim import refuse
from notifications.eligibility import UNSUBSCRIBED, hindrance, with_hindrances
from notifications.models import (
    EmailSuppression,
    NotificationSend,
    WebhookConfig,
    WebhookEndpoint,
)
from notifications.redeliver import NotDeliverable, redeliver_all, redeliver_one
from tasks.destinations import Destinations
from tests.notifications.test_drain import EMAIL_BODY, queued
from tests.support.delivery import deliver, take
from tests.support.factories import NOW, make_send, make_task

pytestmark = pytest.mark.django_db(transaction=True)


def test_no_mail_goes_to_an_address_that_bounced_meanwhile(owner, smtp_receiver):
    send = queued(owner, notification_type="email", recipient="Gone@example.com", body=EMAIL_BODY)
    suppression = EmailSuppression.objects.create(address="gone@example.com", reason="bounced")

    deliver()

    send.refresh_from_db()
    assert (send.status, send.error_message) == ("failed", suppression.why())
    assert smtp_receiver.messages == []


def test_nothing_goes_to_the_default_webhook_once_it_is_switched_off(owner, http_receiver):
    send = queued(owner, recipient=http_receiver.url, is_for_default_webhook=True)
    configure(user=owner, is_enabled=False)

    deliver()

    send.refresh_from_db()
    assert (send.status, send.error_message) == ("failed", owner.webhook_config.WHY_OFF)
    assert http_receiver.requests == []


def test_a_tasks_own_webhook_goes_out_while_the_default_one_is_switched_off(owner, http_receiver):
    send = queued(owner, recipient=http_receiver.url)
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
    email = {"notification_type": "email", "recipient": "r@example.com", "body": EMAIL_BODY}
    send, other = queued(owner, task_id=task.pk, **email), queued(owner, **email)
    task.mute()

    deliver()

    for each in (send, other):
        each.refresh_from_db()
    assert (send.status, send.error_message) == ("failed", UNSUBSCRIBED)
    assert other.status == "sent"
    assert len(smtp_receiver.messages) == 1


def test_a_webhook_goes_out_though_somebody_has_unsubscribed(owner, http_receiver):
    task = make_task(owner)
    send = queued(owner, task_id=task.pk, recipient=http_receiver.url)
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


def test_what_may_be_delivered_again_is_hindered_by_nothing_without_a_row_for_webhooks(owner):
    make_send(owner, is_for_default_webhook=True)
    WebhookConfig.objects.all().delete()

    assert hindrance(with_hindrances(NotificationSend.objects.deliverable()).get()) is None
