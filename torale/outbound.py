"""The one guarded door to other people's servers, with address checks, time and size limits.

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
from torale.url_rules import origin_of

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

#: The message is the same for an unknown name and for one that leads to a private address.
#: Otherwise, anyone could find out the names in our network by testing webhooks. The log tells the
#: two apart.
NO_PUBLIC_ADDRESS = (
    "No public address of the host {host} was found. "
    "An operator can allow private networks with TORALE_WEBHOOK_ALLOW_PRIVATE."
)

#: How many headers a Reply keeps, and how many bytes of them.
KEPT_HEADERS = 64
KEPT_HEADER_BYTES = 8 * 1024

#: How many bytes of a compressed page are decoded at a time.
DECODED_AT_ONCE = 4096

REDIRECTS = (301, 302, 303, 307, 308)

#: Failures to connect that are the fault of this machine, not of the other server. They are raised
#: unchanged.
OWN_FAULTS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Failure(StrEnum):
    """Why there is no answer."""

    #: The host's name is unknown, or has no address that may be called.
    DNS = "dns"
    #: No connection could be made: it was refused, or there is no route to the host.
    REFUSED = "refused"
    #: The connection broke before the answer was complete.
    RESET = "reset"
    #: No TLS connection could be made, or the certificate cannot be trusted.
    TLS = "tls"
    #: The answer did not come in time.
    TIMEOUT = "timeout"
    #: The answer is not HTTP.
    MALFORMED = "malformed"
    #: The answer is larger than the caller allows.
    TOO_LARGE = "too_large"
    #: There are more redirects than the caller allows.
    TOO_MANY_REDIRECTS = "too_many_redirects"
    #: The URL may not be called; trying again does not help.
    NOT_ALLOWED = "not_allowed"


class Unreachable(Exception):
    """There is no answer; the message says why, and reveals nothing about our own network."""

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
    #: The headers by lower-case name, at most 8 KiB; repeated ones are joined by a comma.
    headers: dict[str, str]
    #: The body, or its beginning.
    body: bytes
    #: Whether `body` is only the beginning, because the body was too long or broke off.
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
    timeout: timedelta,  # noqa: ASYNC109 - for aiohttp, which knows what to clean up
    read_limit: int,
) -> Reply:
    """Send one request, without following redirects, and return the beginning of its answer.

    Once the status has arrived, the request counts as answered. A body that is longer than
    `read_limit` bytes, breaks off or takes longer than `timeout` only makes the reply `truncated`.

    Raises:
        Unreachable: there is no answer; `kind` and message say why.
        ValueError: a header contains a line break.
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
    """Get the whole page at `url`, following redirects; each of them is checked like `url` itself.

    Args:
        session: from `open_session`.
        url: the first URL.
        headers: sent only to the origin of `url` (RFC 6454), so they may contain secrets. After a
            redirect to another scheme, host or port they are left out.
        timeout: the time limit for everything together.
        max_bytes: how large the body may be, both compressed and decoded.
        max_redirects: how many redirects may be followed.

    Raises:
        Unreachable: the page could not be read; `kind` and message say why.
    """
    started = time.monotonic()
    first = url
    for _ in range(max_redirects + 1):
        own = headers if headers and origin_of(url) == origin_of(first) else None
        response = await _send(session, "GET", url, headers=own, timeout=timeout, started=started)
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


#: What may be raised instead of an answer, what it means, and the message. The first match counts,
#: as most of these exceptions are OSErrors, too.
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

    Leaving the response (`async with`) keeps its connection for reuse if the whole body was read,
    and closes the connection otherwise. `timeout` includes the time until then.
    """
    if not isinstance(session.connector, GuardedConnector):
        raise TypeError("The session must come from open_session, which checks its sockets.")
    try:
        target = parse(url, networks=session.connector.networks)
    except Refused as error:
        raise Unreachable(Failure.NOT_ALLOWED, str(error)) from error
    left = started + timeout.total_seconds() - time.monotonic()
    # For aiohttp, 0 means no limit. It also rounds up limits of more than a few seconds.
    limit = aiohttp.ClientTimeout(total=max(left, 0.001), ceil_threshold=math.inf)
    try:
        return await session.request(
            method, target, headers=headers, data=body, allow_redirects=False, timeout=limit
        )
    except (TimeoutError, aiohttp.ClientError) as error:
        raise _diagnosed(error, target, timeout) from error


def _diagnosed(error: Exception, url: URL, timeout: timedelta) -> Unreachable:
    """Put what aiohttp raised into words; raise it again if it is not the other server's fault."""
    # The operating system's error describes a failure to connect best.
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
    """Return what is wrong with a certificate; the messages for other causes do not need this."""
    fault = getattr(cause, "certificate_error", cause)
    return str(getattr(fault, "verify_message", "unknown reason")).rstrip(".")


async def _read(response: aiohttp.ClientResponse, content: bytearray, limit: int) -> bool:
    """Read at most `limit` bytes into `content`; return whether that is the whole body."""
    # Not reading again after the end saves a few percent of the time of a short exchange.
    while not response.content.at_eof():
        content += await response.content.read(limit + 1 - len(content))
        if len(content) > limit:
            del content[limit:]
            return False
    return True


def _decoded(body: bytes, response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    """Undo the compression that some servers apply although they were asked not to."""
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
        # In pieces: at the end of each member of a gzip file (RFC 1952 §2.2), the decoder copies
        # the rest of its input. A page of empty members would be copied once for each of them.
        for begin in range(0, len(body), DECODED_AT_ONCE):
            piece = body[begin : begin + DECODED_AT_ONCE]
            while piece:
                if decoder.eof:
                    if not piece.startswith(b"\x1f"):  # padding, which browsers also ignore
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
    """Return the headers as text that can be stored, leaving out those beyond the limits."""
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
