"""Send one request to another server through libcurl, and read the beginning of its answer."""

import asyncio
import errno
import os
import re
import time
from collections.abc import Mapping
from datetime import timedelta

import pycurl
import structlog

from torale.errors import Refused
from torale.outbound import replies
from torale.outbound.aiohttp_connections import FIRST_FINAL
from torale.outbound.curl_sessions import CurlSession, NoAddress, Target, Transfer
from torale.outbound.replies import OWN_FAULTS, Failure, Reply, Unreachable, kept

logger = structlog.get_logger(__name__)

#: The answer should not be compressed, so that the limit on the bytes read also limits the work.
#: The body is sent without asking first (`Expect: 100-continue`).
OWN_HEADERS = ("Accept-Encoding: identity", "Expect:")

#: CURLE_WEIRD_SERVER_REPLY, which pycurl knows by its older name only.
WEIRD_SERVER_REPLY = pycurl.E_FTP_WEIRD_SERVER_REPLY
#: CURLE_TOO_LARGE, which pycurl does not name.
TOO_LARGE = 100

#: What libcurl reports, what it means, and the message.
DIAGNOSES: dict[int, tuple[Failure, str]] = {
    pycurl.E_OPERATION_TIMEDOUT: (Failure.TIMEOUT, replies.NO_ANSWER_IN_TIME),
    # Names are looked up before. libcurl refuses those below .onion all the same (RFC 7686 §2).
    pycurl.E_COULDNT_RESOLVE_HOST: (Failure.DNS, replies.NO_PUBLIC_ADDRESS),
    pycurl.E_PEER_FAILED_VERIFICATION: (Failure.TLS, replies.BAD_CERTIFICATE),
    pycurl.E_SSL_CONNECT_ERROR: (Failure.TLS, replies.NO_TLS),
    pycurl.E_SSL_CIPHER: (Failure.TLS, replies.NO_TLS),
    pycurl.E_COULDNT_CONNECT: (Failure.REFUSED, replies.NO_CONNECTION),
    WEIRD_SERVER_REPLY: (Failure.MALFORMED, replies.NOT_HTTP),
    # HTTP/0.9, which begins without a status.
    pycurl.E_UNSUPPORTED_PROTOCOL: (Failure.MALFORMED, replies.NOT_HTTP),
    # An encoding that was not asked for.
    pycurl.E_BAD_CONTENT_ENCODING: (Failure.MALFORMED, replies.NOT_HTTP),
    # A line without end.
    TOO_LARGE: (Failure.MALFORMED, replies.NOT_HTTP),
    pycurl.E_GOT_NOTHING: (Failure.RESET, replies.CLOSED_UNANSWERED),
    pycurl.E_RECV_ERROR: (Failure.RESET, replies.CLOSED_UNANSWERED),
    pycurl.E_SEND_ERROR: (Failure.RESET, replies.CLOSED_UNANSWERED),
    pycurl.E_PARTIAL_FILE: (Failure.RESET, replies.CLOSED_UNANSWERED),
}

#: How libcurl's message begins or ends around OpenSSL's reason.
VERIFY_RESULT = re.compile(r"verify result: (.*) \(\d+\)$")
WRONG_NAME = "Hostname mismatch, certificate is not valid for '{host}'"
#: What no header may contain: whoever could write a line break could write other headers.
FORBIDDEN_IN_HEADERS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


