"""A proxy in front that the settings do not know."""

import pytest


@pytest.fixture
def said(caplog):
    """Return how often the log has warned of a proxy."""
    return lambda: sum("unknown_proxy" in record.getMessage() for record in caplog.records)


def test_a_proxy_that_torale_proxies_does_not_count_is_warned_of_once(client, said):
    for _ in range(3):
        client.get("/healthz", headers={"x-forwarded-for": "203.0.113.9"})

    assert said() == 1


def test_a_known_proxy_is_not_warned_of(client, said, settings):
    settings.TORALE_PROXIES = 1

    client.get("/healthz", headers={"x-forwarded-for": "203.0.113.9"})

    assert said() == 0


def test_no_proxy_is_not_warned_of(client, said):
    client.get("/healthz")

    assert said() == 0
