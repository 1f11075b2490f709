"""aiohttp's sessions for `fetch`, whose sockets are checked before they connect."""

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from ipaddress import ip_address
from typing import Any, Generic, Self, TypeVar

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from django.conf import settings

from torale.outbound import url_rules
from torale.outbound.aiohttp_connections import Connector
from torale.outbound.large_bodies import Room

#: Seconds for which a name's addresses are cached: short, so that a server that has moved is found
#: soon, but long enough to save most of the lookups for a busy server.
DNS_TTL_S = 30

#: Seconds after which idle connections are closed: before Node and uvicorn close them (5 s). If the
#: server closes one just when a request is sent, the request has to be sent again.
KEEP_ALIVE_S = 4

#: The longest header that is read. The Content-Security-Policy of some pages alone is longer than
#: aiohttp's default of 8 KiB.
MAX_HEADER_BYTES = 16 * 1024

#: A session of any HTTP client.
Session = TypeVar("Session", bound=AbstractAsyncContextManager[Any])

# uvloop looks up two names at a time, and asyncio a few more. So a few dead name servers would stop
# all deliveries. A thread that waits for an answer costs little.
_lookups = ThreadPoolExecutor(max_workers=64, thread_name_prefix="dns")


class SystemResolver(AbstractResolver):
    """Asks the operating system, which also reads the hosts file, on our own threads."""

    async def resolve(  # noqa: D102 - as its base class says
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await asyncio.get_running_loop().run_in_executor(
            _lookups,
            lambda: socket.getaddrinfo(
                host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
            ),
        )
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=found_family,
                proto=protocol,
                flags=socket.AI_NUMERICHOST,
            )
            for found_family, _, protocol, _, address in found
        ]

    async def close(self) -> None:
        """Do nothing: the threads belong to the process."""


class ForbiddenAddress(OSError):
    """The socket may not be connected. An OSError, so that a host's other addresses are tried.

    Its text is the same for all addresses: otherwise, the connector would wrap several of these
    errors in another one.
    """

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address


def _guarded_sockets(
    networks: url_rules.Networks,
) -> Callable[[aiohttp.AddrInfoType], socket.socket]:
    def guarded_socket(addr_info: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = addr_info
        if not url_rules.is_allowed(ip_address(address[0]), networks):
            raise ForbiddenAddress(address[0])
        return socket.socket(family, kind, protocol)

    return guarded_socket


class GuardedConnector(Connector):
    """Connects to public addresses and to those of its networks, checked socket by socket.

    A connection that is used again is not checked again. So all callers that share a connector must
    be allowed to call the same networks.
    """

    def __init__(self, networks: url_rules.Networks, **options: Any) -> None:
        super().__init__(socket_factory=_guarded_sockets(networks), **options)
        self.networks = networks


def open_session(
    *,
    limit: int,
    networks: url_rules.Networks,
    resolver: AbstractResolver | None = None,
) -> aiohttp.ClientSession:
    """Open the pool of connections for `fetch`; needs a running event loop.

    Every socket is checked before it connects. So DNS answers, redirects and unusual notations of
    addresses cannot lead into private networks. Proxies from the environment are not used.

    Args:
        limit: how many connections may be open at a time; more requests wait, within their timeout.
        networks: the networks that may be called besides the public internet, from `networks_of`.
            The session must be used only for callers that may call all of them, as connections are
            kept and used again.
        resolver: used instead of the system's.
    """
    connector = GuardedConnector(
        networks,
        limit=limit,
        resolver=resolver or SystemResolver(),
        ttl_dns_cache=DNS_TTL_S,
        dns_cache_max_size=10_000,
        keepalive_timeout=KEEP_ALIVE_S,
    )
    return aiohttp.ClientSession(
        connector=connector,
        # It says who calls.
        headers={"User-Agent": f"Torale (+{settings.TORALE_URL})"},
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        max_field_size=MAX_HEADER_BYTES,
        trust_env=False,
    )


class SessionsByNetworks(Generic[Session]):
    """Opens one session for each set of networks that is asked for, and closes all at the end.

    Args:
        open_: opens a session for callers that may call exactly these networks.
    """

    def __init__(self, open_: Callable[[url_rules.Networks], Session]) -> None:
        self._open = open_
        self._opened: dict[url_rules.Networks, Session] = {}
        self._closing = AsyncExitStack()

    def of(self, networks: url_rules.Networks) -> Session:
        """Return the session for callers that may call exactly `networks`."""
        # One look-up: networks are slow to hash.
        session = self._opened.get(networks)
        if session is None:
            session = self._opened[networks] = self._open(networks)
            self._closing.push_async_exit(session)
        return session

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._closing.aclose()


class AiohttpSessions(SessionsByNetworks[aiohttp.ClientSession]):
    """The sessions for `fetch`.

    Args:
        limit: how many connections each session may have at a time.
        resolver: used instead of the system's.

    Attributes:
        room: the room for large bodies that are read through these sessions.
    """

    def __init__(self, *, limit: int, resolver: AbstractResolver | None = None) -> None:
        super().__init__(
            lambda networks: open_session(limit=limit, networks=networks, resolver=resolver)
        )
        self.room = Room()
