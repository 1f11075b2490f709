import base64
import hmac
import json
from datetime import timedelta

import pytest
from standardwebhooks import Webhook

from notifications.models import Attempt, WebhookConfig, WebhookEndpoint
from notifications.record import record_sends
from tests.support.factories import NOW, days, make_endpoint, make_execution, make_send, make_task
from tests.support.receivers import HTTPAnswer

CONFIG = "/api/v1/webhooks/config"
TEST = "/api/v1/webhooks/test"
DELIVERIES = "/api/v1/webhooks/deliveries"


def test_what_is_not_sent_stays_as_it_is_and_a_null_url_is_none(owner_client):
    owner_client.put(CONFIG, {"webhook_url": "https://r.example/h"}, format="json")

    switched = owner_client.put(CONFIG, {"enabled": False}, format="json").json()
    cleared = owner_client.put(CONFIG, {"webhook_url": None}, format="json").json()

    assert (switched["url"], switched["enabled"]) == ("https://r.example/h", False)
    assert (cleared["url"], cleared["enabled"]) == (None, False)


def test_enabling_switches_on_what_had_been_switched_off(owner, stranger, owner_client):
    off = {"switched_off_at": NOW, "switched_off_because": "it is gone", "failing_since": NOW}
    make_endpoint(owner, **off)
    foreign = make_endpoint(stranger, **off)

    owner_client.put(CONFIG, {"enabled": True}, format="json")

    assert [*WebhookEndpoint.objects.switched_off()] == [foreign]
    assert [*WebhookEndpoint.objects.failing()] == [foreign]


def test_enabled_is_false_while_the_url_is_switched_off(owner, owner_client):
    owner_client.put(CONFIG, {"webhook_url": "https://r.example/h"}, format="json")
    make_endpoint(
        owner, url="https://r.example/h", switched_off_at=NOW, switched_off_because="it is gone"
    )

    assert owner_client.get(CONFIG).json()["enabled"] is False


def test_a_private_url_is_400(owner_client):
    response = owner_client.put(CONFIG, {"webhook_url": "http://10.0.0.1/"}, format="json")

    assert response.status_code == 400
    assert response.json() == {
        "detail": (
            "10.0.0.1 is not a public address. Allow its network with TORALE_WEBHOOK_ALLOW_PRIVATE."
        )
    }


def test_a_bad_member_is_422(owner_client):
    response = owner_client.put(CONFIG, {"enabled": "perhaps"}, format="json")

    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", "enabled"]


def test_each_of_several_replaced_secrets_signs_along_for_its_own_day(
    owner, owner_client, time_machine
):
    time_machine.move_to(NOW, tick=False)
    first = owner_client.get(CONFIG).json()["secret"]
    second = owner_client.post(f"{CONFIG}/rotate-secret").json()["secret"]
    time_machine.shift(timedelta(hours=12))

    third = owner_client.post(f"{CONFIG}/rotate-secret").json()["secret"]

    config = WebhookConfig.objects.get(user=owner)
    assert config.valid_secrets(now=NOW + timedelta(hours=23)) == [third, second, first]
    assert config.valid_secrets(now=NOW + timedelta(hours=25)) == [third, second]
    assert config.valid_secrets(now=NOW + timedelta(hours=37)) == [third]


def test_the_sixth_rotation_of_a_day_is_400(owner, owner_client, time_machine):
    time_machine.move_to(NOW, tick=False)
    for _ in range(5):
        secret = owner_client.post(f"{CONFIG}/rotate-secret").json()["secret"]

    response = owner_client.post(f"{CONFIG}/rotate-secret")

    assert response.status_code == 400
    assert response.json() == {
        "detail": (
            "The secret has been replaced 5 times in 24 hours, and each old one still signs "
            "as well. Wait until one has expired."
        )
    }
    assert owner_client.get(CONFIG).json()["secret"] == secret


@pytest.mark.parametrize("secret", ["correct horse", "schlüssel", "c2VjcmV0"])
def test_a_test_is_signed_with_any_secret_by_its_bytes(owner_client, http_receiver, secret):
    body = {"webhook_url": http_receiver.url, "webhook_secret": secret}

    response = owner_client.post(TEST, body, format="json")

    assert response.status_code == 200
    [request] = http_receiver.requests
    # The library takes the key in base64.
    Webhook(base64.b64encode(secret.encode()).decode()).verify(request.body, request.headers)
    stamp = request.headers["x-torale-timestamp"]
    expected = hmac.digest(secret.encode(), f"{stamp}.".encode() + request.body, "sha256").hex()
    assert request.headers["x-torale-signature"] == f"t={stamp},v1={expected}"


