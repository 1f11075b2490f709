"""Sessions of aiohttp whose sockets are checked before they connect."""

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Any, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from django.conf import settings

from torale import url_rules
from torale.connections import Connector

#: How long a name's addresses are kept: a moved server is found soon, a busy one asked for seldom.
DNS_TTL_S = 30

#: Idle connections are given up sooner than by Node and uvicorn (5 s): a POST sent into one that
#: the other side is just closing fails.
KEEP_ALIVE_S = 4

#: The longest header read. Some pages' Content-Security-Policy alone passes aiohttp's own 8 KiB.
MAX_HEADER_BYTES = 16 * 1024

# uvloop looks up two names at a time, asyncio a few more: some dead name servers would stop all
# deliveries. A thread that waits for an answer costs little.
_lookups = ThreadPoolExecutor(max_workers=64, thread_name_prefix="dns")


class _SystemResolver(AbstractResolver):
    """Asks the operating system, hosts file included, on threads of our own."""

    async def resolve(
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

    Its text is the same for all addresses, or the connector would wrap several in another error.
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

    A connection that is kept is not checked again, so a connector serves only callers that may
    call the same networks.
    """

    def __init__(self, networks: url_rules.Networks, **options: Any) -> None:
        super().__init__(socket_factory=_guarded_sockets(networks), **options)
        self.networks = networks


def open_session(
    *,
    limit: int,
    networks: url_rules.Networks,
    limit_per_host: int = 0,
    resolver: AbstractResolver | None = None,
) -> aiohttp.ClientSession:
    """Open the pool of connections that `exchange` and `fetch` use; to be called on a running loop.

    Every socket is checked before it connects. So no DNS answer, redirect or odd notation leads
    inside, and neither does a proxy from the environment.

    Args:
        limit: connections at a time; requests beyond it wait, within their own timeout.
        networks: that may be called besides the public internet, by all for whom the session is
            used: its connections are kept and used again. From `networks_of`.
        limit_per_host: the same for one host and port; 0 is no limit.
        resolver: instead of the system's.
    """
    connector = GuardedConnector(
        networks,
        limit=limit,
        limit_per_host=limit_per_host,
        resolver=resolver or _SystemResolver(),
        ttl_dns_cache=DNS_TTL_S,
        dns_cache_max_size=10_000,
        keepalive_timeout=KEEP_ALIVE_S,
    )
    return aiohttp.ClientSession(
        connector=connector,
        # Who calls, for those who are called. Uncompressed, so that a limit on what is read limits
        # what it costs.
        headers={
            "User-Agent": f"Torale (+{settings.TORALE_URL})",
            "Accept-Encoding": "identity",
        },
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        max_field_size=MAX_HEADER_BYTES,
        trust_env=False,
    )


class Sessions:
    """Opens one session for each set of networks that is asked for, and closes all at the end.

    Args:
        limit: connections of each at a time.
        resolver: instead of the system's.
    """

    def __init__(self, *, limit: int, resolver: AbstractResolver | None = None) -> None:
        self._limit = limit
        self._resolver = resolver
        self._opened: dict[url_rules.Networks, aiohttp.ClientSession] = {}

    def of(self, networks: url_rules.Networks) -> aiohttp.ClientSession:
        """Return the session for callers that may call exactly `networks`."""
        if networks not in self._opened:
            self._opened[networks] = open_session(
                limit=self._limit, networks=networks, resolver=self._resolver
            )
        return self._opened[networks]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for session in self._opened.values():
            await session.close()
