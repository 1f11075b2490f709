import json
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, transaction

from accounts.models import EmailAddress
from notifications.channels.webhook.config import configure
from notifications.models import EmailSuppression, NotificationSend, WebhookConfig
from notifications.record import record_sends
from tasks.models import Task
from tests.support.factories import NOW, make_endpoint, make_execution, make_task
from tests.support.races import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]

URL = "https://r.example:8443/hook"


def record(task) -> list[NotificationSend]:
    execution = make_execution(
        task,
        notification="**In stock**",
        grounding_sources=[
            {"url": "https://s.example/", "uri": "https://s.example/", "title": "S"}
        ],
    )
    return record_sends(task=task, execution=execution, now=NOW)


def test_each_channel_gets_one_queued_send(owner):
    task = make_task(owner, notification_email=owner.email, webhook_url=URL)

    email, webhook = record(task)

    assert (email.recipient, email.status, email.host) == (owner.email, "queued", "")
    assert (webhook.recipient, webhook.status, webhook.host) == (URL, "queued", "r.example:8443")
    assert email.next_attempt_at == webhook.next_attempt_at == NOW


def test_recording_an_execution_again_adds_nothing(owner):
    task = make_task(owner, notification_email=owner.email, webhook_url=URL)
    execution = make_execution(task, notification="x")

    first = record_sends(task=task, execution=execution, now=NOW)
    second = record_sends(task=task, execution=execution, now=NOW)

    assert (len(first), second) == (2, [])


def test_the_webhooks_body_is_the_contracts_event(owner):
    task = make_task(owner, name="Shop", webhook_url=URL, context={"order": 17})

    [send] = record(task)

    assert json.loads(send.payload.body) == {
        "id": str(send.pk),
        "object": "event",
        "api_version": "v1",
        "event_type": "task.condition_met",
        "created_at": int(NOW.timestamp()),
        "data": {
            "task": {
                "id": str(task.pk),
                "name": "Shop",
                "search_query": task.search_query,
                "condition_description": task.condition_description,
            },
            "execution": {
                "id": str(send.execution_id),
                "notification": "**In stock**",
                "completed_at": "2026-03-04T09:00:10Z",
            },
            "result": {
                "answer": "Seen.",
                "grounding_sources": [
                    {"url": "https://s.example/", "uri": "https://s.example/", "title": "S"}
                ],
            },
            "context": {"order": 17},
        },
    }


def test_an_address_that_is_not_verified_gets_nothing_and_the_accounts_own_does(owner):
    task = make_task(owner, notification_email="somebody@example.com")

    [send] = record(task)

    assert send.recipient == "owner@example.com"


def test_a_verified_address_gets_it(owner):
    EmailAddress.objects.create(user=owner, email="desk@example.com", verified_at=NOW)
    task = make_task(owner, notification_email="Desk@example.com")

    [send] = record(task)

    assert send.recipient == "Desk@example.com"


def test_a_task_without_a_webhook_uses_the_accounts(owner):
    configure(user=owner, url="https://default.example/")

    [own] = record(make_task(owner, webhook_url=URL, webhook_headers={"X-Token": "abc"}))
    [default] = record(make_task(owner, webhook_headers={"X-Token": "abc"}))

    assert (own.recipient, own.payload.headers) == (URL, {"X-Token": "abc"})
    assert (default.recipient, default.payload.headers) == ("https://default.example/", None)


def test_the_hundred_and_first_notification_of_a_day_is_skipped(owner, settings, time_machine):
    settings.TORALE_SENDS_PER_DAY = 2
    task = make_task(owner, webhook_url=URL)

    sends = [record(task)[0] for _ in range(3)]
    time_machine.shift(timedelta(days=1))
    [tomorrow] = record(task)

    assert [send.status for send in sends] == ["queued", "queued", "skipped"]
    assert sends[2].error_message == (
        "You have had 2 notifications today (UTC), the most a user gets in a day."
    )
    assert sends[2].next_attempt_at is None
    assert tomorrow.status == "queued"


def test_the_eleventh_email_of_an_hour_to_one_address_is_skipped_and_webhooks_are_not(owner):
    task = make_task(owner, notification_email=owner.email, webhook_url=URL)

    sends = [send for _ in range(11) for send in record(task)]

    skipped = [send for send in sends if send.status == "skipped"]
    assert [send.notification_type for send in skipped] == ["email"]
    assert skipped[0].error_message == (
        "This address has had 10 emails this hour, the most it gets in an hour."
    )


