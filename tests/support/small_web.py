"""A small internet on loopback: pages at any host, and a SearXNG that finds them."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from tests.support.receivers import HTTPAnswer, HTTPReceiver, Request
from torale.outbound.aiohttp_sessions import GuardedConnector, SessionsByNetworks, open_session
from torale.outbound.large_bodies import Room
from torale.outbound.url_rules import Networks

#: Where the SearXNG is.
SEARCH_URL: Final = "http://search.example"
#: How SearXNG names the fields of `executions.monitors.agent.search.Result`.
SEARXNG_NAMES: Final = {"snippet": "content", "published": "publishedDate"}

LOOPBACK: Final = IPv4Network("127.0.0.0/8")


@dataclass(kw_only=True)
class WebPage:
    """What a server answers. It is sent once `stall`, if given, is set."""

    #: HTML if it begins with `<`, else plain text; `headers` may say otherwise.
    body: str | bytes = field(default="", kw_only=False)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    stall: threading.Event | None = None

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else self.body.encode()

    @property
    def all_headers(self) -> dict[str, str]:
        kind = "html" if self.content.lstrip().startswith(b"<") else "plain"
        return {"Content-Type": f"text/{kind}; charset=utf-8", **self.headers}


class SmallWeb:
    """Serves pages at any host, by HTTP without TLS, and a search engine at SEARCH_URL.

    Hosts are known if they have a page. The names of all others are not found, as if by DNS.

    Attributes:
        pages: the answers by URL, with the query and without a fragment. The other URLs of their
            hosts answer 404.
        results: what the search engine finds for a query, and for all others at `*`; in dicts
            with `url`, `title`, `snippet` and `published`.
        search_page: what the search engine answers instead of its results, if given.
        requests: the URLs that were called, in order.
        calls: the requests themselves.
    """

    def __init__(self) -> None:
        self.pages: dict[str, WebPage] = {}
        self.results: dict[str, list[dict[str, Any]]] = {}
        self.search_page: WebPage | None = None
        self.requests: list[str] = []
        self.calls: list[Request] = []
        self.receiver = HTTPReceiver()
        self.receiver.judge = self._answer_to

    @property
    def port(self) -> int:
        return self.receiver.server.server_port

    def knows(self, host: str) -> bool:
        """Return whether `host` has a server."""
        return any(urlsplit(url).hostname == host for url in [SEARCH_URL, *self.pages])

    def page_at(self, url: str) -> WebPage:
        """Return what is answered to a request for `url`."""
        # As dictionaries go, `http://host` and `http://host/` differ; as URLs they do not.
        page = self.pages.get(url) or self.pages.get(url.removesuffix("/"))
        if page is None and url.startswith(f"{SEARCH_URL}/search?"):
            page = self.search_page or self._found(parse_qs(urlsplit(url).query))
        return page or WebPage("<title>Not found</title>Not found", status=404)

    def _answer_to(self, request: Request) -> HTTPAnswer:
        url = f"http://{request.headers['host']}{request.path}"
        self.requests.append(url)
        self.calls.append(request)
        page = self.page_at(url)
        return HTTPAnswer(page.status, page.content, page.all_headers, page.stall)

    def _found(self, query: Mapping[str, list[str]]) -> WebPage:
        if query.get("format") != ["json"]:
            return WebPage("<title>Forbidden</title>Forbidden", status=403)
        (words,) = query["q"]
        results = self.results.get(words, self.results.get("*", []))
        found = [
            {SEARXNG_NAMES.get(name, name): value for name, value in result.items()}
            for result in results
        ]
        return WebPage(
            json.dumps({"query": words, "number_of_results": len(found), "results": found}),
            headers={"Content-Type": "application/json"},
        )

    def sessions(self) -> "SmallWebSessions":
        """Return the sessions for calls to this web; they are an asynchronous context manager."""
        return SmallWebSessions(self)

    def close(self) -> None:
        self.receiver.close()


class SmallWebResolver(AbstractResolver):
    """Finds all hosts that a SmallWeb knows on loopback, at the port of its server."""

    def __init__(self, web: SmallWeb) -> None:
        self._web = web

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        if not self._web.knows(host):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=self._web.port,
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        pass


class SmallWebSessions(SessionsByNetworks[aiohttp.ClientSession]):
    """The sessions for calls to a SmallWeb, instead of AiohttpSessions.

    Its hosts may be called whatever networks are asked for; a URL with an address, such as
    http://127.0.0.1/, only if its network was asked for.
    """

    def __init__(self, web: SmallWeb) -> None:
        def open_(networks: Networks) -> aiohttp.ClientSession:
            session = open_session(
                limit=10, networks=(*networks, LOOPBACK), resolver=SmallWebResolver(web)
            )
            assert isinstance(session.connector, GuardedConnector)
            # URLs are checked by these, and sockets by those above.
            session.connector.networks = networks
            return session

        super().__init__(open_)
        self.room = Room()


@pytest.fixture
def small_web(settings) -> Iterator[SmallWeb]:
    web = SmallWeb()
    settings.TORALE_SEARCH = f"searxng+{SEARCH_URL}"
    yield web
    web.close()
