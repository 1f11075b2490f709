"""The one guarded door to other people's servers: address check, time and size limits.

Nothing else in the project opens a connection to a URL that a user wrote.
"""

import errno
import math
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import aiohttp
import structlog
from yarl import URL

from torale.connections import TooManyInterim
from torale.errors import Refused
from torale.sessions import ForbiddenAddress, GuardedConnector, Sessions, open_session
from torale.url_check import check_url, networks_of, parse

__all__ = [
    "Failure",
    "Refused",
    "Reply",
    "Sessions",
    "Unreachable",
    "check_url",
    "exchange",
    "fetch",
    "networks_of",
    "open_session",
]

logger = structlog.get_logger(__name__)

#: The same for an unknown name and for one that leads to a private address, or anyone could map
#: the names of our network by testing webhooks. The log tells them apart.
NO_PUBLIC_ADDRESS = (
    "No public address of the host {host} was found. "
    "An operator can allow private networks with TORALE_WEBHOOK_ALLOW_PRIVATE."
)

#: What a Reply keeps of the headers.
KEPT_HEADERS = 64
KEPT_HEADER_BYTES = 8 * 1024

#: Bytes of a compressed page that are decoded at a time.
DECODED_AT_ONCE = 4096

REDIRECTS = (301, 302, 303, 307, 308)

#: Failures to connect that are this machine's, not the other server's: they are raised as they are.
OWN_FAULTS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Failure(StrEnum):
    """Why there is no answer."""

    #: The host's name is not known, or leads to no address that may be called.
    DNS = "dns"
    #: No connection: refused, or no way to the host.
    REFUSED = "refused"
    #: The connection broke before the answer was complete.
    RESET = "reset"
    #: No encrypted connection, or none to be trusted.
    TLS = "tls"
    #: The time given was over.
    TIMEOUT = "timeout"
    #: The answer is not HTTP.
    MALFORMED = "malformed"
    #: The answer is larger than the caller takes.
    TOO_LARGE = "too_large"
    #: One redirect too many.
    TOO_MANY_REDIRECTS = "too_many_redirects"
    #: The URL may not be called: trying again is of no use.
    NOT_ALLOWED = "not_allowed"


