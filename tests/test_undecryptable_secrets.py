"""A secret that no key decrypts is the trouble of its own row, and of nothing else."""

import pytest

from accounts.models import EmailAddress
from accounts.verification import check_code, send_code
from executions.models import Execution
from executions.monitors import Answer
from notifications.channels.webhook.config import config_of
from notifications.channels.webhook.signing import sign
from notifications.management.commands.receive_webhooks import Command as ReceiveWebhooks
from notifications.models import NotificationSend, Payload
from notifications.record import record_sends
from tasks.models import Task
from tasks.run import settle, start
from tasks.schedule import start_due
from tests.support.factories import (
    NOW,
    make_execution,
    make_send,
    make_task,
    make_undecryptable,
    stored_value,
)
from tests.support.run_visits import claimed
from torale.errors import Refused

pytestmark = pytest.mark.django_db

HEADERS = {"X-Token": "s3cret"}


@pytest.fixture
def broken(owner) -> Task:
    """A task whose header values no key decrypts."""
    task = make_task(
        owner,
        name="broken",
        is_public=True,
        notification_email=owner.email,
        webhook_url="https://receiver.example/hook",
        webhook_headers=HEADERS,
    )
    make_undecryptable(task, "webhook_headers")
    return Task.objects.get()


@pytest.fixture
def sound(owner) -> Task:
    return make_task(owner, name="sound")


def test_a_task_that_cannot_be_decrypted_does_not_stop_other_visits(broken, sound):
    start_due(now=NOW)

    assert set(Execution.objects.values_list("task__name", flat=True)) == {"broken", "sound"}


def test_the_list_of_tasks_shows_it_with_null_for_its_headers(broken, sound, owner_client):
    response = owner_client.get("/api/v1/tasks")

    assert response.status_code == 200
    shown = {task["name"]: task["notifications"] for task in response.json()}
    assert shown == {
        "broken": [
            {"type": "email", "address": "owner@example.com"},
            {
                "type": "webhook",
                "url": "https://receiver.example/hook",
                "method": "POST",
                "headers": None,
                "format": "torale",
            },
        ],
        "sound": [],
    }


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/tasks/{}",
        "/api/v1/tasks/{}/executions",
        "/api/v1/tasks/feed",
        "/api/v1/public/tasks",
        "/api/v1/public/tasks/id/{}",
        "/api/v1/public/feed",
        "/tasks/{}/rss",
    ],
)
def test_it_is_shown_wherever_tasks_are(broken, sound, owner_client, path):
    make_execution(broken, notification="**In stock**")

    assert owner_client.get(path.format(broken.pk)).status_code == 200


@pytest.mark.parametrize("model", ["tasks/task", "executions/execution"])
def test_the_admin_lists_it(broken, sound, operator_client, model):
    make_execution(broken)

    assert operator_client.get(f"/admin/{model}/").status_code == 200


def test_a_send_is_shown_in_the_admin_and_in_detail(owner, owner_client, operator_client):
    send = make_send(owner, headers=HEADERS)
    make_undecryptable(Payload.objects.get(send=send), "headers")

    assert owner_client.get(f"/api/v1/notifications/sends/{send.pk}").status_code == 200
    page = operator_client.get(f"/admin/notifications/notificationsend/{send.pk}/change/")
    assert page.status_code == 200


def test_changing_something_else_leaves_the_headers_for_the_day_their_key_is_back(
    broken, owner_client
):
    before = stored_value(broken, "webhook_headers")

    response = owner_client.patch(f"/api/v1/tasks/{broken.pk}", {"name": "new"}, format="json")

    assert (response.status_code, response.json()["name"]) == (200, "new")
    assert stored_value(broken, "webhook_headers") == before


def test_what_was_read_may_be_sent_back_and_leaves_the_headers(broken, owner_client):
    before = stored_value(broken, "webhook_headers")
    url = f"/api/v1/tasks/{broken.pk}"

    response = owner_client.put(url, owner_client.get(url).json(), format="json")

    assert response.status_code == 200
    assert stored_value(broken, "webhook_headers") == before


