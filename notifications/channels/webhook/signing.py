"""Sign webhooks: the headers of Standard Webhooks, and the X-Torale ones; pure."""

import base64
from collections.abc import Sequence
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

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
    at = str(timestamp)
    stamped = f"{at}.".encode() + body
    standard = f"{message_id}.".encode() + stamped
    signatures = []
    own_signatures = [f"t={at}"]
    for secret in secrets:
        by_key, by_secret = _keyed(secret)
        signatures.append(f"v1,{base64.b64encode(_digest(by_key, standard)).decode()}")
        own_signatures.append(f"v1={_digest(by_secret, stamped).hex()}")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": at,
        "webhook-signature": " ".join(signatures),
        "X-Torale-Event": event_type,
        "X-Torale-Delivery": message_id,
        "X-Torale-Timestamp": at,
        "X-Torale-Signature": ",".join(own_signatures),
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
def _keyed(secret: str) -> tuple[HMAC, HMAC]:
    """Return what signs with a secret's key, and what signs with the secret itself."""
    return HMAC(key_of(secret), SHA256()), HMAC(secret.encode(), SHA256())


def _digest(keyed: HMAC, message: bytes) -> bytes:
    signing = keyed.copy()
    signing.update(message)
    return signing.finalize()
