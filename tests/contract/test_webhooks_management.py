"""The section "Account": webhooks, configured, rotated, tried and looked at."""

import base64
import json
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from standardwebhooks import Webhook, WebhookVerificationError
from svix.webhooks import Webhook as SvixWebhook

from notifications.models import Attempt, AttemptStatus
from tests.support.api_calls import CONFIG, SENDS, new_task, tell, webhook
from tests.support.factories import (
    NOW,
    days,
    make_endpoint,
    make_send,
    make_task,
    make_undecryptable,
)
from tests.support.receivers import HTTPAnswer
from tests.support.run_delivery import deliver

ROTATE = f"{CONFIG}/rotate-secret"
TEST = "/api/v1/webhooks/test"
ENDPOINTS = "/api/v1/webhooks/endpoints"
DELIVERIES = "/api/v1/webhooks/deliveries"


def key_of(secret: str) -> bytes:
    prefix, _, encoded = secret.partition("_")
    assert prefix == "whsec"
    return base64.b64decode(encoded, validate=True)


def test_the_configuration_is_read(owner_client):
    """`GET/PUT /api/v1/webhooks/config` (`{"url", "format", "secret", "enabled"}`;"""
    response = owner_client.get(CONFIG)

    shown = response.json()
    assert response.status_code == 200
    assert shown == {
        "url": None,
        "format": "torale",
        "secret": shown["secret"],
        "enabled": True,
    }
    assert owner_client.get(CONFIG).json() == shown


def test_a_secret_that_cannot_be_decrypted(owner, owner_client):
    """with `secret` null if the server's keys do not decrypt it, until it is rotated,"""
    owner_client.get(CONFIG)
    make_undecryptable(owner.webhook_config, "secret")

    shown = owner_client.get(CONFIG).json()
    rotated = owner_client.post(ROTATE).json()

    assert shown == {"url": None, "format": "torale", "secret": None, "enabled": True}
    assert owner_client.get(CONFIG).json() == rotated == {**shown, "secret": rotated["secret"]}


def test_the_configuration_is_put(owner_client):
    """PUT takes `webhook_url`, `format`, `enabled`)"""
    before = owner_client.get(CONFIG).json()
    body = {"webhook_url": "https://r.example/", "enabled": False, "secret": "whsec_bWluZQ=="}

    response = owner_client.put(CONFIG, body, format="json")

    assert response.status_code == 200
    assert response.json() == {**before, "url": "https://r.example/", "enabled": False}
    assert owner_client.get(CONFIG).json() == response.json()


def test_each_user_has_a_secret_of_32_bytes(owner_client, stranger_client):
    """secrets are `whsec_` + base64 of 32 random bytes."""
    secrets = [client.get(CONFIG).json()["secret"] for client in (owner_client, stranger_client)]

    assert [len(key_of(secret)) for secret in secrets] == [32, 32]
    assert secrets[0] != secrets[1]


def test_the_secret_is_rotated(owner_client):
    """`POST /api/v1/webhooks/config/rotate-secret`"""
    before = owner_client.get(CONFIG).json()

    response = owner_client.post(ROTATE)

    assert response.status_code == 200
    assert response.json() == {**before, "secret": response.json()["secret"]}
    assert response.json()["secret"] != before["secret"]
    assert len(key_of(response.json()["secret"])) == 32
    assert owner_client.get(CONFIG).json() == response.json()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("after", "signatures"),
    [
        pytest.param(timedelta(0), 2, id="at once"),
        pytest.param(timedelta(hours=23, minutes=59), 2, id="within a day"),
        pytest.param(timedelta(hours=24), 1, id="after a day"),
    ],
)
def test_an_old_secret_signs_for_24_hours_more(
    owner_client, http_receiver, time_machine, after, signatures
):
    """`webhook-signature: v1,<base64>` (space-separated while an old secret is still
    valid after a rotation, 24 hours);"""
    time_machine.move_to(NOW, tick=False)
    old = owner_client.get(CONFIG).json()["secret"]
    new = owner_client.post(ROTATE).json()["secret"]
    time_machine.move_to(NOW + after, tick=True)
    tell(owner_client, new_task(owner_client, **webhook(http_receiver.url)))

    deliver()

    [request] = http_receiver.requests
    signed = request.headers["webhook-signature"].split(" ")
    assert len(signed) == signatures
    assert all(signature.startswith("v1,") for signature in signed)
    for library in (Webhook, SvixWebhook):
        library(new).verify(request.body, request.headers)
    if signatures == 2:
        Webhook(old).verify(request.body, request.headers)
    else:
        with pytest.raises(WebhookVerificationError):
            Webhook(old).verify(request.body, request.headers)


