from collections import OrderedDict

import pytest

from tests.conftest import client_of
from tests.support.factories import NOW
from torale.api import throttling

URL = "/auth/me"


@pytest.fixture
def limited(settings, time_machine):
    settings.TORALE_REQUESTS_PER_MINUTE = 2
    time_machine.move_to(NOW, tick=False)
    return time_machine


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
    monkeypatch.setattr(throttling, "MOST_CALLERS", 1)
    monkeypatch.setattr(throttling.KeyThrottle, "_times", OrderedDict())
    owner_client.get(URL)
    assert figures(owner_client.get(URL))["Remaining"] == "0"

    client_of(owner).get(URL)

    assert figures(owner_client.get(URL))["Remaining"] == "1"
