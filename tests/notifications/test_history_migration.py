"""Sends that an older version recorded get what newer ones have."""

import json
from collections.abc import Iterator
from uuid import UUID

import pytest

from accounts.models import User
from executions.models import Execution
from notifications.models import NotificationSend, WebhookEndpoint
from tasks.models import Task
from tests.support.emptied_tables import empty_tables
from tests.support.factories import NOW, make_endpoint, make_execution, make_task
from tests.support.older_schema import migrated_back
from torale.uuid7 import uuid7

OLD = ("notifications", "0001_initial")
URL = "https://receiver.example/hook"


class Recorded:
    """What an older version recorded, by the ids that it gave."""

    def __init__(self, old) -> None:
        self._sends = old.get_model("notifications", "NotificationSend").objects
        self._payloads = old.get_model("notifications", "Payload").objects
        self.owner, stranger = map(User.objects.create_user, ("o@example.com", "s@example.com"))
        self._endpoint, _ = (
            old.get_model("notifications", "WebhookEndpoint").objects.create(
                user_id=user.pk, url=URL
            )
            for user in (self.owner, stranger)
        )
        old.get_model("notifications", "WebhookConfig").objects.create(
            user_id=self.owner.pk, url=URL
        )
        self.record_sends_of_a_task_that_is_gone()
        bodies = [None, "not JSON", '{"data": {"task": {"id": "x"}}}']
        self.nameless = [self.email(body) for body in bodies * 2]
        self.task: Task = make_task(self.owner, name="Shop")
        self.execution: Execution = make_execution(self.task)
        self.of_task = self.email(None, task_id=self.task.pk, execution_id=self.execution.pk)
        self.to_default, self.to_own = (
            self.webhook(None, task_id=make_task(self.owner, webhook_url=url).pk)
            for url in (None, URL)
        )

    def record_sends_of_a_task_that_is_gone(self) -> None:
        self.gone_task_id, self.gone_execution_id = uuid7(), uuid7()
        event = {
            "data": {
                "task": {"id": str(self.gone_task_id), "name": "Shop"},
                "execution": {"id": str(self.gone_execution_id)},
            }
        }
        told = {"task_id": str(self.gone_task_id), "task_name": "Shop"}
        self.gone_webhook = self.webhook(json.dumps(event))
        self.gone_email = self.email(json.dumps(told))

    def email(self, body: str | None, **fields) -> UUID:
        return self._send(body, notification_type="email", recipient=self.owner.email, **fields)

    def webhook(self, body: str | None, **fields) -> UUID:
        return self._send(
            body,
            notification_type="webhook",
            recipient=URL,
            endpoint_id=self._endpoint.pk,
            **fields,
        )

    def _send(self, body: str | None, **fields) -> UUID:
        send = self._sends.create(user_id=self.owner.pk, status="sent", created_at=NOW, **fields)
        if body is not None:
            self._payloads.create(send=send, body=body)
        return UUID(str(send.pk))


@pytest.fixture(scope="module")
def recorded(django_db_setup, django_db_blocker) -> Iterator[Recorded]:
    """What an older version recorded, after the migrations, which take seconds."""
    with django_db_blocker.unblock():
        with migrated_back(*OLD) as old:
            recorded = Recorded(old)
        yield recorded
        empty_tables()


@pytest.fixture
def sends(db, recorded) -> dict[UUID, NotificationSend]:
    return NotificationSend.objects.in_bulk()


def test_a_send_whose_task_is_gone_gets_its_ids_and_name_back_from_what_it_carried(recorded, sends):
    webhook, email = sends[recorded.gone_webhook], sends[recorded.gone_email]

    assert {webhook.task_name, email.task_name} == {"Shop"}
    assert {webhook.task_id, email.task_id} == {recorded.gone_task_id}
    assert webhook.execution_id == recorded.gone_execution_id
    assert email.execution_id == email.pk


def test_a_send_that_names_nothing_any_more_gets_the_nil_uuid_and_its_own_id(recorded, sends):
    nameless = [sends[id_] for id_ in recorded.nameless]

    assert {send.task_id for send in nameless} == {UUID(int=0)}
    assert [send.execution_id for send in nameless] == recorded.nameless


def test_a_send_whose_task_exists_keeps_its_ids_and_gets_the_tasks_name(recorded, sends):
    send = sends[recorded.of_task]

    assert (send.task_id, send.execution_id) == (recorded.task.pk, recorded.execution.pk)
    assert (send.task_name, send.event_type) == ("Shop", "task.condition_met")


def test_sends_to_the_default_webhook_are_told_from_those_to_a_tasks_own(recorded, sends):
    assert sends[recorded.to_default].is_for_default_webhook
    assert not sends[recorded.to_own].is_for_default_webhook


@pytest.mark.django_db
def test_every_endpoint_gets_an_id_of_its_own(recorded):
    assert len(set(WebhookEndpoint.objects.values_list("public_id", flat=True))) == 2


@pytest.mark.django_db(transaction=True)
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
