"""The page monitor: visits the pages that a question names and applies a rule to them.

It uses no language model.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.conf import settings

from executions.confined import ChildDied, TooMuch, confined
from executions.failures import FailureKind, most_retryable
from executions.monitors.addresses import addresses_in, fault_in
from executions.monitors.notification import tell
from executions.monitors.protocol import (
    UNDECRYPTABLE,
    Answer,
    AskFailed,
    BadQuestion,
    FailedPage,
    Preview,
    Question,
    Sessions,
    Source,
)
from executions.monitors.resting import remembered, resting
from executions.monitors.robots import check_of
from executions.monitors.unchanged import digest_of, last_readings
from executions.monitors.visit import attempt
from executions.pages import examine
from executions.pages.examine import Look, NotThePage, Sight
from executions.pages.finding import Finding
from executions.pages.last_reading import LastReading
from executions.pages.page import Download, Unreadable
from executions.pages.parsing import parse
from executions.pages.rule import Changes, Rule
from executions.pages.rule_error import RuleError
from torale import outbound
from torale.errors import Refused
from torale.fields import Undecryptable
from torale.room import Place
from torale.url_rules import Networks, origin_of, server_of

T = TypeVar("T")

MAX_PAGES = 5

#: What the owner is warned of. The sentence stays the same from visit to visit, so that it can be
#: counted.
UNREAD = (
    "{address} cannot be read, although other pages of the task can. `failed_pages` in the result "
    "of the latest execution says why."
)


class PageMonitor:
    """A condition is met when its rule becomes true on any of the question's pages."""

    def takes(self, *, search_query: str, condition_description: str) -> bool:
        """Return whether the query names a page, or is meant to."""
        return bool(addresses_in(search_query) or fault_in(search_query))

    def check(self, *, search_query: str, condition_description: str, networks: Networks) -> None:
        """Refuse a query with a page that may not be visited, and a condition that is not a rule.

        Raises:
            BadQuestion: names the fields at fault.
        """
        faults = {}
        addresses = addresses_in(search_query)
        if len(addresses) > MAX_PAGES:
            faults["search_query"] = f"Name at most {MAX_PAGES} pages, not {len(addresses)}."
        for address in addresses:
            try:
                outbound.check_url(address, networks=networks)
            except Refused as error:
                faults["search_query"] = str(error)
        if fault := fault_in(search_query):
            faults["search_query"] = fault
        try:
            rule_of(search_query, condition_description)
        except RuleError as error:
            faults["condition_description"] = str(error)
        if faults:
            raise BadQuestion(faults)

    def hosts(self, *, search_query: str) -> list[str]:
        """Return the servers of the pages."""
        return [*dict.fromkeys(server_of(address) for address in addresses_in(search_query))]

    async def ask(self, question: Question, *, sessions: Sessions) -> Answer:
        """Visit the pages and apply the rule to each that can be read.

        What was remembered is used only for the same rule. After the condition has changed, the
        next visit counts as the first. What was remembered of a page that cannot be read stays.

        Raises:
            AskFailed: none of the pages could be read.
        """
        rule = _rule_in(question)
        addresses = addresses_in(question.search_query)
        known = question.last_known_state or {}
        memories = known.get("pages", {}) if known.get("rule") == str(rule) else {}
        at_rest = resting(known.get("resting", {}), now=question.asked_at)
        findings, failures = await _found(
            question, rule, memories, sessions=sessions, at_rest=at_rest
        )
        if not findings:
            raise joined([*failures.values()])

        news = [address for address, finding in findings.items() if finding.is_news]
        titles = {
            address: finding.title or urlsplit(address).netloc
            for address, finding in findings.items()
        }
        rests = remembered(failures, now=question.asked_at)
        kept = {address: memories[address] for address in failures if address in memories}
        first_look = {a: f.first_look for a, f in findings.items() if f.first_look is not None}
        return Answer(
            condition_met=bool(news),
            is_tentative=any(finding.is_tentative for finding in findings.values()),
            first_look=first_look,
            notification=(
                "\n\n".join(
                    tell(titles[a], a, findings[a].summary, findings[a].listings) for a in news
                )
                if news
                else None
            ),
            evidence="\n\n".join(
                _about(address, finding.evidence, addresses)
                for address, finding in findings.items()
            ),
            confidence=100,
            sources=[Source(url=address, title=titles[address]) for address in findings],
            failed_pages=[
                FailedPage(url=address, error=str(failure)) for address, failure in failures.items()
            ],
            warnings=[
                *(
                    _about(address, warning, addresses)
                    for address, finding in findings.items()
                    for warning in finding.warnings
                ),
                *(
                    sentence
                    for address, failure in failures.items()
                    for sentence in failure.warnings or [UNREAD.format(address=address)]
                ),
            ],
            activity=[{"action": "fetch", "url": address} for address in addresses],
            state={
                "rule": str(rule),
                "met": any(finding.holds for finding in findings.values()),
                "pages": kept
                | {
                    address: finding.memory
                    for address, finding in findings.items()
                    if finding.memory is not None
                },
                **({"resting": rests} if rests else {}),
            },
            texts={
                **dict.fromkeys(question.texts.keys() - addresses),
                **{address: finding.text for address, finding in findings.items() if finding.text},
            },
            next_run_at=question.asked_at
            + timedelta(minutes=settings.TORALE_PAGE_INTERVAL_MINUTES),
        )

    async def preview(self, question: Question, *, time_limit: timedelta) -> Preview:
        """Visit the pages and show what is read on each, and what the rule says of it.

        Raises:
            AskFailed: no page could be read.
        """
        rule = _rule_in(question)
        addresses = addresses_in(question.search_query)
        sights: dict[str, Sight] = {}
        failures: dict[str, AskFailed] = {}
        warnings: list[str] = []
        async with (
            outbound.Sessions(limit=MAX_PAGES) as sessions,
            sessions.room.place(question.asker) as place,
        ):
            replies = await _replies(
                question, addresses, sessions=sessions, place=place, time_limit=time_limit
            )
            for address, reply in replies.items():
                try:
                    if isinstance(reply, AskFailed):
                        raise reply
                    download = _download(address, reply)
                    sight = await in_child(
                        address, examine.preview, str(rule), download, asker=question.asker
                    )
                except AskFailed as failure:
                    failures[address] = failure
                    warnings += failure.warnings
                else:
                    sights[address] = sight
                    warnings += _warnings(address, reply, sight)
        if not sights:
            raise joined([*failures.values()])
        return Preview(
            holds=any(sight.holds for sight in sights.values()),
            evidence="\n\n".join(
                _about(address, sight.evidence, addresses) for address, sight in sights.items()
            ),
            pages=[
                {"url": address, "error": str(failures[address])}
                if address in failures
                else {"url": address, "error": None, **asdict(sights[address])}
                for address in addresses
            ],
            warnings=warnings,
        )


