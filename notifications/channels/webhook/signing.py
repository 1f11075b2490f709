"""Sign webhooks: the headers of Standard Webhooks, and the X-Torale ones; pure."""

import base64
import hmac
from collections.abc import Sequence
from functools import lru_cache

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
    keyed = [_keyed(secret) for secret in secrets]
    signatures = [base64.b64encode(_digest(by_key, standard)).decode() for by_key, _ in keyed]
    own_signatures = [_digest(by_secret, stamped).hex() for _, by_secret in keyed]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join([f"v1,{signature}" for signature in signatures]),
        "X-Torale-Event": event_type,
        "X-Torale-Delivery": message_id,
        "X-Torale-Timestamp": str(timestamp),
        "X-Torale-Signature": ",".join(
            [f"t={timestamp}", *[f"v1={signature}" for signature in own_signatures]]
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


# Cached, as a secret signs many sends, and preparing a key takes longer than signing with it.
@lru_cache(1024)
def _keyed(secret: str) -> tuple[hmac.HMAC, hmac.HMAC]:
    """Return what signs with a secret's key, and what signs with the secret itself."""
    return hmac.new(key_of(secret), digestmod="sha256"), hmac.new(
        secret.encode(), digestmod="sha256"
    )


def _digest(keyed: hmac.HMAC, message: bytes) -> bytes:
    signing = keyed.copy()
    signing.update(message)
    return signing.digest()