class Unreachable(Exception):
    """There is no answer; the message tells a person why, and nothing about our own network."""

    def __init__(self, kind: Failure, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a server answered."""

    #: The URL that answered: after redirects, the last one.
    url: str
    #: The HTTP status.
    status: int
    #: The headers by lower-case name, repeated ones joined by a comma, at most 8 KiB of them.
    headers: dict[str, str]
    #: The body, or its beginning.
    body: bytes
    #: Whether there was more of the body, or it broke off.
    truncated: bool
    #: From the call to the end of reading, redirects included.
    duration_ms: int


async def exchange(  # noqa: PLR0913 - what a request consists of
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes | None = None,
    timeout: timedelta,  # noqa: ASYNC109 - kept by aiohttp, which knows what is to be cleaned up
    read_limit: int,
) -> Reply:
    """Send one request, follow no redirect, and return the answer with the first of its body.

    Once the status has come the request counts as answered: a body that is longer than
    `read_limit` bytes, breaks off or outlasts `timeout` only makes the reply `truncated`.

    Raises:
        Unreachable: no answer; `kind` and message say why.
        ValueError: a header holds a line break.
    """
    started = time.monotonic()
    response = await _send(
        session, method, url, headers=headers, body=body, timeout=timeout, started=started
    )
    async with response:
        content = bytearray()
        try:
            complete = await _read(response, content, read_limit)
        except (TimeoutError, aiohttp.ClientError):
            complete = False
        return _reply(response, bytes(content), started, truncated=not complete)


async def fetch(  # noqa: PLR0913 - what a request consists of, and its limits
    session: aiohttp.ClientSession,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    timeout: timedelta,  # noqa: ASYNC109 - see exchange
    max_bytes: int,
    max_redirects: int = 5,
) -> Reply:
    """Get the whole page at `url`, following redirects, each of them checked like `url` itself.

    Args:
        session: from `open_session`.
        url: where to begin.
        headers: sent to every server on the way, so nothing secret.
        timeout: for all of it together.
        max_bytes: of the body, compressed or not; a larger one is an error.
        max_redirects: followed; one more is an error.

    Raises:
        Unreachable: no page; `kind` and message say why.
    """
    started = time.monotonic()
    for _ in range(max_redirects + 1):
        response = await _send(
            session, "GET", url, headers=headers, timeout=timeout, started=started
        )
        async with response:
            location = response.headers.get("Location")
            if response.status not in REDIRECTS or location is None:
                content = bytearray()
                try:
                    complete = await _read(response, content, max_bytes)
                except (TimeoutError, aiohttp.ClientError) as error:
                    raise _diagnosed(error, response.url, timeout) from error
                if not complete:
                    raise _too_large(response.url, max_bytes)
                page = _decoded(bytes(content), response, max_bytes)
                return _reply(response, page, started, truncated=False)
            try:
                url = str(response.url.join(URL(location)))
            except ValueError as error:
                raise Unreachable(
                    Failure.MALFORMED,
                    f"{response.url.host_subcomponent} redirects to something that is not a URL.",
                ) from error
    raise Unreachable(
        Failure.TOO_MANY_REDIRECTS, f"The page redirects more than {max_redirects} times."
    )


#: What may be raised on the way to an answer, what it means and how it is said. The first match
#: counts: most of these exceptions are OSErrors, too.
DIAGNOSES: tuple[tuple[type[Exception] | tuple[type[Exception], ...], Failure, str], ...] = (
    (TimeoutError, Failure.TIMEOUT, "No answer from {host} within {seconds:g} s."),
    ((aiohttp.ClientConnectorDNSError, ForbiddenAddress), Failure.DNS, NO_PUBLIC_ADDRESS),
    (
        aiohttp.ClientConnectorCertificateError,
        Failure.TLS,
        "The TLS certificate of {host} is not valid: {reason}.",
    ),
    (
        aiohttp.ClientConnectorSSLError,
        Failure.TLS,
        "No TLS connection to {host}:{port} could be made.",
    ),
    (ConnectionRefusedError, Failure.REFUSED, "The connection to {host}:{port} was refused."),
    (
        aiohttp.ClientResponseError,
        Failure.MALFORMED,
        "The answer of {host} is not valid HTTP, or its headers are too large.",
    ),
    (
        TooManyInterim,
        Failure.MALFORMED,
        "{host} sends one interim answer (100 to 199) after another and no final one.",
    ),
    (aiohttp.ClientPayloadError, Failure.RESET, "The answer of {host} broke off before its end."),
    (
        (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionError),
        Failure.RESET,
        "{host} closed the connection without an answer.",
    ),
    (OSError, Failure.REFUSED, "No connection to {host}:{port} could be made."),
)


async def _send(  # noqa: PLR0913 - what a request consists of
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None,
    body: bytes | None = None,
    timeout: timedelta,  # noqa: ASYNC109 - see exchange
    started: float,
) -> aiohttp.ClientResponse:
    """Send a request and return the response, its body unread, or raise Unreachable.

    Leaving the response (`async with`) keeps its connection for reuse if the body has come to its
    end, and closes it otherwise. `timeout` goes on until then.
    """
    if not isinstance(session.connector, GuardedConnector):
        raise TypeError("The session must come from open_session, which checks its sockets.")
    try:
        target = parse(url, networks=session.connector.networks)
    except Refused as error:
        raise Unreachable(Failure.NOT_ALLOWED, str(error)) from error
    left = started + timeout.total_seconds() - time.monotonic()
    # aiohttp takes nothing left for no limit, and rounds more than a few seconds up.
    limit = aiohttp.ClientTimeout(total=max(left, 0.001), ceil_threshold=math.inf)
    try:
        return await session.request(
            method, target, headers=headers, data=body, allow_redirects=False, timeout=limit
        )
    except (TimeoutError, aiohttp.ClientError) as error:
        raise _diagnosed(error, target, timeout) from error


def _diagnosed(error: Exception, url: URL, timeout: timedelta) -> Unreachable:
    """Put what aiohttp raised into words; raise it again if it is not the other server's fault."""
    # What the operating system said tells a failure to connect best.
    cause = error.os_error if type(error) is aiohttp.ClientConnectorError else error
    if isinstance(cause, OSError) and cause.errno in OWN_FAULTS:
        raise error
    if isinstance(cause, ForbiddenAddress):
        logger.info("private_address_refused", host=url.host, address=cause.address)
    for kinds, failure, sentence in DIAGNOSES:
        if isinstance(cause, kinds):
            message = sentence.format(
                host=url.host_subcomponent,
                port=url.port,
                seconds=timeout.total_seconds(),
                reason=_reason(cause),
            )
            return Unreachable(failure, message)
    raise error


def _reason(cause: Exception) -> str:
    """Return what is wrong with a certificate; other causes have their own sentences."""
    fault = getattr(cause, "certificate_error", cause)
    return str(getattr(fault, "verify_message", "unknown reason")).rstrip(".")


async def _read(response: aiohttp.ClientResponse, content: bytearray, limit: int) -> bool:
    """Read at most `limit` bytes into `content`; tell whether that is the whole body."""
    # Not asking again after the end spares a few percent of a short exchange.
    while not response.content.at_eof():
        content += await response.content.read(limit + 1 - len(content))
        if len(content) > limit:
            del content[limit:]
            return False
    return True


def _decoded(body: bytes, response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    """Undo the compression that some servers apply though they were asked not to."""
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding == "identity" or not body:
        return body
    unreadable = Unreachable(
        Failure.MALFORMED,
        f"{response.url.host_subcomponent} sent the page in an encoding it was not asked for.",
    )
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise unreadable
    page = bytearray()
    # 32: tell gzip from zlib by the first bytes.
    decoder = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        # In pieces, as each member of a gzip file (RFC 1952 §2.2) hands back what follows it: a
        # page of empty ones would be copied as often as it has members.
        for begin in range(0, len(body), DECODED_AT_ONCE):
            piece = body[begin : begin + DECODED_AT_ONCE]
            while piece:
                if decoder.eof:
                    if not piece.startswith(b"\x1f"):  # padding, which browsers ignore, too
                        return bytes(page)
                    decoder = zlib.decompressobj(zlib.MAX_WBITS | 16)
                page += decoder.decompress(piece, max_bytes + 1 - len(page))
                if len(page) > max_bytes:
                    raise _too_large(response.url, max_bytes)
                piece = decoder.unused_data
    except zlib.error as error:
        raise unreadable from error
    if not decoder.eof:
        raise Unreachable(
            Failure.RESET,
            f"The answer of {response.url.host_subcomponent} broke off before its end.",
        )
    return bytes(page)


def _too_large(url: URL, max_bytes: int) -> Unreachable:
    return Unreachable(
        Failure.TOO_LARGE,
        f"The answer of {url.host_subcomponent} is larger than {max_bytes:,} bytes.",
    )


def _reply(
    response: aiohttp.ClientResponse, body: bytes, started: float, *, truncated: bool
) -> Reply:
    return Reply(
        url=str(response.url),
        status=response.status,
        headers=_kept(response.raw_headers),
        body=body,
        truncated=truncated,
        duration_ms=round((time.monotonic() - started) * 1000),
    )


def _kept(raw_headers: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return the headers as text that can be stored, leaving out those that would be too much."""
    headers: dict[str, str] = {}
    room = KEPT_HEADER_BYTES
    for raw_name, raw_value in raw_headers[:KEPT_HEADERS]:
        size = len(raw_name) + len(raw_value)
        if size > room:
            continue
        room -= size
        name = raw_name.decode("ascii", "replace").lower()
        value = raw_value.decode("utf-8", "replace")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