def joined(failures: Sequence[AskFailed]) -> AskFailed:
    """Return the failure of a question of which no page could be read.

    It is asked again when the first of them may be visited.

    Args:
        failures: those of its pages. The kind that is retried most often counts.
    """
    rests = [failure.retry_after for failure in failures if failure.retry_after]
    return AskFailed(
        most_retryable(failure.kind for failure in failures),
        " ".join(dict.fromkeys(str(failure) for failure in failures)),
        retry_after=min(rests) if len(rests) == len(failures) else None,
        warnings=[sentence for failure in failures for sentence in failure.warnings],
    )


def rule_of(search_query: str, condition_description: str, *, compiles: bool = True) -> Rule:
    """Return the condition's rule; for no condition, or one that repeats the query, `changes`.

    Args:
        search_query: the question's query.
        condition_description: the question's condition.
        compiles: see `parse`.

    Raises:
        RuleError: the condition is not a rule.
    """
    if not condition_description.strip() or condition_description == search_query:
        return Changes()
    return parse(condition_description, compiles=compiles)


def _rule_in(question: Question) -> Rule:
    try:
        # The child processes compile it. Done here, that could take a tenth of a second, and
        # nothing could be sent meanwhile.
        return rule_of(question.search_query, question.condition_description, compiles=False)
    except RuleError as error:
        raise AskFailed(FailureKind.USER_ERROR, str(error)) from error


