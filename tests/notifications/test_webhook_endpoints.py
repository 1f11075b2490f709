"""The URLs that a user's webhooks go to: how they fare, and each one's own switch."""

import pytest

from notifications.models import WebhookEndpoint
from notifications.record import record_sends
from tests.support.factories import NOW, make_endpoint, make_execution, make_task

ENDPOINTS = "/api/v1/webhooks/endpoints"
CONFIG = "/api/v1/webhooks/config"
FAILED = {
    "failing_since": NOW,
    "switched_off_at": NOW,
    "switched_off_because": "it answered 410 Gone",
}


def test_they_are_listed_with_how_they_fare_newest_first(owner, stranger, owner_client):
    well = make_endpoint(owner, url="https://well.example/", created_at=NOW)
    gone = make_endpoint(owner, url="https://gone.example/", created_at=NOW, **FAILED)
    make_endpoint(stranger)

    response = owner_client.get(ENDPOINTS)

    assert response.json() == [
        {
            "id": str(gone.public_id),
            "url": "https://gone.example/",
            "failing_since": "2026-03-04T09:00:10Z",
            "switched_off_at": "2026-03-04T09:00:10Z",
            "switched_off_because": "it answered 410 Gone",
            "created_at": "2026-03-04T09:00:10Z",
        },
        {
            "id": str(well.public_id),
            "url": "https://well.example/",
            "failing_since": None,
            "switched_off_at": None,
            "switched_off_because": None,
            "created_at": "2026-03-04T09:00:10Z",
        },
    ]


def test_a_page_of_them_is_asked_for_by_limit_and_offset(owner, owner_client):
    endpoints = [make_endpoint(owner, url=f"https://r.example/{number}") for number in range(3)]

    response = owner_client.get(ENDPOINTS, {"limit": 1, "offset": 1})

    assert [endpoint["url"] for endpoint in response.json()] == [endpoints[1].url]


@pytest.mark.parametrize("rows", [1, 50])
def test_the_list_costs_two_queries(owner, owner_client, rows, django_assert_num_queries):
    for number in range(rows):
        make_endpoint(owner, url=f"https://r.example/{number}")
    owner_client.get(ENDPOINTS)

    with django_assert_num_queries(2):  # the key, the endpoints
        assert len(owner_client.get(ENDPOINTS).json()) == rows


def test_one_is_switched_on_again_and_the_others_are_not(owner, owner_client):
    gone = make_endpoint(owner, url="https://gone.example/", **FAILED)
    other = make_endpoint(owner, url="https://other.example/", **FAILED)

    response = owner_client.post(f"{ENDPOINTS}/{gone.public_id}/switch-on")

    assert response.status_code == 200
    shown = response.json()
    assert (shown["failing_since"], shown["switched_off_at"], shown["switched_off_because"]) == (
        (None,) * 3
    )
    assert [*WebhookEndpoint.objects.switched_off()] == [other]


def test_one_that_its_owner_switched_off_gets_nothing_and_says_why(owner, owner_client):
    task = make_task(owner, webhook_url="https://r.example/")
    endpoint = make_endpoint(owner, url="https://r.example/")

    response = owner_client.post(f"{ENDPOINTS}/{endpoint.public_id}/switch-off")
    [send] = record_sends(task=task, execution=make_execution(task, notification="x"), now=NOW)

    assert response.status_code == 200
    assert response.json()["switched_off_because"] == "you switched it off"
    assert (send.status, send.error_message) == (
        "skipped",
        (
            "The webhook https://r.example/ is switched off, because you switched it off. "
            f"Switch it on by POST {ENDPOINTS}/{endpoint.public_id}/switch-on."
        ),
    )


def test_enabling_leaves_one_off_that_its_owner_switched_off(owner, owner_client):
    by_owner = make_endpoint(owner, url="https://off.example/")
    owner_client.post(f"{ENDPOINTS}/{by_owner.public_id}/switch-off")
    make_endpoint(owner, url="https://gone.example/", **FAILED)

    owner_client.put(CONFIG, {"enabled": True}, format="json")

    assert [*WebhookEndpoint.objects.switched_off()] == [by_owner]


def test_enabling_switches_the_default_webhook_on_whoever_switched_it_off(owner, owner_client):
    owner_client.put(CONFIG, {"webhook_url": "https://r.example/"}, format="json")
    endpoint = make_endpoint(owner, url="https://r.example/")
    owner_client.post(f"{ENDPOINTS}/{endpoint.public_id}/switch-off")

    response = owner_client.put(CONFIG, {"enabled": True}, format="json")

    assert response.json()["enabled"] is True
    assert not WebhookEndpoint.objects.switched_off().exists()


def test_one_that_failed_and_is_then_switched_off_by_its_owner_stays_off(owner, owner_client):
    endpoint = make_endpoint(owner, **FAILED)
    owner_client.post(f"{ENDPOINTS}/{endpoint.public_id}/switch-off")

    owner_client.put(CONFIG, {"enabled": True}, format="json")

    assert WebhookEndpoint.objects.get().switched_off_because == "you switched it off"


def test_an_id_that_is_none_is_422(owner_client):
    response = owner_client.post(f"{ENDPOINTS}/7/switch-on")

    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["path", "endpoint_id"]
