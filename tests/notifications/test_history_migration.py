"""Sends that an older version recorded get what newer ones have."""

import json
from uuid import UUID

import pytest
from django.core.management import call_command

from accounts.models import User
from notifications.models import NotificationSend, WebhookEndpoint
from tests.support.factories import NOW, make_endpoint, make_execution, make_task
from tests.support.older_schema import migrated_back
from torale.uuid7 import uuid7

pytestmark = pytest.mark.django_db(transaction=True)

OLD = ("notifications", "0001_initial")
URL = "https://receiver.example/hook"


@pytest.fixture
def old():
    """Return the models of sends as they were."""
    with migrated_back(*OLD) as models:
        yield models


def make_old_send(old, user: User, body: str | None, **fields) -> UUID:
    sends = old.get_model("notifications", "NotificationSend").objects
    send = sends.create(
        **{
            "user_id": user.pk,
            "recipient": user.email,
            "notification_type": "email",
            "status": "sent",
            "created_at": NOW,
            **fields,
        }
    )
    if body is not None:
        old.get_model("notifications", "Payload").objects.create(send=send, body=body)
    return UUID(str(send.pk))


def migrate() -> None:
    call_command("migrate", "notifications", verbosity=0)


def test_a_send_whose_task_is_gone_gets_its_ids_and_name_back_from_what_it_carried(owner, old):
    task_id, execution_id = uuid7(), uuid7()
    event = {
        "data": {
            "task": {"id": str(task_id), "name": "Shop"},
            "execution": {"id": str(execution_id)},
        }
    }
    told = {"task_id": str(task_id), "task_name": "Shop"}
    endpoint = old.get_model("notifications", "WebhookEndpoint").objects.create(
        user_id=owner.pk, url=URL
    )
    webhook = make_old_send(
        old,
        owner,
        json.dumps(event),
        notification_type="webhook",
        recipient=URL,
        endpoint_id=endpoint.pk,
    )
    email = make_old_send(old, owner, json.dumps(told))

    migrate()

    sends = NotificationSend.objects.in_bulk()
    assert {send.task_name for send in sends.values()} == {"Shop"}
    assert {send.task_id for send in sends.values()} == {task_id}
    assert sends[webhook].execution_id == execution_id
    assert sends[email].execution_id == email


def test_a_send_that_names_nothing_any_more_gets_the_nil_uuid_and_its_own_id(owner, old):
    bodies = [None, "not JSON", '{"data": {"task": {"id": "x"}}}']
    ids = {make_old_send(old, owner, body) for body in bodies * 2}

    migrate()

    sends = NotificationSend.objects.all()
    assert {send.task_id for send in sends} == {UUID(int=0)}
    assert {send.execution_id for send in sends} == ids


def test_a_send_whose_task_exists_keeps_its_ids_and_gets_the_tasks_name(owner, old):
    task = make_task(owner, name="Shop")
    execution = make_execution(task)
    make_old_send(old, owner, None, task_id=task.pk, execution_id=execution.pk)

    migrate()

    send = NotificationSend.objects.get()
    assert (send.task_id, send.execution_id) == (task.pk, execution.pk)
    assert (send.task_name, send.event_type) == ("Shop", "task.condition_met")


def test_sends_to_the_default_webhook_are_told_from_those_to_a_tasks_own(owner, old):
    old.get_model("notifications", "WebhookConfig").objects.create(user_id=owner.pk, url=URL)
    endpoint = old.get_model("notifications", "WebhookEndpoint").objects.create(
        user_id=owner.pk, url=URL
    )
    tasks = [make_task(owner), make_task(owner, webhook_url=URL)]
    default, own = (
        make_old_send(
            old,
            owner,
            None,
            task_id=task.pk,
            notification_type="webhook",
            recipient=URL,
            endpoint_id=endpoint.pk,
        )
        for task in tasks
    )

    migrate()

    sends = NotificationSend.objects.in_bulk()
    assert sends[default].is_for_default_webhook
    assert not sends[own].is_for_default_webhook


def test_every_endpoint_gets_an_id_of_its_own(owner, stranger, old):
    for user in (owner, stranger):
        old.get_model("notifications", "WebhookEndpoint").objects.create(user_id=user.pk, url=URL)

    migrate()

    assert len(set(WebhookEndpoint.objects.values_list("public_id", flat=True))) == 2


def test_it_can_be_undone_with_sends_of_tasks_that_are_gone(owner):
    make_endpoint(owner)
    task = make_task(owner)
    of_task = NotificationSend.objects.create(
        user=owner,
        task_id=task.pk,
        execution_id=uuid7(),
        recipient=owner.email,
        notification_type="email",
        status="sent",
    )

    with migrated_back(*OLD) as models:
        send = models.get_model("notifications", "NotificationSend").objects.get(pk=of_task.pk)

    assert send.task_id == task.pk
    assert send.execution_id is None
