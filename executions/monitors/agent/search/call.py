"""Call a search engine, and say why there is no answer."""

import json
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from django.conf import settings

from executions.failures import FailureKind
from executions.monitors.agent.search.results import SearchFailed
from torale.outbound.fetch import fetch
from torale.outbound.replies import Failure, Unreachable

#: How large an answer may be.
MAX_BYTES: Final = 1_000_000

#: Why an engine did not answer. Not the sentences of `fetch`: they name the host, and the
#: operator's own SearXNG may stand in a network that nobody should learn of.
UNREACHABLE: Final = {
    Failure.DNS: (FailureKind.NETWORK, "The server of {engine} was not found."),
    Failure.REFUSED: (FailureKind.NETWORK, "No connection to {engine} could be made."),
    Failure.RESET: (FailureKind.NETWORK, "{engine} closed the connection before its answer ended."),
    Failure.TLS: (FailureKind.NETWORK, "No trusted TLS connection to {engine} could be made."),
    Failure.TIMEOUT: (FailureKind.TIMEOUT, "{engine} did not answer within {seconds:g} s."),
    Failure.MALFORMED: (FailureKind.NETWORK, "The answer of {engine} is not valid HTTP."),
    Failure.TOO_LARGE: (
        FailureKind.NETWORK,
        "The answer of {engine} is larger than {max_bytes:,} bytes.",
    ),
    Failure.TOO_MANY_REDIRECTS: (
        FailureKind.SYSTEM_ERROR,
        "{engine} redirects to another address. An operator should set TORALE_SEARCH to that one.",
    ),
    Failure.NOT_ALLOWED: (
        FailureKind.SYSTEM_ERROR,
        "{engine} may not be called. Check TORALE_SEARCH and TORALE_OUTBOUND_PORTS.",
    ),
}


async def answer_of(  # noqa: PLR0913 - what a request consists of
    engine: str,
    session: aiohttp.ClientSession,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes | None = None,
    time_limit: timedelta,
    refusals: Mapping[int, str],
) -> dict[str, Any]:
    """Return the JSON object that an engine answers.

    Args:
        engine: its name, for messages.
        session: the connections; for the networks that may be called.
        url: what to call, with the query unless it is in `body`.
        headers: sent with the request.
        body: sent by POST; None sends GET.
        time_limit: the time for everything together.
        refusals: by status, why the engine refuses all searches until an operator changes
            something.

    Raises:
        SearchFailed: there is no such object.
    """
    try:
        reply = await fetch(
            session,
            url,
            body=body,
            headers={"Accept": "application/json", **headers},
            timeout=time_limit,
            max_bytes=MAX_BYTES,
            max_redirects=0,
        )
    except Unreachable as error:
        kind, sentence = UNREACHABLE[error.kind]
        message = sentence.format(
            engine=engine, seconds=time_limit.total_seconds(), max_bytes=MAX_BYTES
        )
        raise SearchFailed(kind, message) from error
    if reply.status in refusals:
        raise SearchFailed(FailureKind.SYSTEM_ERROR, refusals[reply.status])
    if reply.status != HTTPStatus.OK:
        raise SearchFailed(_failure_of(reply.status), f"{engine} answered {reply.status}.")
    try:
        answer = json.loads(reply.body)
    except (ValueError, RecursionError) as error:
        raise SearchFailed(
            FailureKind.NETWORK, f"The answer of {engine} is not valid JSON."
        ) from error
    if not isinstance(answer, dict):
        raise unusual(engine)
    return answer


def unusual(engine: str) -> SearchFailed:
    """Return the failure for JSON in which there are no results where they should be."""
    return SearchFailed(FailureKind.NETWORK, f"The answer of {engine} has no list of results.")


def operators_key(engine: str) -> str:
    """Return the operator's key for `engine`.

    Raises:
        SearchFailed: there is none, or it cannot be sent.
    """
    key: str = settings.TORALE_SEARCH_KEY.strip()
    if not key or not key.isascii() or not key.isprintable():
        raise SearchFailed(
            FailureKind.SYSTEM_ERROR,
            f"There is no key for {engine}. An operator should set TORALE_SEARCH_KEY to one.",
        )
    return key


def _failure_of(status: int) -> FailureKind:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return FailureKind.RATE_LIMIT
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return FailureKind.NETWORK
    return FailureKind.SYSTEM_ERROR
