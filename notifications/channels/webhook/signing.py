"""Sign webhooks: the headers of Standard Webhooks, and the X-Torale ones; pure."""

import base64
import hashlib
import hmac
from collections.abc import Sequence

PREFIX = "whsec_"


def sign(
    *, message_id: str, event_type: str, timestamp: int, body: bytes, secrets: Sequence[str]
) -> dict[str, str]:
    """Return the headers that sign `body`.

    Args:
        message_id: the same for every attempt of one send.
        event_type: what it tells, such as `task.condition_met`.
        timestamp: when this attempt is made, in Unix seconds.
        body: the exact bytes that are sent.
        secrets: the present one first; each adds one signature, so that a receiver that
            knows either can verify (Standard Webhooks, "Signature scheme").
    """
    stamped = f"{timestamp}.".encode() + body
    standard = f"{message_id}.".encode() + stamped
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(
            f"v1,{base64.b64encode(_hmac(key_of(secret), standard)).decode()}" for secret in secrets
        ),
        "X-Torale-Event": event_type,
        "X-Torale-Delivery": message_id,
        "X-Torale-Timestamp": str(timestamp),
        "X-Torale-Signature": ",".join(
            [
                f"t={timestamp}",
                *(f"v1={_hmac(secret.encode(), stamped).hex()}" for secret in secrets),
            ]
        ),
    }


def key_of(secret: str) -> bytes:
    """Return the key of a secret: what `whsec_` and base64 encode, else the secret itself in UTF-8.

    Raises:
        binascii.Error: what follows `whsec_` is not base64.
    """
    if not secret.startswith(PREFIX):
        return secret.encode()
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)
