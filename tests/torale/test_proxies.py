"""Proxies in front: one that the settings do not know, and what the header of one is worth."""

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


@pytest.mark.parametrize(("proxies", "address"), [(0, "127.0.0.1"), (1, "203.0.113.9")])
def test_a_client_cannot_choose_the_address_that_is_logged(
    client, caplog, settings, proxies, address
):
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": proxies}

    client.get("/healthz", headers={"x-forwarded-for": "198.51.100.1, 203.0.113.9"})

    [line] = [record.msg for record in caplog.records if "request_finished" in record.getMessage()]
    assert line["ip"] == address
