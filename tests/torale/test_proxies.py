"""Proxies in front: one that the settings do not know, and what the header of one is worth."""

import pytest

from tests.support.factories import make_task


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


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["x" * 10_000, "\0", "", "é"])
def test_an_address_that_is_none_is_no_server_error_of_a_page(
    client, caplog, owner, settings, address
):
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}
    settings.TORALE_SIGN_UP = "open"
    from_there = {"headers": {"x-forwarded-for": address}}
    form = {"email": "new@example.com", "username": "new@example.com", "password": "wrong"}

    shown = client.get(f"/tasks/{make_task(owner, is_public=True).pk}", **from_there)
    sent = [
        client.post(path, form, **from_there).status_code
        for path in ("/sign-up", "/password-reset", "/log-in")
    ]

    assert [shown.status_code, *sent] == [200, 200, 200, 200]
    logged = [record.msg for record in caplog.records if "request_finished" in record.getMessage()]
    assert {len(line["ip"]) for line in logged} <= {*range(101)}