def test_new_headers_replace_those_that_cannot_be_decrypted(broken, owner_client):
    webhook = {"type": "webhook", "url": "https://receiver.example/hook", "headers": {"X-A": "b"}}

    response = owner_client.patch(
        f"/api/v1/tasks/{broken.pk}", {"notifications": [webhook]}, format="json"
    )

    assert response.json()["notifications"][0]["headers"] == {"X-A": "b"}


def test_a_fork_keeps_the_headers_as_they_are(broken, owner_client):
    response = owner_client.post(f"/api/v1/tasks/{broken.pk}/fork", {}, format="json")

    assert response.status_code == 200
    fork = Task.objects.get(pk=response.json()["id"])
    assert stored_value(fork, "webhook_headers") == stored_value(broken, "webhook_headers")


def test_its_answer_is_stored_and_told_by_email_all_the_same(broken):
    execution = start(task=broken, now=NOW)
    taken = claimed(execution.pk, now=NOW)
    assert taken
    answer = Answer(
        condition_met=True, notification="Yes", evidence="Yes", confidence=100, state={}
    )

    settle(taken, answer, now=NOW)

    execution.refresh_from_db()
    assert execution.status == "success"
    assert set(NotificationSend.objects.values_list("notification_type", "status")) == {
        ("email", "queued"),
        ("webhook", "queued"),
    }


def test_its_webhook_carries_the_headers_for_the_day_their_key_is_back(broken):
    record_sends(task=broken, execution=make_execution(broken, notification="Yes"), now=NOW)

    payload = Payload.objects.get(send__notification_type="webhook")
    assert stored_value(payload, "headers") == stored_value(broken, "webhook_headers")


def test_the_account_shows_null_for_its_secret_until_a_new_one_is_made(owner, owner_client):
    make_undecryptable(config_of(owner), "secret", "retired_secrets")
    url = "/api/v1/webhooks/config"

    before = owner_client.get(url)
    switched = owner_client.put(url, {"enabled": False}, format="json")
    rotated = owner_client.post(f"{url}/rotate-secret")

    assert (before.status_code, before.json()["secret"]) == (200, None)
    assert (switched.status_code, switched.json()["enabled"]) == (200, False)
    assert rotated.status_code == 200
    assert config_of(owner).valid_secrets(now=NOW) == [rotated.json()["secret"]]


def test_a_test_of_the_webhook_says_what_is_wrong(owner, owner_client):
    make_undecryptable(config_of(owner), "secret")

    response = owner_client.post(
        "/api/v1/webhooks/test", {"webhook_url": "https://receiver.example/"}, format="json"
    )

    assert response.status_code == 409
    assert response.json()["detail"].startswith("WebhookConfig.secret was encrypted with a key")


def test_the_receiver_of_webhooks_verifies_those_of_all_others(owner, stranger, time_machine):
    time_machine.move_to(NOW, tick=False)
    make_undecryptable(config_of(owner), "secret")
    signed = sign(
        message_id="1",
        event_type="",
        timestamp=int(NOW.timestamp()),
        body=b"{}",
        secrets=[config_of(stranger).secret],
    )

    assert ReceiveWebhooks().verify(signed, b"{}", None)


def test_a_verification_code_that_cannot_be_decrypted_is_void(owner, owner_client):
    address = send_code(user=owner, email="other@example.com", now=NOW)
    assert address
    make_undecryptable(address, "code")

    assert owner_client.get("/api/v1/email-verification/verified-emails").status_code == 200
    with pytest.raises(Refused, match=r"The code has expired\. Ask for a new one"):
        check_code(user=owner, email=address.email, code="123456", now=NOW)
    send_code(user=owner, email="other@example.com", now=NOW)
    assert EmailAddress.objects.get().code.isdecimal()