def test_a_test_is_sent_and_its_success_told(owner_client, http_receiver):
    """`POST /api/v1/webhooks/test {"webhook_url", "webhook_secret", "format"}` →
    `{"success": true, "message": "Webhook delivered successfully (HTTP 200)"}`"""
    http_receiver.answers = [HTTPAnswer(200)]
    secret = f"whsec_{base64.b64encode(bytes(32)).decode()}"
    body = {"webhook_url": f"{http_receiver.url}/hook", "webhook_secret": secret}

    response = owner_client.post(TEST, body, format="json")

    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "message": "Webhook delivered successfully (HTTP 200)",
    }
    [request] = http_receiver.requests
    for library in (Webhook, SvixWebhook):
        library(secret).verify(request.body, request.headers)
    assert owner_client.get(SENDS).json()["total"] == 0


@pytest.mark.parametrize("status", [301, 404, 410, 500])
def test_a_test_that_fails_is_400(owner_client, http_receiver, status):
    """or 400"""
    http_receiver.answers = [HTTPAnswer(status, headers={"Location": f"{http_receiver.url}/other"})]

    response = owner_client.post(TEST, {"webhook_url": http_receiver.url}, format="json")

    assert response.status_code == 400
    assert f"answered {status}" in response.json()["detail"]
    assert len(http_receiver.requests) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://10.0.0.1/", "ftp://r.example/"])
def test_a_test_of_what_may_not_be_called_is_400(owner_client, url):
    """or 400"""
    response = owner_client.post(TEST, {"webhook_url": url}, format="json")

    assert (response.status_code, [*response.json()]) == (400, ["detail"])


@pytest.mark.django_db(transaction=True)
def test_deliveries_are_attempts(owner_client, http_receiver, time_machine):
    """`GET /api/v1/webhooks/deliveries`
    (`task_id`, `limit`, `offset`): attempts as `id, task_id, webhook_url, http_status,
    attempt_number,
    delivered_at, failed_at,
    error_message, created_at`"""
    time_machine.move_to(NOW, tick=False)
    http_receiver.answers = [HTTPAnswer(500), HTTPAnswer(204)]
    task = new_task(owner_client, **webhook(f"{http_receiver.url}/hook"))
    tell(owner_client, task)
    time_machine.move_to(NOW, tick=True)
    deliver()
    time_machine.move_to(NOW + days(1), tick=True)
    deliver()

    response = owner_client.get(DELIVERIES)

    second, first = response.json()
    frame = {"task_id": task["id"], "webhook_url": f"{http_receiver.url}/hook"}
    assert response.status_code == 200
    assert first == {
        **frame,
        "id": first["id"],
        "http_status": 500,
        "attempt_number": 1,
        "delivered_at": None,
        "failed_at": first["failed_at"],
        "error_message": "The receiver answered 500 Internal Server Error.",
        "created_at": first["created_at"],
    }
    assert second == {
        **frame,
        "id": second["id"],
        "http_status": 204,
        "attempt_number": 2,
        "delivered_at": second["delivered_at"],
        "failed_at": None,
        "error_message": None,
        "created_at": second["created_at"],
    }
    assert "2026-03-04T" < first["created_at"] <= first["failed_at"] < "2026-03-05T"
    assert "2026-03-05T" < second["created_at"] <= second["delivered_at"] < "2026-03-06T"
    assert first["id"] < second["id"]
    assert UUID(first["id"]).version == UUID(second["id"]).version == 7


@pytest.mark.django_db(transaction=True)
def test_deliveries_of_one_task_and_so_many(owner_client, http_receiver):
    """(`task_id`, `limit`, `offset`)"""
    tasks = [new_task(owner_client, **webhook(http_receiver.url)) for _ in range(2)]
    for task in (*tasks, *tasks):
        tell(owner_client, task)
    deliver()

    of_one = owner_client.get(DELIVERIES, {"task_id": tasks[0]["id"]}).json()
    every = owner_client.get(DELIVERIES).json()
    limited = owner_client.get(DELIVERIES, {"limit": 3}).json()
    rest = owner_client.get(DELIVERIES, {"offset": 3}).json()

    assert [delivery["task_id"] for delivery in of_one] == [tasks[0]["id"]] * 2
    assert (len(limited), [*limited, *rest]) == (3, every)


