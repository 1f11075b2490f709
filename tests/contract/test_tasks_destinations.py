"""The section "Tasks": whom a task tells that names nobody, and how emails are ended."""

import pytest

from notifications.channels.email.unsubscribe import url_for
from tests.support.api_calls import CONFIG, SENDS, TASKS, email, new_task, tell, webhook
from tests.support.factories import make_task


def recipients(client) -> list[str]:
    return [send["recipient"] for send in client.get(SENDS).json()["sends"]]


def unsubscribe(client, task) -> None:
    url = url_for(task["id"]).removeprefix("http://localhost:8000")
    assert client.post(url, {"List-Unsubscribe": "One-Click"}).status_code == 200


@pytest.mark.parametrize("members", [{}, {"notifications": []}], ids=["none", "an empty list"])
def test_a_task_that_names_no_destination_mails_its_owner(owner_client, members):
    """A task that names no destination notifies its owner: …else by email
    to the account's own address."""
    tell(owner_client, new_task(owner_client, **members))

    assert recipients(owner_client) == ["owner@example.com"]


@pytest.mark.parametrize("is_on", [True, False], ids=["on", "off"])
def test_or_calls_the_default_webhook_if_one_is_set_and_on(owner_client, is_on):
    """by the default webhook if one is set and on, else by email
    to the account's own address."""
    body = {"webhook_url": "https://default.example/", "enabled": is_on}
    owner_client.put(CONFIG, body, format="json")

    tell(owner_client, new_task(owner_client))

    sends = owner_client.get(SENDS).json()["sends"]
    queued = [send["recipient"] for send in sends if send["status"] == "queued"]
    assert queued == ["https://default.example/" if is_on else "owner@example.com"]


def test_unsubscribing_mutes_a_task(owner_client, client):
    """`is_muted` (read-only) is set by unsubscribing"""
    task = new_task(owner_client)

    ignored = owner_client.patch(f"{TASKS}/{task['id']}", {"is_muted": True}, format="json")
    unsubscribe(client, task)
    tell(owner_client, task)

    assert ignored.json()["is_muted"] is False
    assert owner_client.get(f"{TASKS}/{task['id']}").json()["is_muted"] is True
    assert recipients(owner_client) == []


def test_muting_silences_email_only(owner_client, client):
    """and silences email only;"""
    body = {
        "notifications": [
            *email("owner@example.com")["notifications"],
            *webhook("https://r.example/")["notifications"],
        ]
    }
    task = new_task(owner_client, **body)

    unsubscribe(client, task)
    tell(owner_client, task)

    assert recipients(owner_client) == ["https://r.example/"]


@pytest.mark.parametrize(
    ("members", "is_muted"),
    [
        pytest.param({"notifications": []}, True, id="an empty list"),
        pytest.param(webhook("https://r.example/"), True, id="a webhook"),
        pytest.param({"name": "renamed"}, True, id="anything else"),
        pytest.param(email("owner@example.com"), False, id="an email"),
    ],
)
def test_muting_ends_when_an_email_is_named(owner_client, client, members, is_muted):
    """it ends when
    `notifications` is set to a list with an email, not by `[]`."""
    task = new_task(owner_client)
    unsubscribe(client, task)

    response = owner_client.patch(f"{TASKS}/{task['id']}", members, format="json")

    assert (response.status_code, response.json()["is_muted"]) == (200, is_muted)


def test_others_do_not_learn_whether_a_task_is_muted(owner, owner_client, stranger_client):
    """For others than the owner it is always false."""
    task = make_task(owner, is_public=True, is_muted=True)

    shown = [client.get(f"{TASKS}/{task.pk}").json() for client in (owner_client, stranger_client)]

    assert [each["is_muted"] for each in shown] == [True, False]
