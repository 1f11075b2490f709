"""The page monitor: visits the pages that a question names and decides by a rule, with no model."""

import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from http.client import responses
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from django.conf import settings

from executions.confined import ChildDied, TooMuch, confined
from executions.failures import FailureKind
from executions.monitors.protocol import Answer, AskFailed, BadQuestion, Question, Source
from executions.pages.finding import Finding, examine
from executions.pages.parse_page import Unreadable
from executions.pages.rule import Changes, Rule, RuleError, parse
from torale import outbound
from torale.errors import Refused
from torale.url_rules import Networks

#: For one page, redirects included.
TIMEOUT = timedelta(seconds=30)
MAX_BYTES = 5 * 1024 * 1024
MAX_PAGES = 5
ADDRESS = re.compile(r"https?://[^\s<>\"'“”‘’«»`]+", re.IGNORECASE)  # noqa: RUF001 - these are meant

FAILURES = {
    outbound.Failure.TIMEOUT: FailureKind.TIMEOUT,
    outbound.Failure.NOT_ALLOWED: FailureKind.USER_ERROR,
    outbound.Failure.TOO_LARGE: FailureKind.USER_ERROR,
    outbound.Failure.TOO_MANY_REDIRECTS: FailureKind.USER_ERROR,
}


class PageMonitor:
    """Met when, on any of the question's pages, the rule comes to hold."""

    def takes(self, *, search_query: str, condition_description: str) -> bool:
        """Take every query that names a page."""
        return bool(addresses_in(search_query))

    def check(self, *, search_query: str, condition_description: str, networks: Networks) -> None:
        """Refuse a query with a page that may not be visited, and a condition that is no rule.

        Raises:
            BadQuestion: names the fields at fault.
        """
        faults = {}
        addresses = addresses_in(search_query)
        if len(addresses) > MAX_PAGES:
            faults["search_query"] = f"Name at most {MAX_PAGES} pages; these are {len(addresses)}."
        for address in addresses:
            try:
                outbound.check_url(address, networks=networks)
            except Refused as error:
                faults["search_query"] = str(error)
        try:
            rule_of(search_query, condition_description)
        except RuleError as error:
            faults["condition_description"] = str(error)
        if faults:
            raise BadQuestion(faults)

    async def ask(self, question: Question) -> Answer:
        """Visit the pages and decide.

        What was remembered counts only for the rule it was remembered under: a changed condition
        begins anew.

        Raises:
            AskFailed: a page could not be read; nothing of the others is remembered then, so that
                news on one of them is told at the next asking.
        """
        try:
            # The children compile it: that can take a tenth of a second, in which nothing is sent.
            rule = rule_of(question.search_query, question.condition_description, compiles=False)
        except RuleError as error:
            raise AskFailed(FailureKind.USER_ERROR, str(error)) from error
        addresses = addresses_in(question.search_query)
        known = question.last_known_state or {}
        memories = known.get("pages", {}) if known.get("rule") == str(rule) else {}
        async with outbound.open_session(limit=MAX_PAGES, networks=question.networks) as session:
            replies = await asyncio.gather(*(visit(session, address) for address in addresses))
        # One after the other, so that an execution has only one call at a time in the queue of the
        # children, and makes no more after one that fails.
        findings = {
            address: await find(address, str(rule), reply, memories.get(address))
            for address, reply in zip(addresses, replies, strict=True)
        }

        news = [address for address, finding in findings.items() if finding.is_news]
        titles = {
            address: finding.title or urlsplit(address).netloc
            for address, finding in findings.items()
        }
        return Answer(
            condition_met=bool(news),
            notification=(
                "\n\n".join(tell(titles[a], a, findings[a].evidence) for a in news)
                if news
                else None
            ),
            evidence="\n\n".join(
                finding.evidence if len(findings) == 1 else f"{address}: {finding.evidence}"
                for address, finding in findings.items()
            ),
            confidence=100,
            sources=[Source(url=address, title=titles[address]) for address in addresses],
            activity=[{"action": "fetch", "url": address} for address in addresses],
            state={
                "rule": str(rule),
                "met": any(finding.holds for finding in findings.values()),
                "pages": {address: finding.memory for address, finding in findings.items()},
            },
            next_run_at=question.asked_at
            + timedelta(minutes=settings.TORALE_PAGE_INTERVAL_MINUTES),
        )


def addresses_in(query: str) -> list[str]:
    """Return the http(s) URLs that `query` names, each once, in their order."""
    found = []
    for match in ADDRESS.findall(query):
        address = match.rstrip(".,;:!?*_]}")
        # A parenthesis belongs to the URL only if it opens there, too.
        while address.endswith(")") and address.count(")") > address.count("("):
            address = address[:-1].rstrip(".,;:!?*_]}")
        found.append(address)
    return list(dict.fromkeys(found))


def rule_of(search_query: str, condition_description: str, *, compiles: bool = True) -> Rule:
    """Return the condition's rule; one that only repeats the query is the default, `changes`.

    Args:
        search_query: the question's query.
        condition_description: the question's condition.
        compiles: see `parse`.

    Raises:
        RuleError: the condition is no rule.
    """
    if not condition_description.strip() or condition_description == search_query:
        return Changes()
    return parse(condition_description, compiles=compiles)


async def visit(session: aiohttp.ClientSession, address: str) -> outbound.Reply:
    """Return what the server of the page at `address` answered.

    Raises:
        AskFailed: there was no answer, or none with a page.
    """
    try:
        reply = await outbound.fetch(session, address, timeout=TIMEOUT, max_bytes=MAX_BYTES)
    except outbound.Unreachable as error:
        raise AskFailed(FAILURES.get(error.kind, FailureKind.NETWORK), str(error)) from error
    if not HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
        raise AskFailed(
            _failure_of(reply.status),
            f"{address} answered {reply.status} {responses.get(reply.status, '')}".rstrip() + ".",
        )
    return reply


async def find(
    address: str, condition: str, reply: outbound.Reply, memory: Mapping[str, Any] | None
) -> Finding:
    """Read a page and apply the condition, in a process that is ended when it takes too much.

    Raises:
        AskFailed: the page cannot be read, or the condition not applied.
    """
    try:
        return await confined(
            examine, condition, reply.body, reply.headers.get("content-type", ""), memory
        )
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


def _failure_of(status: int) -> FailureKind:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return FailureKind.RATE_LIMIT
    # A page may be missing while its site is being updated; one that is gone is visited daily.
    return (
        FailureKind.NETWORK
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR
        else (FailureKind.USER_ERROR)
    )


def tell(title: str, address: str, evidence: str) -> str:
    """Return the Markdown that tells a person; what the page says cannot become markup."""
    link = address.replace("<", "%3C").replace(">", "%3E")
    return f"**{_plain(title)}**\n\n{_plain(evidence)}\n\n<{link}>"


def _plain(text: str) -> str:
    # Titles stand behind two asterisks and evidence begins with a word of ours, so that only what
    # starts markup in the middle of a line needs escaping: the raw Markdown is read as text, too.
    return re.sub(r"([\\`*_\[\]<>&~|])", r"\\\1", " ".join(text.split()))
