"""libcurl's sessions for `exchange`, whose sockets are checked before they connect."""

import asyncio
import select
import socket
import ssl
import time
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any, Final, Self

import pycurl
import structlog
from aiohttp.abc import AbstractResolver
from django.conf import settings
from yarl import URL

from torale.outbound.aiohttp_connections import MAX_INTERIM
from torale.outbound.aiohttp_sessions import (
    DNS_TTL_S,
    KEEP_ALIVE_S,
    MAX_HEADER_BYTES,
    SessionsByNetworks,
    SystemResolver,
)
from torale.outbound.curl_multi import CurlMulti
from torale.outbound.url_check import parse
from torale.outbound.url_rules import Networks, is_allowed

logger = structlog.get_logger(__name__)

#: The most bytes that all heads of an answer may have together, interim ones included.
MAX_HEAD_BYTES: Final = 128 * 1024
#: How many names and parsed URLs are remembered.
MOST_REMEMBERED: Final = 10_000
#: What a callback of libcurl returns to end the transfer.
STOP: Final = -1


#: The two ends of a connection: addresses and ports, as libcurl tells them.
Ends = tuple[str, str, int, int]


class Sockets:
    """The sockets of a session's connections.

    libcurl does not look whether something has arrived on a connection that it used less than a
    second ago. It would take that for the answer to the next request, perhaps another user's.
    """

    def __init__(self) -> None:
        self._polls: dict[Ends, select.poll] = {}

    def note(self, opened: list[int], ends: Ends) -> None:
        """Remember which of the sockets just `opened` is the one of a new connection."""
        if len(self._polls) >= MOST_REMEMBERED:
            self._polls.clear()
        for fd in opened:
            if len(opened) == 1 or _local_port(fd) == ends[3]:
                self._polls[ends] = select.poll()
                self._polls[ends].register(fd, select.POLLIN)

    def is_quiet(self, ends: Ends) -> bool:
        """Whether nothing has arrived on a connection, not even its end; False if it is unknown.

        It is still open, so its socket is the one that was noted last for these ends.
        """
        poll = self._polls.get(ends)
        return poll is not None and not poll.poll(0)


def _local_port(fd: int) -> int | None:
    """Return the local port of a socket of libcurl's; None if it is closed."""
    try:
        opened = socket.socket(fileno=fd)
    except OSError:
        return None
    try:
        return int(opened.getsockname()[1])
    finally:
        opened.detach()