async def exchange(  # noqa: PLR0913 - what a request consists of
    session: CurlSession,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes = b"",
    timeout: timedelta,  # noqa: ASYNC109 - for libcurl, which knows what to clean up
    read_limit: int,
) -> Reply:
    """Send one request, without following redirects, and return the beginning of its answer.

    Once the status has arrived, the request counts as answered. A body that is longer than
    `read_limit` bytes, breaks off or takes longer than `timeout` only makes the reply `truncated`.
    If a kept connection turns out to be closed, the request is sent again on a new one.

    Raises:
        Unreachable: there is no answer; `kind` and message say why.
        ValueError: a header contains a line break.
    """
    started = time.monotonic()
    lines = _lines(headers)
    try:
        target = session.target_of(url)
    except Refused as error:
        raise Unreachable(Failure.NOT_ALLOWED, str(error)) from error
    addresses = None if target.name is None else await _looked_up(session, target, timeout)
    for on_new_connection in (False, True):
        transfer = session.transfer()
        transfer.prepare(
            method,
            target.url,
            headers=lines,
            body=body,
            timeout_s=started + timeout.total_seconds() - time.monotonic(),
            read_limit=read_limit,
            addresses=addresses,
            on_new_connection=on_new_connection,
        )
        failure: pycurl.error | None = None
        try:
            await session.perform(transfer)
        except pycurl.error as error:
            failure = error
        if not transfer.is_stale:
            break
    status = transfer.status()
    # libcurl accepts a head that breaks off.
    if not transfer.has_head or status < FIRST_FINAL:
        raise _diagnosed(failure, transfer, target, timeout) from failure
    return Reply(
        url=target.url,
        status=status,
        headers=kept(transfer.headers()),
        body=transfer.body[:read_limit],
        truncated=failure is not None,
        duration_ms=round((time.monotonic() - started) * 1000),
    )


def _lines(headers: Mapping[str, str]) -> list[str]:
    """Return headers as libcurl wants them: it drops `Name:`, and `Name;` is an empty header."""
    lines = [f"{name}: {value}" if value else f"{name};" for name, value in headers.items()]
    if FORBIDDEN_IN_HEADERS.search(" ".join(lines)):
        raise ValueError("Forbidden control character in a header.")
    return [*OWN_HEADERS, *lines]


async def _looked_up(
    session: CurlSession,
    target: Target,
    timeout: timedelta,  # noqa: ASYNC109 - see exchange
) -> str:
    try:
        async with asyncio.timeout(timeout.total_seconds()):
            return await session.addresses_of(target)
    except NoAddress as error:
        raise _unreachable(Failure.DNS, replies.NO_PUBLIC_ADDRESS, target, timeout) from error
    except TimeoutError as error:
        raise _unreachable(Failure.TIMEOUT, replies.NO_ANSWER_IN_TIME, target, timeout) from error


def _unreachable(
    kind: Failure, sentence: str, target: Target, timeout: timedelta, reason: str = ""
) -> Unreachable:
    message = sentence.format(
        host=target.host, port=target.port, seconds=timeout.total_seconds(), reason=reason
    )
    return Unreachable(kind, message)


def _diagnosed(
    error: pycurl.error | None, transfer: Transfer, target: Target, timeout: timedelta
) -> Exception:
    """Put what libcurl reports into words; return it unchanged if it is our own fault."""
    if error is None:
        return _unreachable(Failure.RESET, replies.CLOSED_UNANSWERED, target, timeout)
    code, said = error.args if len(error.args) > 1 else (error.args[0], "")
    system_error = transfer.curl.getinfo(pycurl.OS_ERRNO)
    kind, sentence, reason = None, "", ""
    if transfer.fault is not None:
        return transfer.fault
    if code == pycurl.E_COULDNT_CONNECT and system_error in OWN_FAULTS:
        return OSError(system_error, os.strerror(system_error))
    if transfer.is_flooded:
        kind, sentence = Failure.MALFORMED, replies.ENDLESS_INTERIM
    elif transfer.is_head_too_large:
        kind, sentence = Failure.MALFORMED, replies.NOT_HTTP
    elif transfer.forbidden is not None and code == pycurl.E_COULDNT_CONNECT:
        logger.info("private_address_refused", host=target.host, address=transfer.forbidden)
        kind, sentence = Failure.DNS, replies.NO_PUBLIC_ADDRESS
    elif code == pycurl.E_COULDNT_CONNECT and system_error == errno.ECONNREFUSED:
        kind, sentence = Failure.REFUSED, replies.CONNECTION_REFUSED
    elif code in DIAGNOSES:
        kind, sentence = DIAGNOSES[code]
        found = VERIFY_RESULT.search(said)
        reason = found[1] if found else WRONG_NAME.format(host=target.host)
    return _unreachable(kind, sentence, target, timeout, reason) if kind else error
