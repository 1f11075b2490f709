"""Ask the robots.txt of a page's site whether the page may be visited (RFC 9309)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from http.client import responses
from typing import TypeAlias
from weakref import WeakValueDictionary

import aiohttp
from django.conf import settings

from executions.confined import ChildDied, TooMuch, confined
from executions.failures import FailureKind
from executions.monitors.protocol import AskFailed, Question
from executions.pages.robots_txt import USER_AGENT, allows
from torale.errors import Refused
from torale.outbound.fetch import NoRoom, fetch
from torale.outbound.large_bodies import Place
from torale.outbound.replies import Failure, Unreachable
from torale.outbound.url_check import check_url
from torale.outbound.url_rules import Networks, origin_of

#: How much of a robots.txt is read (RFC 9309 §2.5), and how many redirects to it are followed
#: (§2.3.1.2).
MAX_BYTES = 512 * 1024
MAX_REDIRECTS = 5
TIMEOUT = timedelta(seconds=10)
#: For how long one is kept (§2.4), and for how long it is not asked for again after it failed.
KEPT_FOR = timedelta(days=1)
FAILED_FOR = timedelta(minutes=1)
#: How many bytes of them a process keeps, and how many each takes besides its text.
KEPT_BYTES = 16 * 1024 * 1024
OVERHEAD_BYTES = 1024
#: For how many URLs of a site it is remembered whether they are allowed.
VERDICTS = 100

FORBIDDEN = (
    "{robots} does not allow Torale to visit {url}. Watch another page, or ask its site to allow "
    f"the user agent {USER_AGENT}. An operator can switch this check off with "
    "TORALE_OBEY_ROBOTS."
)
UNKNOWN = "{url} is not visited, as it is not known whether its site allows that. {problem}"
UNREAD = "{robots} cannot be read: {error}"
TOO_MUCH = "{robots} does not tell whether {url} may be visited: reading it took more than {limit}."


#: Raises AskFailed for a URL that may not be visited.
RobotsCheck: TypeAlias = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """A robots.txt, or why there is none."""

    #: Until when it counts.
    until: datetime
    #: Its text.
    content: bytes = b""
    #: Why it is unknown, as a sentence; empty if it is not.
    problem: str = ""
    #: How a visit fails because of that.
    kind: FailureKind = FailureKind.NETWORK
    #: Whether pages are allowed, by their URLs.
    verdicts: dict[str, bool] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many bytes it takes."""
        return len(self.content) + OVERHEAD_BYTES


class Robots:
    """Reads each robots.txt once a day, for all visits of a process."""

    def __init__(self) -> None:
        # By the networks, too: otherwise users would learn what is in the networks of others.
        self._files: dict[tuple[Networks, str], _File] = {}
        # By the askers, too: one who waits for room keeps no other waiting.
        self._locks: WeakValueDictionary[tuple[Networks, str, str], asyncio.Lock] = (
            WeakValueDictionary()
        )

    async def check(
        self, url: str, *, question: Question, session: aiohttp.ClientSession, place: Place
    ) -> None:
        """Refuse a page that its site does not allow to be visited.

        Args:
            url: the page's URL. One that may not be called at all is left to the call.
            question: for which it is visited.
            session: for the question's networks.
            place: the question's in the room for large pages.

        Raises:
            AskFailed: the page is not allowed, or it is not known whether it is.
        """
        try:
            check_url(url, networks=question.networks)
        except Refused:
            return
        robots = f"{origin_of(url)}/robots.txt"
        try:
            file = await self._file(robots, question, session, place)
        except NoRoom as error:
            problem = UNREAD.format(robots=robots, error=error)
            raise AskFailed(
                FailureKind.TIMEOUT, UNKNOWN.format(url=url, problem=problem)
            ) from error
        if file.problem:
            raise AskFailed(file.kind, UNKNOWN.format(url=url, problem=file.problem))
        if url not in file.verdicts:
            allowed = await _judged(file, url, robots=robots, asker=question.asker)
            if len(file.verdicts) >= VERDICTS:
                file.verdicts.clear()
            file.verdicts[url] = allowed
        if not file.verdicts[url]:
            raise AskFailed(FailureKind.USER_ERROR, FORBIDDEN.format(robots=robots, url=url))

    async def _file(
        self, robots: str, question: Question, session: aiohttp.ClientSession, place: Place
    ) -> _File:
        """Return the robots.txt at a URL; a user's visits that need it at once wait for one fetch.

        Raises:
            NoRoom: it is large, and the user's other large pages take all the room.
        """
        key = question.networks, robots
        now = question.asked_at
        lock = self._locks.setdefault((*key, question.asker), asyncio.Lock())
        async with lock:
            known = self._files.get(key)
            if known and now < known.until:
                return known
            self._files.pop(key, None)
            file = await _fetched(robots, session, place, now=now)
            self._files[key] = file
        self._forget_oldest()
        return file

    def _forget_oldest(self) -> None:
        excess = sum(file.size for file in self._files.values()) - KEPT_BYTES
        while excess > 0:
            oldest = next(iter(self._files))
            excess -= self._files.pop(oldest).size


#: What this process knows.
_known = Robots()


def check_of(
    question: Question, session: aiohttp.ClientSession, place: Place
) -> RobotsCheck | None:
    """Return what a visit checks each URL by; None if the settings want no check.

    Args:
        question: whose pages are visited.
        session: for the question's networks.
        place: the question's in the room for large pages.
    """
    if not settings.TORALE_OBEY_ROBOTS:
        return None
    return partial(_known.check, question=question, session=session, place=place)


async def _fetched(
    robots: str, session: aiohttp.ClientSession, place: Place, *, now: datetime
) -> _File:
    """Return the robots.txt at a URL, by the rules of RFC 9309 §2.3.1.

    Raises:
        NoRoom: there is no room to read it.
    """
    try:
        reply = await fetch(
            session,
            robots,
            timeout=TIMEOUT,
            max_bytes=MAX_BYTES,
            max_redirects=MAX_REDIRECTS,
            cuts_off=True,
            place=place,
        )
    except NoRoom:
        raise
    except Unreachable as error:
        if error.kind == Failure.TOO_MANY_REDIRECTS:
            return _File(until=now + KEPT_FOR)
        kind = FailureKind.TIMEOUT if error.kind == Failure.TIMEOUT else FailureKind.NETWORK
        problem = UNREAD.format(robots=robots, error=error)
        return _File(until=now + FAILED_FOR, problem=problem, kind=kind)
    if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        problem = f"{robots} answered {reply.status} {responses.get(reply.status, '')}".rstrip()
        return _File(until=now + FAILED_FOR, problem=f"{problem}.")
    if not HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
        return _File(until=now + KEPT_FOR)
    # The last line of a beginning may be another one than was written.
    content = reply.body.rpartition(b"\n")[0] if reply.truncated else reply.body
    return _File(until=now + KEPT_FOR, content=content)


async def _judged(file: _File, url: str, *, robots: str, asker: str) -> bool:
    """Return whether a robots.txt allows a page.

    Raises:
        AskFailed: it cannot be read within the limits, or something went wrong on our side.
    """
    if not file.content:
        return True
    try:
        return await confined(allows, file.content, url, asker=asker)
    except TooMuch as error:
        raise AskFailed(
            FailureKind.USER_ERROR, TOO_MUCH.format(robots=robots, url=url, limit=error)
        ) from error
    except ChildDied as error:
        raise AskFailed(
            FailureKind.SYSTEM_ERROR,
            f"Something went wrong on our side while {robots} was read: {error}.",
        ) from error
