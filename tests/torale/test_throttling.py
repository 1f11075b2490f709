import re
from collections.abc import Iterator

import pytest

from tests.conftest import client_of
from tests.support.caches import Cache
from tests.support.factories import NOW
from tests.support.needed import needs
from torale.api import request_counts, shared_request_counts, throttling
from torale.environment import cache_server

URL = "/auth/me"


@pytest.fixture
def limited(settings, time_machine):
    settings.TORALE_REQUESTS_PER_MINUTE = 2
    time_machine.move_to(NOW, tick=False)
    throttling.request_counts.cache_clear()
    yield time_machine
    throttling.request_counts.cache_clear()


def figures(response) -> dict[str, str]:
    return {
        name.removeprefix("RateLimit-"): value
        for name, value in response.headers.items()
        if name.startswith("RateLimit-")
    }


def test_every_answer_tells_how_many_requests_are_left(limited, owner_client):
    first = owner_client.get(URL)
    limited.shift(10)
    second = owner_client.get(URL)

    assert figures(first) == {"Limit": "2", "Remaining": "1", "Reset": "60"}
    assert figures(second) == {"Limit": "2", "Remaining": "0", "Reset": "50"}


def test_one_too_many_is_429_and_says_when_to_come_again(limited, owner_client):
    for _ in range(2):
        owner_client.get(URL)
    limited.shift(10)

    response = owner_client.get(URL)

    assert response.status_code == 429
    assert response.json() == {"detail": "Request was throttled. Expected available in 50 seconds."}
    assert response.headers["Retry-After"] == "50"
    assert figures(response) == {"Limit": "2", "Remaining": "0", "Reset": "50"}


def test_after_a_minute_it_may_go_on(limited, owner_client):
    for _ in range(3):
        owner_client.get(URL)

    limited.shift(60)

    assert owner_client.get(URL).status_code == 200


def test_each_key_has_a_count_of_its_own(limited, owner, owner_client):
    for _ in range(3):
        owner_client.get(URL)

    assert client_of(owner).get(URL).status_code == 200


def test_no_limit_shows_no_figures(owner_client, settings):
    settings.TORALE_REQUESTS_PER_MINUTE = 0

    assert figures(owner_client.get(URL)) == {}


def test_the_address_is_the_connections_unless_proxies_are_named(anonymous_client, time_machine):
    time_machine.move_to(NOW, tick=False)
    url = "/api/v1/public/tasks"

    answers = [
        anonymous_client.get(url, headers={"X-Forwarded-For": f"203.0.113.{number}"})
        for number in range(11)
    ]

    assert [answer.status_code for answer in answers] == [200] * 10 + [429]


def test_only_so_many_callers_are_remembered(limited, owner, owner_client, monkeypatch):
    monkeypatch.setattr(request_counts, "MOST_CALLERS", 1)
    owner_client.get(URL)
    assert figures(owner_client.get(URL))["Remaining"] == "0"

    client_of(owner).get(URL)

    assert figures(owner_client.get(URL))["Remaining"] == "1"


@pytest.fixture
def cache(settings, tmp_path) -> Iterator[Cache]:
    """Start a Redis, and have the requests of keys counted there."""
    with Cache(tmp_path) as started:
        settings.CACHE_URL = started.url
        yield started


@needs("redis-server")
def test_with_a_cache_all_processes_count_together(limited, cache, owner_client):
    first = owner_client.get(URL)
    limited.shift(10)
    # What another process does: it has counted nothing itself.
    throttling.request_counts.cache_clear()
    second = owner_client.get(URL)
    third = owner_client.get(URL)
    limited.shift(51)

    assert figures(first) == {"Limit": "2", "Remaining": "1", "Reset": "60"}
    assert figures(second) == {"Limit": "2", "Remaining": "0", "Reset": "50"}
    assert third.status_code == 429
    assert figures(owner_client.get(URL)) == {"Limit": "2", "Remaining": "0", "Reset": "9"}


@needs("redis-server")
def test_while_the_cache_is_away_each_process_counts_by_itself(
    limited, cache, owner_client, caplog
):
    assert owner_client.get(URL).status_code == 200
    cache.stop()

    answers = [owner_client.get(URL).status_code for _ in range(3)]

    assert answers == [200, 200, 429]
    assert caplog.text.count("cache_unavailable") == 1


@needs("redis-server")
def test_a_cache_that_is_back_is_used_again(limited, cache, owner_client, monkeypatch):
    monkeypatch.setattr(shared_request_counts, "ALONE_S", 0)
    cache.stop()
    for _ in range(2):
        owner_client.get(URL)
    cache.start()

    assert figures(owner_client.get(URL))["Remaining"] == "1"


@pytest.mark.parametrize(
    "address", ["cache:6379", "http://cache:6379", "redis://", "redis://cache?db=1"]
)
def test_the_address_of_a_cache_that_cannot_be_one_is_refused(address):
    with pytest.raises(ValueError, match=re.escape(address)):
        cache_server(address)


def test_a_valkey_is_called_like_a_redis():
    assert cache_server("valkeys://cache:6379/1") == "rediss://cache:6379/1"


def test_the_port_of_the_cache_must_be_a_number():
    with pytest.raises(ValueError, match="Port"):
        cache_server("redis://cache:port/0")
