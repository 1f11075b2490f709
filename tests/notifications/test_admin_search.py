"""What the admin's search finds, and what it must not tell."""

import pytest
from django.urls import reverse

from tests.support.factories import make_endpoint, make_send, make_task

SENDS = reverse("admin:notifications_notificationsend_changelist")
ENDPOINTS = reverse("admin:notifications_webhookendpoint_changelist")
CHAT = "https://hooks.slack.com/services/T00/B00/secret"


def found(client, words: str, path: str = SENDS) -> list[object]:
    return [row.pk for row in client.get(path, {"q": words}).context["cl"].result_list]


@pytest.fixture
def chat_send(owner):
    endpoint = make_endpoint(owner, url=CHAT, format="slack")
    return make_send(owner, recipient=CHAT, endpoint=endpoint)


@pytest.mark.parametrize(
    "words", ["owner@", "OWNER@example", "winter BOOTS", "olive.example/in", "  boots "]
)
def test_a_part_of_an_email_a_name_or_a_recipient_is_found(operator_client, owner, stranger, words):
    task = make_task(owner, name="Winter boots")
    send = make_send(owner, task=task, recipient="https://olive.example/in")
    make_send(stranger, task=make_task(stranger, name="Tents"), recipient="https://sam.example/")

    assert found(operator_client, words) == [send.pk]


def test_an_address_is_found_that_is_nobodys_any_more(operator_client, owner):
    send = make_send(owner, notification_type="email", recipient="former@work.example")

    assert found(operator_client, "mer@work") == [send.pk]


@pytest.mark.parametrize("name", ["pk", "task_id", "execution_id", "user_id"])
def test_an_id_is_found_whatever_it_is_of(operator_client, owner, stranger, name):
    send = make_send(owner)
    make_send(stranger)

    assert found(operator_client, str(getattr(send, name)).upper()) == [send.pk]


def test_a_send_that_matches_in_several_ways_is_listed_once(operator_client, owner):
    task = make_task(owner, name="owner's receiver")
    send = make_send(owner, task=task, recipient="https://owner.example/receiver")

    for words in ("owner", "receiver"):
        assert found(operator_client, words) == [send.pk]


def test_a_search_and_a_filter_narrow_the_list_together(operator_client, owner):
    make_send(owner)
    failed = make_send(owner, status="failed")

    page = operator_client.get(SENDS, {"q": "owner@", "status__exact": "failed"})

    assert [send.pk for send in page.context["cl"].result_list] == [failed.pk]


@pytest.mark.parametrize("path", [SENDS, ENDPOINTS])
@pytest.mark.parametrize("words", ["secret", "services", "/T00", CHAT[:-1]])
def test_no_part_of_a_chats_url_is_found_that_is_not_shown(operator_client, chat_send, path, words):
    assert found(operator_client, words, path) == []


@pytest.mark.parametrize("words", ["slack.com", "https://hooks", CHAT])
def test_a_chat_is_found_by_its_host_or_its_whole_url(operator_client, chat_send, words):
    assert found(operator_client, words) == [chat_send.pk]


def test_lists_are_not_sorted_by_urls_that_are_not_shown(operator_client, chat_send):
    make_send(chat_send.user, recipient="https://hooks.slack.com/services/guess")

    for path, column in [(SENDS, "short_recipient"), (ENDPOINTS, "short_url")]:
        page = operator_client.get(path)
        assert f"column-{column}" in page.text
        assert f"sortable column-{column}" not in page.text


def test_a_search_with_very_many_matches_says_that_some_are_left_out(
    operator_client, owner, stranger, monkeypatch
):
    monkeypatch.setattr("notifications.search.MOST_MATCHES", 1)
    make_send(owner)
    make_send(stranger)

    page = operator_client.get(SENDS, {"q": "example.com"})

    [message] = page.context["messages"]
    assert "Only the sends of the newest 1 are shown." in str(message)
    assert len(page.context["cl"].result_list) == 1
