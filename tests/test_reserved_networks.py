"""A private network that is allowed to some users only, and what the others get of it."""

import asyncio
from datetime import timedelta
from ipaddress import ip_network

import aiohttp
import pytest

from tests.conftest import client_of
from tests.support.factories import make_queued_send
from tests.support.outbound_requests import ask_by_exchange, ask_by_fetch, shop_resolver
from tests.support.receivers import HTTPAnswer
from tests.support.run_delivery import deliver
from tests.support.run_visits import visit
from torale.outbound.aiohttp_sessions import AiohttpSessions
from torale.outbound.curl_sessions import CurlSessions
from torale.outbound.fetch import fetch
from torale.outbound.replies import Failure, Unreachable
from torale.outbound.url_rules import STAFF, Reserved, networks_for

LOOPBACK = ip_network("127.0.0.0/8")
OFFICE = ip_network("10.1.0.0/16")
NOT_PUBLIC = (
    "127.0.0.1 is not a public address. Allow its network with TORALE_WEBHOOK_ALLOW_PRIVATE."
)
HTML = {"Content-Type": "text/html"}


@pytest.fixture(params=[STAFF, "operator@example.com"])
def _reserved(request, settings, http_receiver):  # which allows loopback to all
    settings.TORALE_WEBHOOK_ALLOW_PRIVATE = (Reserved(LOOPBACK, request.param),)


@pytest.mark.parametrize(
    ("email", "is_staff", "networks"),
    [
        ("owner@example.com", False, (OFFICE,)),
        ("Owner@Example.com", True, (LOOPBACK, OFFICE)),
        ("olive@example.com", False, (ip_network("::1/128"), OFFICE)),
        ("OLIVE@example.com", True, (LOOPBACK, ip_network("::1/128"), OFFICE)),
        ("staff", False, (OFFICE,)),
    ],
)
def test_a_user_may_call_what_is_theirs_and_what_is_everybodys(email, is_staff, networks):
    allowed = (
        Reserved(LOOPBACK, STAFF),
        Reserved(ip_network("::1/128"), "olive@example.com"),
        OFFICE,
    )

    assert networks_for(allowed, email=email, is_staff=is_staff) == networks


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_reserved")
def test_a_webhook_goes_inside_for_those_it_is_allowed_to_and_for_no_other(
    operator, stranger, http_receiver
):
    first, second = (
        make_queued_send(user, recipient=http_receiver.url) for user in (operator, stranger)
    )

    deliver()

    first.refresh_from_db()
    second.refresh_from_db()
    assert first.status == "sent"
    assert (second.status, second.error_message) == ("failed", NOT_PUBLIC)
    assert len(http_receiver.requests) == 1


@pytest.mark.usefixtures("_reserved")
def test_others_cannot_name_a_webhook_or_page_inside(operator, stranger_client, http_receiver):
    webhook = {"type": "webhook", "url": http_receiver.url}
    asked = [
        ("post", "/api/v1/tasks", {"search_query": f"{http_receiver.url}/page"}),
        (
            "post",
            "/api/v1/tasks",
            {"search_query": "https://shop.example/", "notifications": [webhook]},
        ),
        ("put", "/api/v1/webhooks/config", {"webhook_url": http_receiver.url}),
        ("post", "/api/v1/webhooks/test", {"webhook_url": http_receiver.url}),
    ]
    operator_client = client_of(operator)

    for method, path, body in asked:
        refused = getattr(stranger_client, method)(path, body, format="json")
        taken = getattr(operator_client, method)(path, body, format="json")
        assert refused.status_code in (400, 422), path
        assert NOT_PUBLIC in refused.text, path
        assert taken.status_code == 200, path


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_reserved")
def test_a_forked_page_inside_is_not_read_for_another(operator, stranger, http_receiver):
    http_receiver.answers = [HTTPAnswer(200, b"<p>internal</p>", HTML)]
    made = client_of(operator).post(
        "/api/v1/tasks",
        {"search_query": http_receiver.url, "is_public": True, "state": "paused"},
        format="json",
    )
    stranger_client = client_of(stranger)
    fork = stranger_client.post(f"/api/v1/tasks/{made.json()['id']}/fork").json()

    stranger_client.post(f"/api/v1/tasks/{fork['id']}/execute")
    visit()

    [execution] = stranger_client.get(f"/api/v1/tasks/{fork['id']}/executions").json()
    assert (execution["status"], execution["error_message"]) == ("failed", NOT_PUBLIC)
    assert http_receiver.requests == []


@pytest.mark.parametrize(
    ("sessions_of", "ask"),
    [(CurlSessions, ask_by_exchange), (AiohttpSessions, ask_by_fetch)],
    ids=["exchange", "fetch"],
)
def test_a_connection_that_was_opened_for_one_is_not_used_for_another(
    http_receiver, sessions_of, ask
):
    """A kept connection is not checked again, so that each set of networks has its own."""
    url = f"http://shop.example:{http_receiver.server.server_port}/"

    async def call_for_both() -> list[str]:
        said = []
        async with sessions_of(limit=10, resolver=shop_resolver()) as sessions:
            for networks in ((LOOPBACK,), (OFFICE,), (LOOPBACK,)):
                try:
                    await ask(sessions.of(networks), url)
                    said.append("sent")
                except Unreachable as error:
                    said.append(error.kind)
        return said

    assert asyncio.run(call_for_both()) == ["sent", Failure.DNS, "sent"]
    assert len(http_receiver.requests) == 2


def test_a_session_that_checks_no_socket_is_not_used(http_receiver):
    async def call() -> None:
        async with aiohttp.ClientSession() as session:
            await fetch(session, http_receiver.url, timeout=timedelta(seconds=10), max_bytes=10)

    with pytest.raises(TypeError, match="open_session"):
        asyncio.run(call())
    assert http_receiver.requests == []
