"""Read a whole page from another server through aiohttp, following redirects."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

import aiohttp
import structlog
from yarl import URL

from torale.errors import Refused
from torale.outbound import content_encoding, meta_refresh, replies
from torale.outbound.aiohttp_connections import TooManyInterim
from torale.outbound.aiohttp_sessions import ForbiddenAddress, GuardedConnector
from torale.outbound.large_bodies import LARGE_BYTES, Place
from torale.outbound.replies import OWN_FAULTS, Failure, Reply, Unreachable, kept
from torale.outbound.url_check import parse
from torale.outbound.url_rules import origin_of
from torale.outbound.visit_cookies import VisitCookies

logger = structlog.get_logger(__name__)

#: A page of fewer bytes is decompressed at once. A thread does it for larger ones, which take as
#: long as many other visits.
DECODED_AT_ONCE = 64 * 1024

#: The types of pages that may lead on to another one. The second is aiohttp's for none.
HTML_TYPES = frozenset({"text/html", "application/octet-stream", "application/xhtml+xml"})

REDIRECTS = (301, 302, 303, 307, 308)


class NoRoom(Unreachable):
    """The asker got no place for a large body in time; the server is not at fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Asks a server for a page only if it has changed (RFC 9110 §13.1)."""

    #: The URL that gets the headers, as `Reply.url` has it. No other gets them.
    url: str
    #: `If-None-Match` or `If-Modified-Since`.
    headers: Mapping[str, str]


async def fetch(  # noqa: PLR0913 - what a request consists of, and its limits
    session: aiohttp.ClientSession,
    url: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    condition: Condition | None = None,
    timeout: timedelta,  # noqa: ASYNC109 - for aiohttp, which knows what to clean up
    max_bytes: int,
    max_redirects: int = 10,
    cuts_off: bool = False,
    place: Place | None = None,
    before_each: Callable[[str], Awaitable[None]] | None = None,
) -> Reply:
    """Get the whole page at `url`, following redirects; each of them is checked like `url` itself.

    A page's own `<meta http-equiv="refresh">` counts as a redirect. Cookies that are set on the way
    are sent on the way, and forgotten then.

    Args:
        session: from `open_session` or `AiohttpSessions.of`.
        url: the first URL.
        body: sent by POST, and only to `url`: then no redirect is followed. None sends GET.
        headers: sent only to the origin of `url` (RFC 6454), so they may contain secrets. After a
            redirect to another scheme, host or port they are left out.
        condition: sent to the URL that answered last time. If that answers 304, so that the page
            has not changed, the reply has that status and no body.
        timeout: the time limit for everything together.
        max_bytes: how large the body may be, both compressed and decoded.
        max_redirects: how many redirects may be followed.
        cuts_off: whether the beginning of a larger body is returned, instead of an error.
        place: taken before more than LARGE_BYTES of a body are read; None lets all be read.
        before_each: awaited with each URL before it is called, those of redirects, too. What it
            raises ends the call.

    Raises:
        Unreachable: the page could not be read; `kind` and message say why.
    """
    started = time.monotonic()
    first = url
    cookies = VisitCookies()
    # What is cut off cannot be decoded.
    accepted = "identity" if cuts_off else content_encoding.ACCEPTED
    if body is not None:
        max_redirects = 0
    for _ in range(max_redirects + 1):
        if before_each:
            await before_each(url)
        own = headers if headers and origin_of(url) == origin_of(first) else {}
        asked = condition.headers if condition and _is_same(url, condition.url) else {}
        response = await _send(
            session,
            url,
            body=body,
            headers=cookies.added_to({"Accept-Encoding": accepted, **own, **asked}, url),
            timeout=timeout,
            started=started,
        )
        async with response:
            cookies.keep(response)
            location = response.headers.get("Location")
            if response.status in REDIRECTS and location is not None:
                target = _joined(response.url, location)
                if target is None:
                    raise Unreachable(
                        Failure.MALFORMED,
                        f"{response.url.host_subcomponent} redirects to something that is not a "
                        "URL.",
                    )
            else:
                page, is_whole = await _page(response, max_bytes, timeout, place, cuts_off=cuts_off)
                target = _refreshed(response, page)
                if target is None:
                    return _reply(response, page, started, truncated=not is_whole)
            url = str(target)
    raise Unreachable(
        Failure.TOO_MANY_REDIRECTS, f"The page redirects more than {max_redirects} times."
    )


async def _page(
    response: aiohttp.ClientResponse,
    max_bytes: int,
    timeout: timedelta,  # noqa: ASYNC109 - see fetch
    place: Place | None,
    *,
    cuts_off: bool,
) -> tuple[bytes, bool]:
    """Return the body, decoded, and whether it is the whole one."""
    content = bytearray()
    try:
        complete = await _read(response, content, min(max_bytes, LARGE_BYTES))
        if not complete and max_bytes > LARGE_BYTES:
            await _take(place, response.url, timeout)
            complete = await _read(response, content, max_bytes)
    except (TimeoutError, aiohttp.ClientError) as error:
        raise _diagnosed(error, response.url, timeout) from error
    encoding = response.headers.get("Content-Encoding", "")
    if not complete:
        if cuts_off and not encoding:
            return bytes(content[:max_bytes]), False
        raise _too_large(response.url, max_bytes)
    try:
        if len(content) <= LARGE_BYTES:
            with suppress(content_encoding.TooLarge):
                page = await _decoded(content, encoding, max_bytes=min(max_bytes, LARGE_BYTES))
                return page, True
            await _take(place, response.url, timeout)
        return await _decoded(content, encoding, max_bytes=max_bytes), True
    except content_encoding.TooLarge as error:
        raise _too_large(response.url, max_bytes) from error
    except content_encoding.Incomplete as error:
        raise Unreachable(
            Failure.RESET,
            f"The answer of {response.url.host_subcomponent} broke off before its end.",
        ) from error
    except content_encoding.Undecodable as error:
        raise Unreachable(
            Failure.MALFORMED,
            f"{response.url.host_subcomponent} sent the page in an encoding that cannot be read.",
        ) from error


async def _decoded(content: bytearray, encoding: str, *, max_bytes: int) -> bytes:
    if len(content) < DECODED_AT_ONCE:
        return content_encoding.decoded(bytes(content), encoding, max_bytes=max_bytes)
    return await asyncio.to_thread(
        content_encoding.decoded, bytes(content), encoding, max_bytes=max_bytes
    )


async def _take(
    place: Place | None,
    url: URL,
    timeout: timedelta,  # noqa: ASYNC109 - see fetch
) -> None:
    if place is None:
        return
    try:
        async with asyncio.timeout(timeout.total_seconds()):
            await place.take()
    except TimeoutError:
        raise NoRoom(
            Failure.TIMEOUT,
            f"The page of {url.host_subcomponent} is large, and too many other large pages are "
            "being read.",
        ) from None


def _is_same(url: str, answered: str) -> bool:
    """Return whether a request to `url` is one to the URL that answered."""
    try:
        return str(URL(url).with_fragment(None)) == answered
    except ValueError:  # no request will be made to it
        return False


def _joined(base: URL, reference: str) -> URL | None:
    """Return the URL that a reference on a page means, or None if it means none."""
    try:
        return base.join(URL(reference))
    except ValueError:
        return None


def _refreshed(response: aiohttp.ClientResponse, page: bytes) -> URL | None:
    """Return where the page itself leads on to another one, or None."""
    if response.status != HTTPStatus.OK or response.content_type not in HTML_TYPES:
        return None
    target = meta_refresh.target_in(response.headers.get("Refresh", ""))
    target = target or meta_refresh.target_of(page)
    url = _joined(response.url, target) if target else None
    if url is None or url.scheme not in {"http", "https"}:
        return None
    # A page that leads to itself loads itself again from time to time.
    is_same = url.with_fragment(None) == response.url.with_fragment(None)
    return None if is_same else url


#: What may be raised instead of an answer, what it means, and the message. The first match counts,
#: as most of these exceptions are OSErrors, too.
DIAGNOSES: tuple[tuple[type[Exception] | tuple[type[Exception], ...], Failure, str], ...] = (
    (TimeoutError, Failure.TIMEOUT, replies.NO_ANSWER_IN_TIME),
    ((aiohttp.ClientConnectorDNSError, ForbiddenAddress), Failure.DNS, replies.NO_PUBLIC_ADDRESS),
    (aiohttp.ClientConnectorCertificateError, Failure.TLS, replies.BAD_CERTIFICATE),
    (aiohttp.ClientConnectorSSLError, Failure.TLS, replies.NO_TLS),
    (ConnectionRefusedError, Failure.REFUSED, replies.CONNECTION_REFUSED),
    (aiohttp.ClientResponseError, Failure.MALFORMED, replies.NOT_HTTP),
    (TooManyInterim, Failure.MALFORMED, replies.ENDLESS_INTERIM),
    (aiohttp.ClientPayloadError, Failure.RESET, "The answer of {host} broke off before its end."),
    (
        (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionError),
        Failure.RESET,
        replies.CLOSED_UNANSWERED,
    ),
    (OSError, Failure.REFUSED, replies.NO_CONNECTION),
)


async def _send(  # noqa: PLR0913 - see fetch
    session: aiohttp.ClientSession,
    url: str,
    *,
    body: bytes | None,
    headers: Mapping[str, str],
    timeout: timedelta,  # noqa: ASYNC109 - see fetch
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
            "GET" if body is None else "POST",
            target,
            data=body,
            headers=headers,
            allow_redirects=False,
            timeout=limit,
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
    """Read the body into `content`; return whether it has at most `limit` bytes.

    If it has more, one byte more is read, and reading can go on with a higher limit.
    """
    # Not reading again after the end saves a few percent of the time of a short exchange.
    while not response.content.at_eof():
        content += await response.content.read(limit + 1 - len(content))
        if len(content) > limit:
            return False
    return True


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
        headers=kept(response.raw_headers),
        body=body,
        truncated=truncated,
        duration_ms=round((time.monotonic() - started) * 1000),
    )
