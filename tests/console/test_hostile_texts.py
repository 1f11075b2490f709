"""What strangers write, in a task's name or on a watched page, stays text wherever it is read."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.urls import reverse
from lxml import etree

from accounts.models import APIKey, User
from notifications.channels.email.transport import compose
from notifications.channels.protocol import Message
from notifications.models import WebhookConfig
from tasks.standing import after_answer
from tests.support.factories import (
    NOW,
    make_address,
    make_execution,
    make_preview,
    make_send,
    make_task,
)
from torale.uuid7 import uuid7

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]

#: It breaks out of elements, attributes, scripts, JSON, comments and template languages.
HOSTILE = "</title></textarea></pre>'\"><script>evil()</script><evil-tag onload='evil()'>{{7*7}}-->"
NOTIFICATION = f"""**{HOSTILE}**

[click](javascript:evil()) [click](data:text/html,evil) [click](vbscript:evil())
<javascript:evil()> ![seen](https://evil.example/pixel.png)

<evil-tag onload="evil()"><iframe src="https://evil.example/"></iframe><style>*{{}}</style>
<form action="https://evil.example/"><input name="password"></form>
"""
#: The only addresses that links may have schemes of.
SCHEMES = ("http:", "https:", "mailto:", "/", "?", "#", "data:image/", "tel:")


class Found(HTMLParser):
    """Gathers what a hostile text must not become."""

    def __init__(self) -> None:
        super().__init__()
        self.evil: list[str] = []

    def handle_starttag(self, tag, attrs):
        given = {name: value or "" for name, value in attrs}
        if tag in {"evil-tag", "iframe"}:
            self.evil.append(tag)
        self.evil += [
            name for name, value in given.items() if name.startswith("on") and "evil" in value
        ]
        for name in ("href", "src", "action", "formaction", "hx-get", "hx-post"):
            address = given.get(name, "").strip().lower()
            if ":" in address and not address.startswith(SCHEMES):
                self.evil.append(f"{name}={address}")
            if name != "href" and "evil.example" in address:
                self.evil.append(f"{name}={address}")

    def handle_data(self, data):
        if self.cdata_elem == "script" and "evil()" in data:
            self.evil.append("script")


def evil_in(html: str) -> list[str]:
    found = Found()
    found.feed(html)
    found.close()
    return found.evil


@pytest.fixture
def ids(owner) -> dict[str, Any]:
    """The owner has one of each thing, and every text in it is hostile."""
    User.objects.update(first_name=HOSTILE[:100])
    task = make_task(
        owner,
        name=HOSTILE,
        search_query=f"https://shop.example/ {HOSTILE}",
        condition_description=f"contains {HOSTILE}",
        schedule="every 2 hours",
        webhook_url="https://r.example/?x=%22%3E%3Cevil-tag%3E",
        is_public=True,
        failed_run_count=1,
        warnings=after_answer([], [HOSTILE], now=NOW),
    )
    result = {
        "evidence": HOSTILE,
        "confidence": 100,
        "sources": [],
        "activity": [],
        "failed_pages": [{"url": f"https://shop.example/{HOSTILE}", "error": HOSTILE}],
    }
    sources = [{"url": f"https://shop.example/{HOSTILE}", "uri": "", "title": HOSTILE}]
    make_execution(task, status="failed", result=None, error_message=HOSTILE)
    make_execution(task, result=result, grounding_sources=sources)
    execution = make_execution(
        task, notification=NOTIFICATION, result=result, grounding_sources=sources
    )
    send = make_send(
        owner,
        task=task,
        execution=execution,
        status="failed",
        recipient="https://r.example/%22%3E%3Cevil-tag%3E",
        error_message=HOSTILE,
        body=json.dumps({"text": HOSTILE}),
        headers={"X-Evil": HOSTILE},
        attempt_count=1,
    )
    send.attempts.create(
        number=1,
        started_at=NOW,
        duration_ms=5,
        status="failed",
        error_message=HOSTILE,
        response_status=500,
        response_body=HOSTILE,
        request_headers={"X-Evil": HOSTILE},
    )
    send.endpoint.failing_since = NOW
    send.endpoint.save()
    WebhookConfig.objects.filter(user=owner).update(url="https://r.example/%22%3E")
    email = make_send(
        owner,
        execution=execution,
        task=task,
        notification_type="email",
        recipient='"<evil-tag>"@example.com',
        body=json.dumps({"notification": NOTIFICATION, "task_name": HOSTILE}),
    )
    make_address(owner, email='"<evil-tag>"@example.com')
    page = {
        "url": f"https://shop.example/{HOSTILE}",
        "title": HOSTILE,
        "text": f"sold out {HOSTILE}",
        "price": {"amount": HOSTILE, "currency": HOSTILE},
        "selected": [{"selector": HOSTILE, "text": HOSTILE}],
        "items": [],
    }
    preview = make_preview(
        owner,
        status="success",
        result={
            "holds": True,
            "evidence": HOSTILE,
            "warnings": [HOSTILE],
            "pages": [page, {**page, "items": [{"title": HOSTILE}]}, {"error": HOSTILE, "url": ""}],
        },
    )
    return {
        "task": task.pk,
        "execution": execution.pk,
        "send": send.pk,
        "email": email.pk,
        "endpoint": send.endpoint.pk,
        "preview": preview.pk,
        "key": APIKey.objects.create_key(user=owner, name=HOSTILE[:100])[0].pk,
        "user": owner.pk,
    }


CONSOLE = [
    "/tasks",
    "/tasks/{task}",
    "/tasks/{task}/edit",
    "/tasks/{task}/pause",
    "/tasks/{task}/delete",
    "/tasks/previews/{preview}",
    "/notifications",
    "/notifications/{send}",
    "/notifications/{email}",
    "/why/{task}",
    "/why/{execution}",
    "/why/{send}",
    "/settings",
    "/settings/addresses",
    "/settings/emails",
    "/settings/keys",
    "/settings/keys/{key}/revoke",
    "/settings/webhook",
]
DESK = [
    ("index", None),
    ("admin-why", "task"),
    ("admin-why", "execution"),
    ("admin-why", "send"),
    ("tasks_task_changelist", None),
    ("tasks_task_change", "task"),
    ("executions_execution_changelist", None),
    ("executions_execution_change", "execution"),
    ("notifications_notificationsend_changelist", None),
    ("notifications_notificationsend_change", "send"),
    ("notifications_notificationsend_change", "email"),
    ("notifications_webhookendpoint_changelist", None),
    ("notifications_webhookendpoint_change", "endpoint"),
    ("accounts_user_changelist", None),
    ("accounts_user_change", "user"),
    ("accounts_apikey_changelist", None),
    ("accounts_apikey_change", "key"),
]


@pytest.mark.parametrize("path", CONSOLE)
def test_a_page_of_the_console_shows_it_as_text(ids, owner_browser, path):
    page = owner_browser.get(path.format(**ids))

    assert page.status_code == 200
    assert evil_in(page.text) == []


@pytest.mark.parametrize(("route", "name"), DESK)
def test_a_page_of_the_admin_shows_it_as_text(ids, operator_client, route, name):
    route = route if route.startswith("admin-") else f"admin:{route}"
    page = operator_client.get(reverse(route, args=[ids[name]] if name else []), follow=True)

    assert page.status_code == 200
    assert evil_in(page.text) == []


@pytest.mark.parametrize("path", ["/tasks/{task}", "/notifications?recipient=%22%3E%3Cevil-tag%3E"])
def test_others_read_it_as_text(ids, stranger, client, path):
    client.force_login(stranger)

    page = client.get(path.format(**ids))

    assert page.status_code == 200
    assert evil_in(page.text) == []


@pytest.mark.parametrize(
    "path",
    [
        "/log-in?next=%22%3E%3Cscript%3Eevil()%3C/script%3E%3Cevil-tag%3E",
        "/tasks/new?url=%22%3E%3Cscript%3Eevil()%3C/script%3E%3Cevil-tag%3E",
        "/tasks?state=%22%3E%3Cevil-tag%3E",
        "/sign-up/%22%3E%3Cevil-tag%3E",
        "/%22%3E%3Cevil-tag%3E",
        "/help/%3Cevil-tag%3E",
    ],
)
def test_an_address_is_not_repeated_as_markup(owner, client, path):
    if "log-in" not in path:
        client.force_login(owner)

    page = client.get(path, headers={"accept": "text/html"})

    assert evil_in(page.text) == []


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/log-in", {"username": HOSTILE, "password": "x", "next": HOSTILE}),
        ("/sign-up", {"email": HOSTILE}),
        ("/password-reset", {"email": HOSTILE}),
        ("/tasks/new", {"search_query": HOSTILE, "name": HOSTILE, "webhook_url": HOSTILE}),
        ("/settings/addresses", {"email": HOSTILE}),
        ("/settings/keys", {"name": HOSTILE[:100], "access": HOSTILE}),
        ("/settings/keys", {"name": HOSTILE[:100], "access": "full"}),
        ("/settings/webhook", {"url": HOSTILE, "format": HOSTILE}),
    ],
)
def test_a_form_repeats_what_was_typed_as_text(owner, client, path, fields, settings):
    settings.TORALE_SIGN_UP = "open"
    if path.startswith(("/tasks", "/settings")):
        client.force_login(owner)

    assert evil_in(client.post(path, fields).text) == []


def test_what_a_button_says_of_a_task_is_text(ids, owner_browser):
    page = owner_browser.post(f"/tasks/{ids['task']}/delete", follow=True)

    assert "is deleted" in page.text
    assert evil_in(page.text) == []


def test_the_feed_has_it_as_text(ids, client):
    feed = client.get(f"/tasks/{ids['task']}/rss")

    root = etree.fromstring(feed.content)
    assert root.xpath("//*[local-name() = 'evil-tag' or local-name() = 'script']") == []
    descriptions = [str(text) for text in root.xpath("//item/description/text()")]
    assert descriptions
    assert [evil_in(text) for text in descriptions] == [[]] * len(descriptions)


@pytest.mark.parametrize(
    "name", [HOSTILE, "Boots\nBcc: all@example.com", "Boots\r\n\r\nBody\u2028x"]
)
def test_a_mail_has_it_as_text_and_one_line_a_header(owner, name):
    task = make_task(owner, name=name, search_query=f"https://shop.example/ {HOSTILE}")
    body = {
        "task_id": str(task.pk),
        "task_name": name,
        "search_query": task.search_query,
        "condition_description": HOSTILE,
        "notification": NOTIFICATION,
        "completed_at": "2026-03-04T09:00:10Z",
    }
    mail = compose(_message(body)).message()

    [html] = [part for part in mail.walk() if part.get_content_type() == "text/html"]
    assert evil_in(html.get_payload(decode=True).decode()) == []
    assert "Bcc" not in mail
    unfolded = [re.sub(r"\n[ \t]", "", str(value)) for value in mail.values()]
    assert [value for value in unfolded if len(value.splitlines()) > 1] == []


def test_a_mail_about_trouble_has_it_as_text(owner):
    notice = {
        "send_id": str(uuid7()),
        "task_id": str(uuid7()),
        "subject": f"“{HOSTILE}\nBcc: all@example.com” keeps failing",
        "text": HOSTILE,
    }

    mail = compose(_message({"notices": [notice]})).message()

    [html] = [part for part in mail.walk() if part.get_content_type() == "text/html"]
    assert evil_in(html.get_payload(decode=True).decode()) == []
    assert "Bcc" not in mail


def _message(body: dict[str, Any]) -> Message:
    return Message(
        send_id=str(uuid7()),
        claim=str(uuid7()),
        notification_type="email",
        recipient="reader@example.com",
        host="",
        body=json.dumps(body),
        event_type="task.failing" if "notices" in body else "task.condition_met",
        attempt=1,
    )


def test_the_walk_sees_what_is_evil():
    assert evil_in(HOSTILE) == ["script", "evil-tag", "onload"]
    assert evil_in('<a href="JavaScript:evil()">') == ["href=javascript:evil()"]
    assert evil_in('<img src="https://evil.example/">') == ["src=https://evil.example/"]
