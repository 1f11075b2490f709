"""A webhook's body in the form of a chat service."""

import json
import time
from functools import partial
from typing import Any

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from yarl import URL

from notifications.channels.webhook import formats
from notifications.models import Attempt, NotificationSend
from notifications.record import record_sends
from tests.support.chats import FAULTS, PATHS, answer_of
from tests.support.factories import NOW, make_execution, make_task
from tests.support.receivers import HTTPAnswer, Request
from tests.support.run_delivery import deliver

SERVICES = [*formats.FORMATS]
PAGE = "https://shop.example/console?a=1&b=<2>"
HOSTILE = (
    "<!channel> <@U1> @everyone @here <https://evil.example|click> [a](https://evil.example) &lt;"
)


def event(*, title: str = "Is it back?", evidence: str, link: str | None = PAGE) -> dict[str, Any]:
    return {
        "data": {
            "task": {"name": title},
            "execution": {"notification": "**Shop**"},
            "result": {"answer": evidence, "grounding_sources": [{"url": link}] if link else []},
        }
    }


def request_of(service: str, told: dict[str, Any]) -> Request:
    """Return the request that tells an event, without sending it."""
    url = f"https://chat.example{PATHS[service]}"
    body = formats.formatted(told, format_=service, url=url)
    path = URL(formats.target_of(url, format_=service)).raw_path_qs
    return Request("POST", path, {}, body.encode())


@pytest.mark.parametrize("service", SERVICES)
@given(
    title=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=200).filter(str.strip),
    evidence=st.text(st.characters(exclude_categories=["Cs"]), max_size=300),
    times=st.sampled_from([1, 7, 40]),
)
def test_the_service_takes_whatever_a_page_says(service, title, evidence, times):
    told = event(title=title, evidence=evidence * times)

    assert FAULTS[service](request_of(service, told)) == []


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("character", ["x", "é", "\N{PILE OF POO}", "&", "\\", '"', "*", "@a"])
def test_a_long_text_is_cut_to_the_limit_of_the_service(service, character):
    told = event(evidence="Begins. " + character * 5000)

    request = request_of(service, told)

    assert FAULTS[service](request) == []
    assert "…" in request.body.decode()
    assert "Begins" in request.body.decode()


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_page_says_mentions_nobody(service):
    request = request_of(service, event(title=f"Shop {HOSTILE}", evidence=HOSTILE))

    assert FAULTS[service](request) == []
    assert b"evil.example" in request.body


def test_slack_shows_title_evidence_and_link():
    assert json.loads(request_of("slack", event(evidence="5 < 6 & so on")).body) == {
        "text": "Is it back?",
        "blocks": [
            {
                "type": "section",
                "text": {"type": "mrkdwn", "verbatim": True, "text": text},
            }
            for text in (
                "*Is it back?*",
                "5 &lt; 6 &amp; so on",
                "<https://shop.example/console?a=1&amp;b=&lt;2&gt;>",
            )
        ],
    }


def test_discord_shows_title_evidence_and_link():
    assert json.loads(request_of("discord", event(evidence="**It** is")).body) == {
        "embeds": [{"title": "Is it back?", "description": r"\*\*It\*\* is", "url": PAGE}],
        "allowed_mentions": {"parse": []},
    }


def test_ntfy_shows_title_evidence_and_link():
    assert json.loads(request_of("ntfy", event(evidence="It is")).body) == {
        "topic": "s3cret-topic",
        "title": "Is it back?",
        "message": "It is",
        "click": PAGE,
    }


def test_telegram_shows_title_evidence_and_link():
    assert json.loads(request_of("telegram", event(evidence="It is")).body) == {
        "chat_id": "-100123",
        "text": f"Is it back?\n\nIt is\n\n{PAGE}",
    }


@pytest.mark.parametrize("service", SERVICES)
def test_an_event_without_a_page_has_no_link(service):
    request = request_of(service, event(evidence="It is", link=None))

    assert FAULTS[service](request) == []
    assert "http" not in request.body.decode()


@pytest.mark.parametrize(
    ("service", "body", "wait"),
    [
        ("discord", b'{"message": "You are being rate limited.", "retry_after": 64.57}', 64.57),
        ("discord", b'{"retry_after": "soon"}', None),
        ("discord", b'{"retry_after": -1}', None),
        ("discord", b'{"retry_after": true}', None),
        ("discord", b"<html>", None),
        ("discord", b"[]", None),
        ("telegram", b'{"ok": false, "parameters": {"retry_after": 14}}', 14),
        ("telegram", b'{"ok": false, "parameters": null}', None),
        ("telegram", b'{"retry_after": 14}', None),
        ("slack", b'{"retry_after": 14}', None),
        ("torale", b'{"retry_after": 14}', None),
    ],
)
def test_the_wait_is_where_the_service_documents_it(service, body, wait):
    assert formats.wait_of(body, format_=service) == wait