class Transfer:
    """One of libcurl's easy handles, and what it has received; makes one exchange at a time."""

    def __init__(self, networks: Networks, sockets: Sockets) -> None:
        self._networks = networks
        self._sockets = sockets
        self._set: dict[int, Any] = {}
        self._loop = asyncio.get_running_loop()
        self.curl = curl = pycurl.Curl()
        for option, value in _options().items():
            curl.setopt(option, value)
        curl.setopt(pycurl.OPENSOCKETFUNCTION, self._open_socket)
        curl.setopt(pycurl.SOCKOPTFUNCTION, self._note_socket)
        curl.setopt(pycurl.PREREQFUNCTION, self._check_connection)
        curl.setopt(pycurl.HEADERFUNCTION, self._take_header)
        curl.setopt(pycurl.WRITEFUNCTION, self._take_body)

    def prepare(  # noqa: PLR0913 - what a request consists of
        self,
        method: str,
        url: str,
        *,
        headers: list[str],
        body: bytes,
        timeout_s: float,
        read_limit: int,
        addresses: str | None,
        on_new_connection: bool,
    ) -> None:
        """Set what is particular to the next exchange.

        Args:
            method: such as POST.
            url: what to call, checked.
            headers: lines as libcurl wants them.
            body: what to send.
            timeout_s: for everything, in seconds.
            read_limit: how many bytes of the answer are read, and one more.
            addresses: what the host's name means, for CURLOPT_RESOLVE; None for an IP address.
            on_new_connection: whether no kept connection is used.
        """
        self.curl.setopt(pycurl.POSTFIELDS, body)
        self._keep_set(pycurl.FRESH_CONNECT, int(on_new_connection))
        self.curl.setopt(pycurl.HTTPHEADER, headers)
        self._keep_set(pycurl.URL, url)
        self._keep_set(pycurl.CUSTOMREQUEST, method)
        self._keep_set(pycurl.TIMEOUT_MS, max(1, round(timeout_s * 1000)))
        if addresses is not None:
            self.curl.setopt(pycurl.RESOLVE, [addresses])
        self._read_limit = read_limit
        self._opened: list[int] = []
        #: Whether something had arrived on a kept connection, so that no request was sent.
        self.is_stale = False
        self._head_bytes = 0
        self._answers = 0
        #: The lines of the last head.
        self.head: list[bytes] = []
        #: The body's beginning.
        self.body = b""
        #: Whether the last head is complete.
        self.has_head = False
        #: Whether there were more than MAX_INTERIM interim answers.
        self.is_flooded = False
        #: Whether a head was too large.
        self.is_head_too_large = False
        #: The address that a socket was refused for, if any.
        self.forbidden: str | None = None
        #: What went wrong when a socket was opened.
        self.fault: OSError | None = None

    def _keep_set(self, option: int, value: Any) -> None:
        """Set an option unless it has this value from the last exchange."""
        if self._set.get(option) != value:
            self.curl.setopt(option, value)
            self._set[option] = value

    def status(self) -> int:
        """Return the status of the last answer, interim ones included; 0 if there was none."""
        return int(self.curl.getinfo(pycurl.RESPONSE_CODE))

    def headers(self) -> Iterator[tuple[bytes, bytes]]:
        """Return the names and values of the last head."""
        for line in self.head:
            name, _, value = line.partition(b":")
            yield name.strip(), value.strip()

    def _open_socket(
        self, _purpose: int, found: tuple[int, int, int, tuple[Any, ...]]
    ) -> socket.socket | int:
        family, kind, protocol, address = found
        if not is_allowed(ip_address(address[0]), self._networks):
            self.forbidden = address[0]
            return int(pycurl.SOCKET_BAD)
        try:
            opened = socket.socket(family, kind, protocol)
        except OSError as error:
            self.fault = error
            return int(pycurl.SOCKET_BAD)
        # pycurl duplicates it when this function has returned.
        self._loop.call_soon(opened.close)
        return opened

    def _note_socket(self, fd: int, _purpose: int) -> int:
        self._opened.append(fd)
        return int(pycurl.SOCKOPT_OK)

    def _check_connection(self, *ends: Any) -> int:
        if self._opened:
            self._sockets.note(self._opened, ends)
        elif not self._sockets.is_quiet(ends):
            self.is_stale = True
            return int(pycurl.PREREQFUNC_ABORT)
        return int(pycurl.PREREQFUNC_OK)

    def _take_header(self, line: bytes) -> int | None:
        self._head_bytes += len(line)
        if len(line) > MAX_HEADER_BYTES or self._head_bytes > MAX_HEAD_BYTES:
            self.is_head_too_large = True
            return STOP
        if line.startswith(b"HTTP/"):
            self._answers += 1
            if self._answers > MAX_INTERIM + 1:
                self.is_flooded = True
                return STOP
            self.head = []
            self.has_head = False
        elif line in {b"\r\n", b"\n"}:
            self.has_head = True
        elif not self.has_head:  # otherwise it is a trailer
            self.head.append(line)
        return None

    def _take_body(self, data: bytes) -> int | None:
        self.body += data
        return STOP if len(self.body) > self._read_limit else None


def _options() -> dict[int, Any]:
    """Return the options that all transfers have in common."""
    paths = ssl.get_default_verify_paths()
    # With a file, libcurl keeps the certificates that it has read; with a folder it would not.
    authorities = (
        {pycurl.CAINFO: paths.cafile}
        if paths.cafile
        else {pycurl.CAPATH: paths.capath or paths.openssl_capath}
    )
    return {
        **authorities,
        pycurl.SSL_VERIFYPEER: 1,
        pycurl.SSL_VERIFYHOST: 2,
        pycurl.SSLVERSION: pycurl.SSLVERSION_TLSv1_2,
        pycurl.PROTOCOLS: pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS,
        pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
        pycurl.FOLLOWLOCATION: 0,
        # No proxy, not even one from the environment.
        pycurl.PROXY: "",
        # Signals would interrupt the event loop.
        pycurl.NOSIGNAL: 1,
        # "/../" in a path goes out as it was checked.
        pycurl.PATH_AS_IS: 1,
        pycurl.MAXAGE_CONN: KEEP_ALIVE_S,
        pycurl.DNS_CACHE_TIMEOUT: DNS_TTL_S,
        pycurl.USERAGENT: f"Torale (+{settings.TORALE_URL})",
    }


class NoAddress(Exception):
    """A name is unknown, or none of its addresses may be called."""


