"""Visit a page: the one way by which the page monitor gets what it reads.

A fetcher of another kind, such as a browser, would be another function like `visit`.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus
from http.client import responses

import aiohttp

from executions.failures import LONGEST_REST, FailureKind
from executions.monitors.echoes import without_values
from executions.monitors.protocol import AskFailed
from executions.monitors.robots import RobotsCheck
from torale.outbound.fetch import Condition, fetch
from torale.outbound.large_bodies import Place
from torale.outbound.replies import Failure, Reply, Unreachable
from torale.retry_after import retry_after

#: The time limit for one page, redirects included.
VISIT_TIMEOUT = timedelta(seconds=30)
MAX_BYTES = 5 * 1024 * 1024

#: Statuses with which a server may say when to come again.
WITH_RETRY_AFTER = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)

#: What the owner is warned of. The sentences stay the same from visit to visit, so that they can
#: be counted.
GONE = (
    "{address} answers 410 Gone: its site has removed it for good. It is visited only once a day. "
    "Name the page's new address, or complete the task."
)
ASKED_TO_WAIT = (
    "{address} answers {status} and says when to come again (Retry-After). It is not visited "
    "before that."
)

UNASKED = (
    "{address} answered 304 Not Modified, although it was not asked whether the page has changed."
)

FAILURES = {
    Failure.TIMEOUT: FailureKind.TIMEOUT,
    Failure.NOT_ALLOWED: FailureKind.USER_ERROR,
    Failure.TOO_LARGE: FailureKind.USER_ERROR,
    Failure.TOO_MANY_REDIRECTS: FailureKind.USER_ERROR,
}


async def visit(  # noqa: PLR0913 - what a visit consists of
    session: aiohttp.ClientSession,
    address: str,
    *,
    headers: Mapping[str, str],
    condition: Condition | None = None,
    allowed: RobotsCheck | None = None,
    now: datetime,
    place: Place,
    time_limit: timedelta | None = None,
) -> Reply:
    """Return what the server of the page at `address` answered, without the headers' values in it.

    Args:
        session: the connections; from `Sessions.of`, for the networks that may be called.
        address: the page's URL.
        headers: the request headers.
        condition: asks for the page only if it has changed. The status 304 says that it has not.
        allowed: raises AskFailed for a URL that its site does not allow to be visited; called for
            those of redirects, too.
        now: when the question is asked.
        place: the question's in the room for large pages.
        time_limit: the time that the page may take; by default VISIT_TIMEOUT.

    Raises:
        AskFailed: there was no answer, or its status is neither 2xx nor a 304 that was asked for,
            or the page is not allowed.
    """

    async def check(url: str) -> None:
        try:
            if allowed:
                await allowed(url)
        except AskFailed as failure:  # a redirect may have put a value into the URL
            message = without_values(str(failure).encode(), headers).decode()
            raise AskFailed(failure.kind, message) from failure

    try:
        reply = await fetch(
            session,
            address,
            headers=headers,
            condition=condition,
            timeout=time_limit or VISIT_TIMEOUT,
            max_bytes=MAX_BYTES,
            place=place,
            before_each=check,
        )
    except Unreachable as error:
        raise AskFailed(FAILURES.get(error.kind, FailureKind.NETWORK), str(error)) from error
    if reply.status == HTTPStatus.NOT_MODIFIED:
        if condition and reply.url == condition.url:
            return reply
        raise AskFailed(_failure_of(reply.status), UNASKED.format(address=address))
    if not HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
        rest, warnings = _rest_after(reply, address, now=now)
        raise AskFailed(
            _failure_of(reply.status),
            f"{address} answered {reply.status} {responses.get(reply.status, '')}".rstrip() + ".",
            retry_after=now + rest if rest else None,
            warnings=warnings,
        )
    if headers:
        # In a thread: searching five megabytes for dozens of values takes a tenth of a second.
        return await asyncio.to_thread(_without_values, reply, headers)
    return reply


def _without_values(reply: Reply, headers: Mapping[str, str]) -> Reply:
    shown = {
        name: without_values(value.encode(), headers).decode()
        for name, value in reply.headers.items()
    }
    return replace(reply, headers=shown, body=without_values(reply.body, headers))


def _rest_after(reply: Reply, address: str, *, now: datetime) -> tuple[timedelta | None, list[str]]:
    """Return for how long the page is not visited, and what to warn the owner of."""
    if reply.status == HTTPStatus.GONE:
        return LONGEST_REST, [GONE.format(address=address)]
    if reply.status in WITH_RETRY_AFTER:
        asked = retry_after(reply.headers.get("retry-after"), now=now)
        if asked:
            return min(asked, LONGEST_REST), [
                ASKED_TO_WAIT.format(address=address, status=reply.status)
            ]
    return None, []


def _failure_of(status: int) -> FailureKind:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return FailureKind.RATE_LIMIT
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return FailureKind.NETWORK
    # A status such as 404 is not retried within the run, only at the next visit.
    return FailureKind.USER_ERROR