def _headers_in(question: Question) -> Mapping[str, str]:
    """Return the request headers. Without them, the page of a log-in would be read instead."""
    if isinstance(question.request_headers, Undecryptable):
        raise AskFailed(FailureKind.USER_ERROR, UNDECRYPTABLE)
    return question.request_headers


async def _found(
    question: Question,
    rule: Rule,
    memories: Mapping[str, Any],
    *,
    sessions: Sessions,
    at_rest: Mapping[str, AskFailed],
) -> tuple[dict[str, Finding], dict[str, AskFailed]]:
    """Visit the pages and apply the rule; return what was found, and what failed, by the URLs.

    Args:
        question: whose pages they are.
        rule: the question's rule.
        memories: what is remembered of the pages under this rule.
        sessions: the connections to other people's servers.
        at_rest: the pages that are not visited yet, and why.
    """
    headers = _headers_in(question)
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
            question,
            addresses_in(question.search_query),
            sessions=sessions,
            place=place,
            at_rest=at_rest,
            readings=readings,
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
                findings[address] = await find(
                    address,
                    str(rule),
                    reply,
                    memories.get(address),
                    question.texts.get(address),
                    look=look,
                    asker=question.asker,
                )
            except AskFailed as failure:
                failures[address] = failure
    return findings, failures


async def _replies(  # noqa: PLR0913 - what a visit consists of
    question: Question,
    addresses: Sequence[str],
    *,
    sessions: Sessions,
    place: Place,
    at_rest: Mapping[str, AskFailed] | None = None,
    readings: Mapping[str, LastReading] | None = None,
    time_limit: timedelta | None = None,
) -> dict[str, outbound.Reply | AskFailed]:
    """Visit the pages at once; return what each server answered, or why it did not.

    Args:
        question: whose pages they are.
        addresses: the pages' URLs.
        sessions: the connections to other people's servers.
        place: the question's in the room for large pages, which the replies use until it is left.
        at_rest: the pages that are not visited yet, and why.
        readings: of the pages that are asked for only if they have changed, the last one in whole.
        time_limit: as for `visit`.

    Raises:
        AskFailed: the request headers cannot be decrypted.
    """
    headers = _headers_in(question)
    conditions = {
        address: outbound.Condition(url=last.url, headers=last.condition)
        for address, last in (readings or {}).items()
    }
    session = sessions.of(question.networks)
    allowed = check_of(question, session, place)
    replies = await asyncio.gather(
        *(
            attempt(
                session,
                address,
                headers=headers,
                condition=conditions.get(address),
                allowed=allowed,
                now=question.asked_at,
                resting=(at_rest or {}).get(address),
                place=place,
                time_limit=time_limit,
            )
            for address in addresses
        )
    )
    return dict(zip(addresses, replies, strict=True))


def _about(address: str, sentence: str, addresses: Sequence[str]) -> str:
    """Return a sentence that says which of the pages it is about, if there are several."""
    return sentence if len(addresses) == 1 else f"{address}: {sentence}"


async def find(  # noqa: PLR0913 - what is known of a page
    address: str,
    condition: str,
    reply: outbound.Reply,
    memory: Mapping[str, Any] | None,
    text: bytes | None,
    *,
    look: Look,
    asker: str,
) -> Finding:
    """Read a page and apply the condition, in a process with limits on its time and memory.

    Raises:
        AskFailed: the answer is not the page, the page cannot be read, or the condition cannot be
            applied.
    """
    download = _download(address, reply)
    return await in_child(
        address, examine.examine, condition, download, memory, text, look, asker=asker
    )


def _download(address: str, reply: outbound.Reply) -> Download:
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


def _warnings(address: str, reply: outbound.Reply, sight: Sight) -> Iterator[str]:
    if origin_of(reply.url) != origin_of(address):
        yield f"{address} leads to another site: {reply.url}."
    if len(sight.text) < sight.characters:
        yield (
            f"Only the first {len(sight.text):,} of {sight.characters:,} characters of {address} "
            "are shown. The condition is applied to all of them."
        )
