"""The small internet on which the agent's tests run behaves as the real one would."""

import asyncio
import json
from datetime import timedelta

import pytest

from tests.support.small_web import SmallWeb, WebPage
from torale.outbound.fetch import fetch
from torale.outbound.replies import Failure, Reply, Unreachable
from torale.outbound.url_rules import Networks


def read(web: SmallWeb, url: str, *, networks: Networks = ()) -> Reply:
    async def read_() -> Reply:
        async with web.sessions() as sessions:
            session = sessions.of(networks)
            return await fetch(session, url, timeout=timedelta(seconds=10), max_bytes=100_000)

    return asyncio.run(read_())


def test_a_page_is_found_at_its_host_without_a_port(small_web):
    small_web.pages["http://news.example/a?b=c"] = WebPage("<h1>News</h1>")

    reply = read(small_web, "http://news.example/a?b=c")

    assert (reply.status, reply.body) == (200, b"<h1>News</h1>")
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert small_web.requests == ["http://news.example/a?b=c"]


def test_a_redirect_leads_from_host_to_host(small_web):
    small_web.pages["http://old.example"] = WebPage(
        status=301, headers={"Location": "http://new.example/"}
    )
    small_web.pages["http://new.example/"] = WebPage("New")

    assert read(small_web, "http://old.example/").url == "http://new.example/"


def test_other_urls_of_a_host_answer_404(small_web):
    small_web.pages["http://news.example/a"] = WebPage("News")

    assert read(small_web, "http://news.example/b").status == 404


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://unknown.example/", Failure.DNS),
        ("http://127.0.0.1/", Failure.NOT_ALLOWED),
        ("http://localhost/", Failure.NOT_ALLOWED),
    ],
)
def test_other_hosts_and_this_machine_cannot_be_called(small_web, url, kind):
    with pytest.raises(Unreachable) as raised:
        read(small_web, url)

    assert raised.value.kind == kind


def test_the_search_engine_finds_what_it_was_given(small_web):
    result = {"url": "http://news.example/a", "title": "A"}
    small_web.results["the news"] = [{**result, "snippet": "S", "published": "2026-01-02"}]
    small_web.results["*"] = []

    found, other = [
        json.loads(read(small_web, f"http://search.example/search?q={query}&format=json").body)
        for query in ("the+news", "other")
    ]

    assert found["results"] == [{**result, "content": "S", "publishedDate": "2026-01-02"}]
    assert other["results"] == []


def test_the_search_engine_refuses_a_search_that_does_not_ask_for_json(small_web):
    assert read(small_web, "http://search.example/search?q=a").status == 403