def test_an_email_that_the_hour_refuses_does_not_count_as_one_of_the_days(owner, settings):
    settings.TORALE_EMAILS_PER_HOUR = 1
    settings.TORALE_SENDS_PER_DAY = 2
    by_email, by_webhook = make_task(owner), make_task(owner, webhook_url=URL)

    sends = [record(task)[0] for task in (by_email, by_email, by_webhook)]

    assert [send.status for send in sends] == ["queued", "skipped", "queued"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("setting", ["TORALE_SENDS_PER_DAY", "TORALE_EMAILS_PER_HOUR"])
def test_simultaneous_recordings_use_up_a_limit_exactly(owner, settings, setting):
    settings.TORALE_SENDS_PER_DAY = settings.TORALE_EMAILS_PER_HOUR = 100
    setattr(settings, setting, 10)
    tasks = [make_task(owner) for _ in range(10)]

    at_once(*[lambda task=task: [record(task) for _ in range(3)] for task in tasks])

    statuses = NotificationSend.objects.values_list("status", flat=True)
    assert Counter(statuses) == {"queued": 10, "skipped": 20}


@pytest.mark.django_db(transaction=True)
def test_a_recording_does_not_wait_for_one_that_is_not_committed(owner, stranger):
    owners = make_task(owner, webhook_url=URL, notification_email=owner.email)
    EmailAddress.objects.create(user=stranger, email=owner.email, verified_at=NOW)
    strangers = make_task(stranger, notification_email=owner.email)
    record(owners)

    @transaction.atomic
    def record_without_waiting() -> list[NotificationSend]:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1ms'")
        return record(owners)

    with transaction.atomic():
        record(strangers)
        record(owners)
        [sends] = at_once(record_without_waiting)

    assert [send.status for send in sends] == ["queued", "queued"]


def test_a_recording_that_is_rolled_back_does_not_count(owner, settings):
    settings.TORALE_SENDS_PER_DAY = 1
    task = make_task(owner, webhook_url=URL)
    with transaction.atomic():
        record(task)
        transaction.set_rollback(True)

    [send] = record(task)

    assert send.status == "queued"


@pytest.mark.parametrize("limit", [100, 0])
def test_a_recording_takes_few_statements_whether_it_is_queued_or_skipped(
    owner, settings, limit, django_assert_num_queries
):
    settings.TORALE_SENDS_PER_DAY = limit
    task = make_task(owner, notification_email=owner.email, webhook_url=URL)
    record(task)
    execution = make_execution(task, notification="x")

    with django_assert_num_queries(10):
        record_sends(task=task, execution=execution, now=NOW)


def test_one_users_notifications_do_not_use_up_anothers(owner, stranger, settings):
    settings.TORALE_SENDS_PER_DAY = 1
    record(make_task(owner, webhook_url=URL))

    [send] = record(make_task(stranger, webhook_url=URL))

    assert send.status == "queued"


def test_a_webhook_that_is_switched_off_gets_a_skipped_send_that_says_how_to_switch_it_on(owner):
    endpoint = make_endpoint(
        owner, url=URL, switched_off_at=NOW, switched_off_because="it answered 410 Gone"
    )

    [send] = record(make_task(owner, webhook_url=URL))

    assert (send.status, send.error_message) == (
        "skipped",
        (
            f"The webhook {URL} is switched off, because it answered 410 Gone. Switch it on by "
            f"POST /api/v1/webhooks/endpoints/{endpoint.public_id}/switch-on."
        ),
    )


def test_a_default_webhook_that_is_switched_off_does_not_silence_a_tasks_own(owner):
    configure(user=owner, url=URL, is_enabled=False)

    [own] = record(make_task(owner, webhook_url=URL))
    _, default = record(make_task(owner, notification_email=owner.email))

    assert (own.recipient, own.status) == (URL, "queued")
    assert (default.recipient, default.status, default.error_message) == (
        URL,
        "skipped",
        (
            "Your default webhook is switched off. Switch it on by PUT /api/v1/webhooks/config "
            '{"enabled": true}.'
        ),
    )


def test_a_task_without_a_destination_tells_its_owner_by_email(owner):
    [send] = record(make_task(owner))

    assert (send.notification_type, send.recipient, send.status) == (
        "email",
        "owner@example.com",
        "queued",
    )


def test_a_task_without_a_destination_tells_its_owner_by_the_default_webhook_if_there_is_one(owner):
    configure(user=owner, url=URL)

    [send] = record(make_task(owner))

    assert (send.recipient, send.status) == (URL, "queued")


def test_a_default_webhook_that_gets_nothing_leaves_no_task_silent(owner):
    configure(user=owner, url=URL, is_enabled=False)

    webhook, email = record(make_task(owner))

    assert (webhook.recipient, webhook.status) == (URL, "skipped")
    assert (email.recipient, email.status) == ("owner@example.com", "queued")


def test_a_muted_task_without_a_destination_mails_nobody_and_calls_the_default_webhook(owner):
    silent = record(make_task(owner, is_muted=True))
    configure(user=owner, url=URL)

    [send] = record(make_task(owner, is_muted=True))

    assert silent == []
    assert (send.recipient, send.status) == (URL, "queued")


def test_the_name_of_the_task_is_kept_as_it_was(owner):
    task = make_task(owner, name="Shop")

    [send] = record(task)
    Task.objects.update(name="Renamed")

    send.refresh_from_db()
    assert (send.task_name, send.event_type) == ("Shop", "task.condition_met")


def test_an_address_that_bounced_gets_a_skipped_send(owner):
    EmailSuppression.objects.create(address=owner.email, reason="bounced", created_at=NOW)

    [send] = record(make_task(owner, notification_email=owner.email))

    assert (send.status, send.error_message) == (
        "skipped",
        (
            "No mail goes to owner@example.com since 2026-03-04: the address does not exist. "
            "Ask the operator to let it through again."
        ),
    )


def test_a_secret_is_made_with_the_first_webhook(owner):
    record(make_task(owner, webhook_url=URL))

    assert WebhookConfig.objects.get(user=owner).secret.startswith("whsec_")