def shape(value):
    """Return what a JSON value is made of: the names of its members, and the kinds of the rest."""
    match value:
        case dict():
            return {name: shape(inner) for name, inner in value.items()}
        case list():
            return [shape(inner) for inner in value]
    return type(value)


def test_a_test_has_the_shape_of_a_real_event(owner, owner_client, http_receiver):
    source = {"url": "https://s.example/", "uri": "https://s.example/", "title": "S"}
    task = make_task(owner, webhook_url="https://r.example/")
    execution = make_execution(task, notification="In stock", grounding_sources=[source])
    [send] = record_sends(task=task, execution=execution, now=NOW)

    owner_client.post(TEST, {"webhook_url": http_receiver.url}, format="json")

    event = json.loads(http_receiver.requests[0].body)
    assert shape(event) == shape(json.loads(send.payload.body))


def test_a_test_without_a_secret_is_signed_with_the_accounts(owner_client, http_receiver):
    owner_client.post(TEST, {"webhook_url": http_receiver.url}, format="json")

    [request] = http_receiver.requests
    Webhook(owner_client.get(CONFIG).json()["secret"]).verify(request.body, request.headers)


def test_a_test_that_is_not_accepted_is_400_with_what_the_receiver_said(
    owner_client, http_receiver
):
    http_receiver.answers = [HTTPAnswer(404, b"no such hook")]

    response = owner_client.post(TEST, {"webhook_url": http_receiver.url}, format="json")

    assert response.status_code == 400
    assert response.json() == {
        "detail": "The receiver answered 404 Not Found. It said: no such hook"
    }


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        pytest.param(
            {"webhook_url": "http://10.0.0.1/"},
            (
                "10.0.0.1 is not a public address. "
                "Allow its network with TORALE_WEBHOOK_ALLOW_PRIVATE."
            ),
            id="private",
        ),
        pytest.param(
            {"webhook_url": "https://r.example/", "webhook_secret": "whsec_!"},
            (
                "What follows whsec_ in webhook_secret should be base64. A secret of another kind "
                "must not begin with whsec_."
            ),
            id="secret",
        ),
    ],
)
def test_a_test_that_cannot_be_sent_is_400(owner_client, body, detail):
    response = owner_client.post(TEST, body, format="json")

    assert (response.status_code, response.json()) == (400, {"detail": detail})


def test_the_eleventh_test_of_a_minute_is_429(owner_client, http_receiver, time_machine):
    time_machine.move_to(NOW, tick=False)
    for _ in range(10):
        owner_client.post(TEST, {"webhook_url": http_receiver.url}, format="json")

    response = owner_client.post(TEST, {"webhook_url": http_receiver.url}, format="json")

    assert response.status_code == 429
    assert response.headers["Retry-After"] == "50"


def attempted(user, **fields) -> Attempt:
    send = make_send(
        user, **{key: fields.pop(key) for key in ("task", "created_at") if key in fields}
    )
    return Attempt.objects.create(
        **{
            "send": send,
            "number": 1,
            "started_at": NOW,
            "duration_ms": 250,
            "status": "succeeded",
            "response_status": 204,
            **fields,
        }
    )


def test_deliveries_are_the_attempts_of_webhooks_newest_first(owner, stranger, owner_client):
    task = make_task(owner)
    old = attempted(owner, created_at=NOW, task=task)
    new = attempted(
        owner, created_at=NOW + days(1), status="failed", response_status=500, error_message="No."
    )
    attempted(stranger)

    response = owner_client.get(DELIVERIES)

    assert response.json() == [
        {
            "id": str(new.pk),
            "task_id": str(new.send.task_id),
            "webhook_url": "https://receiver.example/hook",
            "http_status": 500,
            "attempt_number": 1,
            "delivered_at": None,
            "failed_at": "2026-03-04T09:00:10.250000Z",
            "error_message": "No.",
            "created_at": "2026-03-04T09:00:10Z",
        },
        {
            "id": str(old.pk),
            "task_id": str(task.pk),
            "webhook_url": "https://receiver.example/hook",
            "http_status": 204,
            "attempt_number": 1,
            "delivered_at": "2026-03-04T09:00:10.250000Z",
            "failed_at": None,
            "error_message": None,
            "created_at": "2026-03-04T09:00:10Z",
        },
    ]


@pytest.mark.parametrize("rows", [1, 20])
def test_deliveries_cost_two_queries(owner, owner_client, rows, django_assert_num_queries):
    for _ in range(rows):
        attempted(owner)
    owner_client.get(DELIVERIES)

    with django_assert_num_queries(2):  # the key, the attempts with their sends
        assert len(owner_client.get(DELIVERIES).json()) == rows
