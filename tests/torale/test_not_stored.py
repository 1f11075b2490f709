"""No cache keeps a secret, or an answer about an account."""

import pytest

SECRETS = [
    ("get", "/auth/me"),
    ("get", "/auth/api-keys"),
    ("post", "/auth/api-keys"),
    ("delete", "/auth/api-keys/00000000-0000-7000-8000-000000000000"),
    ("get", "/api/v1/webhooks/config"),
    ("put", "/api/v1/webhooks/config"),
    ("post", "/api/v1/webhooks/config/rotate-secret"),
]


@pytest.mark.parametrize(("method", "path"), SECRETS)
def test_a_secret_is_not_kept_by_any_cache(owner_client, method, path):
    body = {} if method == "get" else {"name": "laptop"}

    answer = getattr(owner_client, method)(path, body, format="json")

    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("method", "path"), SECRETS)
def test_neither_is_a_refusal(anonymous_client, method, path):
    answer = getattr(anonymous_client, method)(path)

    assert (answer.status_code, answer.headers["Cache-Control"]) == (401, "no-store")
