"""Searching the web with each engine, over real connections; what engines answer is not trusted."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from executions.failures import FailureKind
from executions.monitors.agent.search import Result, SearchFailed, brave, search, tavily
from tests.support.small_web import SmallWeb, WebPage
from torale.outbound.aiohttp_sessions import AiohttpSessions

KEY = "the-operator's-key"
REAL_ENDPOINTS = (brave.ENDPOINT, tavily.ENDPOINT)
BRAVE, TAVILY = "http://brave.example/search", "http://tavily.example/search"
FOUND = Result(
    url="http://news.example/a", title="The news", snippet="What is new", published="2026-01-02"
)


@dataclass(frozen=True)
class Engine:
    """How a test makes an engine answer."""

    name: str
    #: The value of TORALE_SEARCH.
    setting: str
    #: Puts results, by the names of the engine's fields, where the engine has them.
    around: Callable[[Any], Any]
    snippet: str
    published: str


SEARXNG_ENGINE = Engine(
    "SearXNG",
    "searxng+http://search.example",
    lambda found: {"query": "q", "results": found},
    "content",
    "publishedDate",
)
BRAVE_ENGINE = Engine(
    "Brave",
    "brave",
    lambda found: {"type": "search", "web": {"type": "search", "results": found}},
    "description",
    "page_age",
)
TAVILY_ENGINE = Engine(
    "Tavily",
    "tavily",
    lambda found: {"query": "q", "results": found, "response_time": 1.2},
    "content",
    "published_date",
)
ENGINES = {each.name: each for each in (SEARXNG_ENGINE, BRAVE_ENGINE, TAVILY_ENGINE)}


@pytest.fixture(autouse=True)
def _set(settings, monkeypatch):
    settings.TORALE_SEARCH_KEY = KEY
    monkeypatch.setattr(brave, "ENDPOINT", BRAVE)
    monkeypatch.setattr(tavily, "ENDPOINT", TAVILY)


@pytest.fixture(params=[*ENGINES.values()], ids=[*ENGINES])
def engine(request: pytest.FixtureRequest, settings: Any) -> Engine:
    """Return each engine in turn, which is the one to search with."""
    engine: Engine = request.param
    settings.TORALE_SEARCH = engine.setting
    return engine


class Everything(SmallWeb):
    """A web in which every URL answers the same."""

    page = WebPage()

    def knows(self, host: str) -> bool:
        return True

    def page_at(self, url: str) -> WebPage:
        return self.page


@pytest.fixture
def web() -> Iterator[Everything]:
    web = Everything()
    yield web
    web.close()


def searched(web: SmallWeb, query: str = "the news", seconds: float = 20) -> list[Result]:
    async def searched_() -> list[Result]:
        async with web.sessions() as sessions:
            return await search(query, sessions=sessions, time_limit=timedelta(seconds=seconds))

    return asyncio.run(searched_())


def failure(web: SmallWeb, **options: Any) -> SearchFailed:
    with pytest.raises(SearchFailed) as raised:
        searched(web, **options)
    assert KEY not in str(raised.value)
    return raised.value


def answering(engine: Engine, results: Any) -> WebPage:
    return WebPage(json.dumps(engine.around(results)), headers={"Content-Type": "application/json"})


def entry(engine: Engine, **fields: Any) -> dict[str, Any]:
    return {
        "url": FOUND.url,
        "title": FOUND.title,
        engine.snippet: FOUND.snippet,
        engine.published: FOUND.published,
        **fields,
    }


def test_what_the_engine_finds_is_returned_in_its_order(web, engine):
    second = entry(engine, url="https://news.example/b", **{engine.published: None})
    web.page = answering(engine, [entry(engine), second])

    first_result, second_result = searched(web)

    assert first_result == FOUND
    assert (second_result.url, second_result.published) == ("https://news.example/b", "")


def test_searxng_is_asked_for_json(web, settings):
    settings.TORALE_SEARCH = "searxng+http://search.example/under"
    web.page = answering(SEARXNG_ENGINE, [])

    searched(web, "What's new? & Müller")

    (call,) = web.calls
    address = urlsplit(call.path)
    assert (call.method, address.path) == ("GET", "/under/search")
    assert parse_qs(address.query) == {"q": ["What's new? & Müller"], "format": ["json"]}
    assert KEY not in str(call)


def test_brave_gets_the_key_in_a_header(web, settings):
    settings.TORALE_SEARCH = "brave"
    web.page = answering(BRAVE_ENGINE, [])

    searched(web, "What's new?")

    (call,) = web.calls
    assert (call.method, call.headers["x-subscription-token"]) == ("GET", KEY)
    assert call.headers["host"] == "brave.example"
    assert parse_qs(urlsplit(call.path).query) == {
        "q": ["What's new?"],
        "count": ["10"],
        "result_filter": ["web"],
        "text_decorations": ["false"],
    }


def test_tavily_gets_the_key_and_the_query_by_post(web, settings):
    settings.TORALE_SEARCH = "tavily"
    web.page = answering(TAVILY_ENGINE, [])

    searched(web, "What's new?")

    (call,) = web.calls
    assert (call.method, call.path) == ("POST", "/search")
    assert call.headers["host"] == "tavily.example"
    assert call.headers["authorization"] == f"Bearer {KEY}"
    assert call.headers["content-type"] == "application/json"
    assert json.loads(call.body) == {"query": "What's new?", "max_results": 10}


def test_the_engines_are_called_where_they_are():
    assert REAL_ENDPOINTS == (
        "https://api.search.brave.com/res/v1/web/search",
        "https://api.tavily.com/search",
    )


def test_brave_has_no_list_if_it_finds_nothing(web, settings):
    settings.TORALE_SEARCH = "brave"
    web.page = WebPage('{"type": "search", "query": {}}')

    assert searched(web) == []


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        (" a\n\tb  ", "a b"),
        ("word " * 60, ("word " * 50).strip()),
        ("x" * 500, "x" * 400),
        ("é" * 300, "é" * 200),
        ("a" + "é" * 300, "a" + "é" * 199),
        ("sur\ud800rogate", "surrogate"),
        ("日" * 400, "日" * 133),
    ],
    ids=["white space", "words", "characters", "bytes", "half a letter", "surrogate", "Japanese"],
)
def test_no_more_of_a_query_is_sent_than_all_engines_take(small_web, query, sent):
    searched(small_web, query)

    (url,) = small_web.requests
    assert parse_qs(urlsplit(url).query)["q"] == [sent]


@pytest.mark.parametrize("query", ["", " \n", "\ud800"])
def test_an_empty_query_is_not_sent(small_web, query):
    assert failure(small_web, query=query).kind == FailureKind.AGENT_ERROR
    assert small_web.requests == []


def test_without_an_engine_the_setting_is_named(small_web, settings):
    settings.TORALE_SEARCH = ""

    error = failure(small_web)

    assert (error.kind, str(error)) == (
        FailureKind.SYSTEM_ERROR,
        "No search engine is set. An operator can set TORALE_SEARCH.",
    )


@pytest.mark.parametrize("engine", [BRAVE_ENGINE, TAVILY_ENGINE], ids=["Brave", "Tavily"])
@pytest.mark.parametrize("key", ["", "  ", "clé", "a\nb"])
def test_without_a_key_nothing_is_sent(web, settings, engine, key):
    settings.TORALE_SEARCH, settings.TORALE_SEARCH_KEY = engine.setting, key

    error = failure(web)

    assert (error.kind, web.requests) == (FailureKind.SYSTEM_ERROR, [])
    assert str(error) == (
        f"There is no key for {engine.name}. An operator should set TORALE_SEARCH_KEY to one."
    )


# What the servers answer, and what that means.


@pytest.mark.parametrize(
    ("status", "kind", "told"),
    [
        (429, FailureKind.RATE_LIMIT, "answered 429."),
        (500, FailureKind.NETWORK, "answered 500."),
        (503, FailureKind.NETWORK, "answered 503."),
        (401, FailureKind.SYSTEM_ERROR, "refused the search (401). An operator should "),
        (403, FailureKind.SYSTEM_ERROR, "refused the search (403). An operator should "),
        (404, FailureKind.SYSTEM_ERROR, "answered 404."),
        (204, FailureKind.SYSTEM_ERROR, "answered 204."),
    ],
)
def test_a_status_is_told_by_what_it_means(web, engine, status, kind, told):
    web.page = WebPage(f"Your key {KEY} is …" if status != 204 else "", status=status)

    error = failure(web)

    assert error.kind == kind
    assert str(error).startswith(f"{engine.name} {told}")


@pytest.mark.parametrize(
    ("engine", "status", "told"),
    [
        (SEARXNG_ENGINE, 403, "allow the format `json`"),
        (BRAVE_ENGINE, 422, "check TORALE_SEARCH_KEY"),
        (BRAVE_ENGINE, 402, "check TORALE_SEARCH_KEY and its plan"),
        (TAVILY_ENGINE, 401, "check TORALE_SEARCH_KEY"),
        (TAVILY_ENGINE, 432, "plan is used up"),
        (TAVILY_ENGINE, 433, "plan is used up"),
    ],
)
def test_an_operator_is_told_what_to_change(web, settings, engine, status, told):
    settings.TORALE_SEARCH = engine.setting
    web.page = WebPage("No", status=status)

    error = failure(web)

    assert error.kind == FailureKind.SYSTEM_ERROR
    assert told in str(error)


def test_a_redirect_is_not_followed(web, engine):
    web.page = WebPage(status=302, headers={"Location": "http://other.example/"})

    error = failure(web)

    assert (error.kind, len(web.calls)) == (FailureKind.SYSTEM_ERROR, 1)
    assert "set TORALE_SEARCH" in str(error)


def test_a_server_that_does_not_answer_in_time_is_a_timeout(web, engine):
    web.page = WebPage("{}", stall=(stall := threading.Event()))

    error = failure(web, seconds=0.2)

    stall.set()
    assert (error.kind, str(error)) == (
        FailureKind.TIMEOUT,
        f"{engine.name} did not answer within 0.2 s.",
    )


def test_a_server_that_is_not_found_is_told_without_its_name(small_web, settings):
    settings.TORALE_SEARCH = "searxng+http://secret.internal"

    error = failure(small_web)

    assert (error.kind, str(error)) == (
        FailureKind.NETWORK,
        "The server of SearXNG was not found.",
    )


def test_a_searxng_may_stand_in_a_private_network(settings, http_receiver):
    settings.TORALE_WEBHOOK_ALLOW_PRIVATE = ()
    settings.TORALE_SEARCH = f"searxng+{http_receiver.url}"
    http_receiver.answers[0].status = 200
    http_receiver.answers[0].body = json.dumps({"results": [entry(SEARXNG_ENGINE)]}).encode()

    assert asyncio.run(searched_really()) == [FOUND]


async def searched_really() -> list[Result]:
    async with AiohttpSessions(limit=1) as sessions:
        return await search("q", sessions=sessions, time_limit=timedelta(seconds=20))


def test_a_server_that_refuses_connections_is_a_network_failure(settings):
    with socket.socket() as bound:  # it does not listen
        bound.bind(("127.0.0.1", 0))
        settings.TORALE_SEARCH = f"searxng+http://127.0.0.1:{bound.getsockname()[1]}"

        with pytest.raises(SearchFailed) as raised:
            asyncio.run(searched_really())

    assert raised.value.kind == FailureKind.NETWORK
    assert str(raised.value) == "No connection to SearXNG could be made."


@pytest.mark.parametrize("engine", [BRAVE_ENGINE, TAVILY_ENGINE], ids=["Brave", "Tavily"])
def test_an_engine_on_the_internet_is_not_called_in_a_private_network(
    settings, monkeypatch, http_receiver, engine
):
    settings.TORALE_SEARCH, settings.TORALE_SEARCH_KEY = engine.setting, KEY
    for module in (brave, tavily):
        monkeypatch.setattr(module, "ENDPOINT", f"{http_receiver.url}/")

    with pytest.raises(SearchFailed):
        asyncio.run(searched_really())

    assert http_receiver.requests == []


# Answers that are not as they should be.

MALFORMED = {
    "nothing": b"",
    "HTML": b"<html>Welcome</html>",
    "half": b'{"results": [{"url": "http',
    "no object": b"[]",
    "null": b"null",
    "no results": b"{}",
    "other encoding": b"\xff\xfe{\x00}\x00\xff",
    "deep": b"[" * 500_000,
    "a number with many digits": b'{"results": ' + b"9" * 10_000 + b"}",
}
#: Brave finds nothing then.
EMPTY_FOR_BRAVE = b"{}"


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_an_answer_that_is_not_an_engines_is_a_failure(web, engine, body):
    web.page = WebPage(body, headers={"Content-Type": "application/json"})
    if (engine, body) == (BRAVE_ENGINE, EMPTY_FOR_BRAVE):
        assert searched(web) == []
        return

    assert failure(web).kind == FailureKind.NETWORK


@pytest.mark.parametrize("results", [None, "results", 7, {"url": "http://a.example/"}])
def test_results_that_are_no_list_are_a_failure(web, engine, results):
    web.page = answering(engine, results)

    error = failure(web)

    assert (error.kind, str(error)) == (
        FailureKind.NETWORK,
        f"The answer of {engine.name} has no list of results.",
    )


@pytest.mark.parametrize("web_results", [None, [], "web"])
def test_a_brave_without_web_results_is_a_failure(web, settings, web_results):
    settings.TORALE_SEARCH = "brave"
    web.page = WebPage(json.dumps({"web": web_results}))

    assert failure(web).kind == FailureKind.NETWORK


def test_an_answer_of_more_than_a_megabyte_is_a_failure(web, engine):
    web.page = answering(engine, [entry(engine, title="x" * 1_000_000)])

    error = failure(web)

    assert (error.kind, str(error)) == (
        FailureKind.NETWORK,
        f"The answer of {engine.name} is larger than 1,000,000 bytes.",
    )


def test_what_is_no_result_is_passed_over_and_texts_are_cleaned(web, engine):
    hostile = entry(engine, title="The\nnews\u202e", **{engine.snippet: "What is&#32;new\x00"})
    web.page = answering(engine, [None, entry(engine, url="javascript:alert(1)"), hostile])

    assert searched(web) == [FOUND]


def test_a_searxng_whose_engines_are_silent_has_not_found_nothing(small_web):
    silent = [["brave", "CAPTCHA"], ["google\n", "time-out"], 7, ["a"]]
    small_web.search_page = WebPage(json.dumps({"results": [], "unresponsive_engines": silent}))

    error = failure(small_web)

    assert error.kind == FailureKind.NETWORK
    assert str(error) == (
        "SearXNG found nothing, and these of its engines did not answer: brave (CAPTCHA), "
        "google (time-out)."
    )


@pytest.mark.parametrize("silent", [[], None, "brave", [7]])
def test_a_searxng_whose_engines_all_answer_may_find_nothing(small_web, silent):
    small_web.search_page = WebPage(json.dumps({"results": [], "unresponsive_engines": silent}))

    assert searched(small_web) == []


def test_a_searxng_with_a_silent_engine_returns_what_the_others_find(small_web):
    small_web.search_page = WebPage(
        json.dumps(
            {"results": [entry(SEARXNG_ENGINE)], "unresponsive_engines": [["brave", "CAPTCHA"]]}
        )
    )

    assert searched(small_web) == [FOUND]
