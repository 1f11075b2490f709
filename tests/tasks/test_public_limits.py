import pytest


@pytest.fixture(autouse=True)
def _twenty_seconds_past_the_minute(time_machine):
    time_machine.move_to("2026-03-10T10:00:20Z", tick=False)


def statuses(client, url: str, times: int, address: str = "192.0.2.1") -> list[int]:
    return [client.get(url, REMOTE_ADDR=address).status_code for _ in range(times)]


def test_each_of_them_is_counted_by_itself(owner, anonymous_client):
    statuses(anonymous_client, "/api/v1/public/feed", 10)

    assert statuses(anonymous_client, "/api/v1/public/tasks", 1) == [200]


def test_a_header_that_the_caller_writes_does_not_help(anonymous_client):
    statuses(anonymous_client, "/api/v1/public/feed", 10)

    response = anonymous_client.get(
        "/api/v1/public/feed", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR="192.0.2.9"
    )

    assert response.status_code == 429


def test_an_address_that_is_none_counts_like_any_other(db, anonymous_client, settings):
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}
    address = {"HTTP_X_FORWARDED_FOR": "x" * 10_000}

    answers = [anonymous_client.get("/api/v1/public/feed", **address) for _ in range(11)]

    assert [answer.status_code for answer in answers] == [200] * 10 + [429]


def test_an_invalid_key_is_refused_before_it_counts(anonymous_client):
    for _ in range(10):
        anonymous_client.get(
            "/api/v1/public/feed", REMOTE_ADDR="192.0.2.1", HTTP_AUTHORIZATION="Bearer sk_unknown"
        )

    assert statuses(anonymous_client, "/api/v1/public/feed", 1) == [200]