class _Names:
    """Looks up names, and remembers for DNS_TTL_S what it found.

    libcurl could look them up itself, but pycurl cannot set in how many threads: a few dead name
    servers could stop all deliveries.
    """

    def __init__(self, resolver: AbstractResolver, networks: Networks) -> None:
        self._resolver = resolver
        self._networks = networks
        self._lookups: dict[str, tuple[asyncio.Task[str], float]] = {}

    async def addresses_of(self, host: str) -> str:
        """Return the addresses of `host` that may be called, as CURLOPT_RESOLVE wants them.

        Raises:
            NoAddress: there are none.
        """
        now = time.monotonic()
        lookup, until = self._lookups.get(host, (None, 0.0))
        if lookup is None or until < now:
            if len(self._lookups) >= MOST_REMEMBERED:
                self._lookups.clear()
            lookup = asyncio.create_task(self._look_up(host))
            lookup.add_done_callback(lambda ended: self._forget_failed(host, ended))
            self._lookups[host] = lookup, now + DNS_TTL_S
        if lookup.done():
            return lookup.result()
        # Others may be waiting for it, too.
        return await asyncio.shield(lookup)

    async def _look_up(self, host: str) -> str:
        try:
            found = [each["host"] for each in await self._resolver.resolve(host)]
        except OSError as error:
            raise NoAddress from error
        allowed = []
        for address in found:
            if is_allowed(ip_address(address), self._networks):
                allowed.append(f"[{address}]" if ":" in address else address)
            else:
                logger.info("private_address_refused", host=host, address=address)
        if not allowed:
            raise NoAddress
        return ",".join(allowed)

    def _forget_failed(self, host: str, lookup: asyncio.Task[str]) -> None:
        if lookup.cancelled() or lookup.exception():
            self._lookups.pop(host, None)

    async def close(self) -> None:
        lookups = [lookup for lookup, _ in self._lookups.values()]
        for lookup in lookups:
            lookup.cancel()
        await asyncio.gather(*lookups, return_exceptions=True)


class CurlSession:
    """A pool of connections for `exchange`; to be opened on a running event loop.

    Every socket is checked before it connects. So DNS answers and unusual notations of addresses
    cannot lead into private networks. Proxies from the environment are not used. A connection that
    is used again is not checked again, so all callers that share a session must be allowed to call
    the same networks.

    Args:
        limit: how many connections may be open at a time; more exchanges wait, within their
            time-out.
        networks: the networks that may be called besides the public internet, from `networks_of`.
        resolver: used instead of the system's.
    """

    def __init__(
        self, *, limit: int, networks: Networks, resolver: AbstractResolver | None = None
    ) -> None:
        self.networks = networks
        self._multi = CurlMulti(limit=limit)
        self._names = _Names(resolver or SystemResolver(), networks)
        self._targets: dict[str, Target] = {}
        self._sockets = Sockets()
        #: Those that are making no exchange.
        self._idle: list[Transfer] = []

    def target_of(self, url: str) -> "Target":
        """Return `url` checked and parsed.

        Raises:
            Refused: it may not be called; the message says why.
        """
        target = self._targets.get(url)
        if target is None:
            if len(self._targets) >= MOST_REMEMBERED:
                self._targets.clear()
            target = self._targets[url] = Target(parse(url, networks=self.networks))
        return target

    async def addresses_of(self, target: "Target") -> str:
        """Return what a target's name means, for CURLOPT_RESOLVE.

        Raises:
            NoAddress: it is unknown, or leads to no address that may be called.
        """
        return f"+{target.name}:{target.port}:{await self._names.addresses_of(target.name or '')}"

    def transfer(self) -> Transfer:
        """Return a transfer that makes no exchange."""
        return self._idle.pop() if self._idle else Transfer(self.networks, self._sockets)

    async def perform(self, transfer: Transfer) -> None:
        """Make the exchange that `transfer` was prepared for.

        Raises:
            pycurl.error: it failed.
        """
        try:
            await self._multi.perform(transfer.curl)
        finally:
            self._idle.append(transfer)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._names.close()
        await self._multi.close()
        for transfer in self._idle:
            transfer.curl.close()


class Target:
    """A URL that may be called, in parts."""

    __slots__ = ("host", "name", "port", "url")

    def __init__(self, parsed: URL) -> None:
        #: As libcurl gets it.
        self.url = str(parsed.with_fragment(None))
        #: As messages name it.
        self.host = parsed.host_subcomponent
        self.port = parsed.port
        #: The host if it has to be looked up; None if it is an IP address.
        self.name = None if _is_address(parsed.raw_host or "") else parsed.raw_host


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class CurlSessions(SessionsByNetworks[CurlSession]):
    """The sessions for `exchange`.

    Args:
        limit: how many connections each session may have at a time.
        resolver: used instead of the system's.
    """

    def __init__(self, *, limit: int, resolver: AbstractResolver | None = None) -> None:
        super().__init__(
            lambda networks: CurlSession(limit=limit, networks=networks, resolver=resolver)
        )