@pytest.mark.parametrize("is_public", [True, False], ids=["public", "private"])
def test_deliveries_of_anothers_task_are_404(owner, stranger_client, is_public):
    """with 404 for a task that was never the caller's."""
    task = make_task(owner, is_public=is_public)

    foreign = stranger_client.get(DELIVERIES, {"task_id": task.pk})
    missing = stranger_client.get(DELIVERIES, {"task_id": uuid4()})

    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert foreign.content == missing.content == b'{"detail":"Not found"}'


def test_deliveries_of_ones_deleted_task(owner, owner_client, stranger_client):
    """those of one's deleted task included, with 404 for a task that was never the caller's."""
    task = make_task(owner)
    send = make_send(owner, task=task)
    Attempt.objects.create(
        send=send, number=1, started_at=NOW, duration_ms=1, status=AttemptStatus.SUCCEEDED
    )
    owner_client.delete(f"/api/v1/tasks/{task.pk}")

    response = owner_client.get(DELIVERIES, {"task_id": task.pk})

    assert response.status_code == 200
    assert [delivery["task_id"] for delivery in response.json()] == [str(task.pk)]
    assert stranger_client.get(DELIVERIES, {"task_id": task.pk}).status_code == 404


def test_the_default_webhooks_switch(owner_client):
    """`enabled` of `webhooks/config` switches the *default* webhook; a task's own does not depend
    on it."""
    body = {"webhook_url": "https://default.example/", "enabled": False}
    owner_client.put(CONFIG, body, format="json")

    tell(owner_client, new_task(owner_client, **webhook("https://own.example/")))
    tell(owner_client, new_task(owner_client))

    sends = owner_client.get(SENDS).json()["sends"]
    assert {send["recipient"]: send["status"] for send in sends} == {
        "https://own.example/": "queued",
        "https://default.example/": "skipped",
        "owner@example.com": "queued",
    }


def test_enabling_switches_on_what_failed(owner, owner_client):
    """`enabled: true` also
    switches on whatever had been switched off for failing."""
    make_endpoint(owner, switched_off_at=NOW, switched_off_because="it answered 410 Gone")

    owner_client.put(CONFIG, {"enabled": True}, format="json")

    [endpoint] = owner_client.get(ENDPOINTS).json()
    assert endpoint["switched_off_at"] is None


def test_receivers_are_listed_and_switched(owner, owner_client, stranger_client):
    """`GET /api/v1/webhooks/endpoints` lists the caller's receivers and how they fare, as `id, url,
    failing_since,
    switched_off_at, switched_off_because, created_at`; `POST …/endpoints/{id}/switch-on` and
    `…/switch-off` act on one."""
    make_endpoint(owner, url="https://r.example/", created_at=NOW)
    shown = {
        "id": owner_client.get(ENDPOINTS).json()[0]["id"],
        "url": "https://r.example/",
        "failing_since": None,
        "switched_off_at": None,
        "switched_off_because": None,
        "created_at": "2026-03-04T09:00:10Z",
    }
    before = owner_client.get(ENDPOINTS).json()

    off = owner_client.post(f"{ENDPOINTS}/{shown['id']}/switch-off")
    while_off = owner_client.get(ENDPOINTS).json()
    on = owner_client.post(f"{ENDPOINTS}/{shown['id']}/switch-on")

    assert (off.status_code, on.status_code) == (200, 200)
    assert before == [shown]
    assert while_off == [off.json()]
    assert off.json()["switched_off_at"] is not None
    assert on.json() == shown
    assert stranger_client.get(ENDPOINTS).json() == []


def test_a_test_takes_any_secret(owner_client, http_receiver):
    """`webhooks/test` takes any secret (one that is not `whsec_` is used as its bytes);"""
    body = {"webhook_url": http_receiver.url, "webhook_secret": "correct horse"}

    response = owner_client.post(TEST, body, format="json")

    assert response.status_code == 200
    [request] = http_receiver.requests
    key = base64.b64encode(b"correct horse").decode()
    for library in (Webhook, SvixWebhook):
        library(key).verify(request.body, request.headers)


def test_a_test_has_the_shape_of_the_real_event(owner_client, http_receiver):
    """the event is `webhook.test` with
    sample data in the shape of the real one."""
    owner_client.post(TEST, {"webhook_url": http_receiver.url}, format="json")

    [request] = http_receiver.requests
    event = json.loads(request.body)
    assert event["event_type"] == request.headers["x-torale-event"] == "webhook.test"
    assert {name: [*member] for name, member in event["data"].items()} == {
        "task": ["id", "name", "search_query", "condition_description"],
        "execution": ["id", "notification", "completed_at"],
        "result": ["answer", "grounding_sources"],
    }
    assert event["data"]["result"]["grounding_sources"]
