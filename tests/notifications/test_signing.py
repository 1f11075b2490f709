import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from notifications.channels.webhook.signing import sign
from notifications.models import new_secret

BODY = '{"id":"1","name":"Zoë"}'.encode()
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw0123456789A="


def headers(*secrets: str) -> dict[str, str]:
    return sign(
        message_id="msg_1",
        event_type="task.condition_met",
        timestamp=int(datetime.now(UTC).timestamp()),
        body=BODY,
        secrets=secrets,
    )


def test_a_receiver_with_the_standards_own_library_verifies_it():
    assert Webhook(SECRET).verify(BODY, headers(SECRET)) == json.loads(BODY)


@pytest.mark.parametrize("secrets", ["old", "new"])
def test_after_a_rotation_receivers_of_either_secret_verify_it(secrets):
    old, new = new_secret(), new_secret()

    known = {"old": old, "new": new}[secrets]

    Webhook(known).verify(BODY, headers(new, old))


def test_another_secret_or_another_body_does_not_verify():
    signed = headers(SECRET)

    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(BODY, signed)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(BODY + b" ", signed)


def test_the_torale_signature_is_the_hmac_of_the_timestamp_and_the_body():
    signed = sign(
        message_id="msg_1",
        event_type="task.condition_met",
        timestamp=1700000000,
        body=BODY,
        secrets=[SECRET],
    )

    expected = hmac.new(SECRET.encode(), b"1700000000." + BODY, hashlib.sha256).hexdigest()
    assert {name: signed[name] for name in signed if name.startswith("X-")} == {
        "X-Torale-Event": "task.condition_met",
        "X-Torale-Delivery": "msg_1",
        "X-Torale-Timestamp": "1700000000",
        "X-Torale-Signature": f"t=1700000000,v1={expected}",
    }


def test_a_new_secret_holds_32_random_bytes():
    first, second = new_secret(), new_secret()

    assert first != second
    assert first.startswith("whsec_")
    assert len(Webhook(first)._whsecret) == 32
