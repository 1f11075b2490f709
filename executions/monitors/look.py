"""Look at the pages of a question: fetch them all at once, and read each in a child process."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, TypeVar

from executions.confined import ChildDied, TooMuch, confined
from executions.failures import FailureKind
from executions.monitors.addresses import addresses_in
from executions.monitors.protocol import UNDECRYPTABLE, AskFailed, Question, Sessions
from executions.monitors.robots import check_of
from executions.monitors.unchanged import digest_of, last_readings
from executions.monitors.visit import visit
from executions.pages import examine
from executions.pages.examine import Look, NotThePage, Sight
from executions.pages.finding import Finding
from executions.pages.last_reading import LastReading
from executions.pages.page import Download, Unreadable
from executions.pages.rule import Rule
from executions.pages.rule_error import RuleError
from torale.fields import Undecryptable
from torale.outbound.fetch import Condition
from torale.outbound.large_bodies import Place
from torale.outbound.replies import Reply
from torale.outbound.url_rules import origin_of

T = TypeVar("T")

#: What the owner is warned of. The sentence stays the same from visit to visit, so that it can be
#: counted.
UNREAD = (
    "{address} cannot be read, although other pages of the task can. `failed_pages` in the result "
    "of the latest execution says why."
)


async def find(
    question: Question,
    rule: Rule,
    memories: Mapping[str, Any],
    *,
    sessions: Sessions,
    at_rest: Mapping[str, AskFailed],
) -> tuple[dict[str, Finding], dict[str, AskFailed]]:
    """Apply a rule to the pages; return what was found, and what failed, by the pages' URLs.

    Args:
        question: whose pages they are.
        rule: the question's rule.
        memories: what is remembered of the pages under this rule.
        sessions: the connections to other people's servers.
        at_rest: the pages that are not visited yet, and why.

    Raises:
        AskFailed: the request headers cannot be decrypted.
    """
    headers = headers_in(question)
    look = Look(
        at=question.asked_at,
        is_second=question.is_second_look,
        request_headers=digest_of(headers),
    )
    readings = last_readings(question, memories, headers, look)
    findings: dict[str, Finding] = {}
    failures: dict[str, AskFailed] = {}
    async with sessions.room.place(question.asker) as place:
        replies = await _replies(
            question, headers, sessions=sessions, place=place, at_rest=at_rest, readings=readings
        )
        # One after the other, so that an execution has only one call at a time in the queue for
        # the child processes.
        for address, reply in replies.items():
            try:
                if isinstance(reply, AskFailed):
                    raise reply
                if reply.status == HTTPStatus.NOT_MODIFIED:
                    reading = readings[address]
                    findings[address] = reading.unchanged(memories[address], at=look.at)
                    continue
                findings[address] = await in_child(
                    address,
                    examine.examine,
                    str(rule),
                    download_of(address, reply),
                    memories.get(address),
                    question.texts.get(address),
                    look,
                    asker=question.asker,
                )
            except AskFailed as failure:
                failures[address] = failure
    return findings, failures


async def see(
    question: Question, rule: Rule, *, sessions: Sessions, time_limit: timedelta
) -> tuple[dict[str, Sight], dict[str, AskFailed], list[str]]:
    """Look at the pages as if for the first time; return what is to be shown to people.

    That is what was read on each page, and what failed, by the pages' URLs, and the warnings.

    Args:
        question: whose pages they are.
        rule: the question's rule.
        sessions: the connections to other people's servers.
        time_limit: the time that each page may take.

    Raises:
        AskFailed: the request headers cannot be decrypted.
    """
    sights: dict[str, Sight] = {}
    failures: dict[str, AskFailed] = {}
    warnings: list[str] = []
    headers = headers_in(question)
    async with sessions.room.place(question.asker) as place:
        replies = await _replies(
            question, headers, sessions=sessions, place=place, time_limit=time_limit
        )
        for address, reply in replies.items():
            try:
                if isinstance(reply, AskFailed):
                    raise reply
                sight = await in_child(
                    address,
                    examine.preview,
                    str(rule),
                    download_of(address, reply),
                    asker=question.asker,
                )
            except AskFailed as failure:
                failures[address] = failure
                warnings += failure.warnings
            else:
                sights[address] = sight
                warnings += _warnings(address, reply, sight)
    return sights, failures, warnings


def headers_in(question: Question) -> Mapping[str, str]:
    """Return the request headers. Without them, the page of a log-in would be read instead."""
    if isinstance(question.request_headers, Undecryptable):
        raise AskFailed(FailureKind.USER_ERROR, UNDECRYPTABLE)
    return question.request_headers


async def _replies(  # noqa: PLR0913 - what a visit consists of
    question: Question,
    headers: Mapping[str, str],
    *,
    sessions: Sessions,
    place: Place,
    at_rest: Mapping[str, AskFailed] | None = None,
    readings: Mapping[str, LastReading] | None = None,
    time_limit: timedelta | None = None,
) -> dict[str, Reply | AskFailed]:
    """Visit the pages, all at once; return what each server answered, or why it did not.

    Args:
        question: whose pages they are.
        headers: its request headers.
        sessions: the connections to other people's servers.
        place: the question's in the room for large pages, which the replies use until it is left.
        at_rest: the pages that are not visited yet, and why.
        readings: of the pages that are asked for only if they have changed, the last one in whole.
        time_limit: as for `visit`.
    """
    addresses = addresses_in(question.search_query)
    conditions = {
        address: Condition(url=last.url, headers=last.condition)
        for address, last in (readings or {}).items()
    }
    session = sessions.of(question.networks)
    allowed = check_of(question, session, place)

    async def reply_of(address: str) -> Reply | AskFailed:
        if at_rest and address in at_rest:
            return at_rest[address]
        try:
            return await visit(
                session,
                address,
                headers=headers,
                condition=conditions.get(address),
                allowed=allowed,
                now=question.asked_at,
                place=place,
                time_limit=time_limit,
            )
        except AskFailed as failure:  # one page does not end the others
            return failure

    replies = await asyncio.gather(*map(reply_of, addresses))
    return dict(zip(addresses, replies, strict=True))


def download_of(address: str, reply: Reply) -> Download:
    """Return what the server of the page at `address` answered, as it is read in a child."""
    return Download(
        requested_url=address,
        url=reply.url,
        status=reply.status,
        headers=reply.headers,
        body=reply.body,
    )


async def in_child(address: str, function: Callable[..., T], *arguments: Any, asker: str) -> T:
    """Call a function that reads the page at `address`, in a process with limits.

    Args:
        address: the page's URL.
        function: what to call.
        arguments: its arguments.
        asker: whose page it is; see `confined`.

    Raises:
        AskFailed: the page cannot be read, or the condition cannot be applied.
    """
    try:
        return await confined(function, *arguments, asker=asker)
    except NotThePage as error:
        raise AskFailed(error.no_page.failure, error.no_page.about(address)) from error
    except Unreadable as error:
        raise AskFailed(FailureKind.USER_ERROR, f"{address} cannot be watched: {error}.") from error
    except RuleError as error:
        raise AskFailed(FailureKind.USER_ERROR, str(error)) from error
    except TooMuch as error:
        raise AskFailed(
            FailureKind.USER_ERROR,
            f"{address} cannot be watched: reading it and applying the condition took more than "
            f"{error}. Name a smaller page, or simplify the condition.",
        ) from error
    except ChildDied as error:
        raise AskFailed(
            FailureKind.SYSTEM_ERROR,
            f"Something went wrong on our side while {address} was read: {error}.",
        ) from error


def _warnings(address: str, reply: Reply, sight: Sight) -> Iterator[str]:
    if origin_of(reply.url) != origin_of(address):
        yield f"{address} leads to another site: {reply.url}."
    if len(sight.text) < sight.characters:
        yield (
            f"Only the first {len(sight.text):,} of {sight.characters:,} characters of {address} "
            "are shown. The condition is applied to all of them."
        )