@pytest.fixture
def chat(request, owner, http_receiver):
    """A service's server, and a task of the owner's that sends there."""
    service = request.param
    http_receiver.judge = partial(answer_of, service)
    task = make_task(
        owner,
        name="Is it back?",
        webhook_url=f"{http_receiver.url}{PATHS[service]}",
        webhook_format=service,
    )
    return http_receiver, task


def recorded(task) -> NotificationSend:
    execution = make_execution(
        task,
        notification="**Shop**",
        grounding_sources=[{"url": PAGE, "uri": PAGE, "title": "Shop"}],
        result={"evidence": f"Seen. {HOSTILE}", "confidence": 100, "sources": [], "activity": []},
    )
    [send] = record_sends(task=task, execution=execution, now=NOW)
    return send


@pytest.mark.parametrize("chat", SERVICES, indirect=True)
@pytest.mark.django_db(transaction=True)
def test_a_met_condition_is_told_in_the_services_own_form(chat):
    receiver, task = chat
    send = recorded(task)

    deliver()

    send.refresh_from_db()
    assert (send.status, send.error_message) == ("sent", None)
    [request] = receiver.requests
    assert request.method == "POST"
    assert request.headers["content-type"] == "application/json"
    assert request.body.decode() == send.payload.body
    assert not [name for name in request.headers if name.startswith(("webhook-", "x-torale"))]


@pytest.mark.parametrize("chat", ["telegram"], indirect=True)
@pytest.mark.django_db(transaction=True)
def test_a_wait_in_the_body_of_a_429_is_kept_to(chat):
    receiver, task = chat
    body = b'{"ok": false, "error_code": 429, "parameters": {"retry_after": 3000}}'
    receiver.judge = lambda _: HTTPAnswer(429, body)
    send = recorded(task)
    begun = time.time()

    deliver(until=lambda: NotificationSend.objects.filter(status="retrying").exists())

    send.refresh_from_db()
    assert 2990 < send.next_attempt_at.timestamp() - begun < 3060


@pytest.mark.parametrize("chat", SERVICES, indirect=True)
@pytest.mark.django_db
def test_only_the_owner_sees_the_secret_in_the_url(chat, operator_client, owner_client, capsys):
    receiver, task = chat
    send = recorded(task)
    send.endpoint.failing_since = send.created_at
    send.endpoint.save()
    Attempt.objects.create(
        send=send,
        number=1,
        status="failed",
        started_at=send.created_at,
        duration_ms=5,
        response_status=403,
        error_message="The receiver answered 403.",
        response_headers={"Location": send.endpoint.url},
        response_body=f"No access to {URL(send.endpoint.url).path}.",
    )

    pages = [
        operator_client.get(path).text
        for path in (
            "/admin/notifications/notificationsend/",
            f"/admin/notifications/notificationsend/{send.pk}/change/",
            "/admin/notifications/webhookendpoint/",
            f"/admin/notifications/webhookendpoint/{send.endpoint.pk}/change/",
            f"/admin/tasks/task/{task.pk}/change/",
            f"/admin/why/{send.pk}/",
            "/admin/",
        )
    ]
    with pytest.raises(SystemExit):  # no worker runs
        call_command("status")
    pages.append(capsys.readouterr().out)
    call_command("sends", "show", str(send.pk))
    pages.append(capsys.readouterr().out)

    host = receiver.url.removeprefix("http://")
    assert all(host in page for page in pages)
    assert not any("s3cret" in page for page in pages)
    assert "s3cret" in owner_client.get(f"/api/v1/notifications/sends/{send.pk}").text


@pytest.mark.django_db
def test_a_url_whose_format_has_changed_is_shown_as_the_new_format_has_it(owner):
    task = make_task(owner, webhook_url="https://chat.example/s3cret")
    assert recorded(task).shown_recipient == "https://chat.example/s3cret"
    task.webhook_format = "slack"
    task.save()

    send = recorded(task)

    assert send.payload.format == "slack"
    stored = NotificationSend.objects.get(pk=send.pk)
    assert stored.shown_recipient == "https://chat.example/…"


@pytest.mark.django_db
def test_a_search_for_a_chats_url_is_not_logged(owner_client):
    with capture_logs() as entries:
        owner_client.get(
            "/api/v1/notifications/sends", {"recipient": "https://chat.example/s3cret"}
        )

    assert {"GET /api/v1/notifications/sends"} == {entry["request"] for entry in entries}
    assert "s3cret" not in str(entries)
