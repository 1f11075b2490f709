"""The page monitor: visits the pages that a question names and decides by a rule, with no model."""

import asyncio
import difflib
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from http.client import responses
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from django.conf import settings

from executions.failures import FailureKind
from executions.monitors.protocol import Answer, AskFailed, BadQuestion, Question, Source
from executions.monitors.reading import Page, Unreadable, read, select_number
from executions.monitors.rule import Changes, Contains, Matches, Number, Rule, RuleError, parse
from torale import outbound
from torale.errors import Refused

#: For one page, redirects included.
TIMEOUT = timedelta(seconds=30)
MAX_BYTES = 5 * 1024 * 1024
MAX_PAGES = 5
#: Characters of a page's text that are remembered, to show what changed.
REMEMBERED = 8000
#: Characters of a page's text that evidence quotes.
SHOWN = 400

ADDRESS = re.compile(r"https?://[^\s<>\"'“”‘’«»`]+", re.IGNORECASE)  # noqa: RUF001 - these are meant
NO_ADDRESS = (
    'Name the page to watch, for example "https://example.com/product". '
    "Questions without a page need a model, and none is configured."
)

FAILURES = {
    outbound.Failure.TIMEOUT: FailureKind.TIMEOUT,
    outbound.Failure.NOT_ALLOWED: FailureKind.USER_ERROR,
    outbound.Failure.TOO_LARGE: FailureKind.USER_ERROR,
    outbound.Failure.TOO_MANY_REDIRECTS: FailureKind.USER_ERROR,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one visit of one page comes to."""

    #: Whether the rule holds now.
    holds: bool
    #: Whether it has come to hold with this visit.
    is_news: bool
    #: What was seen, in words.
    evidence: str
    #: What to remember of the page.
    memory: dict[str, Any]


class PageMonitor:
    """Met when, on any of the question's pages, the rule comes to hold."""

    def check(self, *, search_query: str, condition_description: str) -> None:
        """Refuse a query without a page that may be visited, and a condition that is no rule.

        Raises:
            BadQuestion: names the fields at fault.
        """
        faults = {}
        addresses = addresses_in(search_query)
        if not addresses:
            faults["search_query"] = NO_ADDRESS
        elif len(addresses) > MAX_PAGES:
            faults["search_query"] = f"Name at most {MAX_PAGES} pages; these are {len(addresses)}."
        for address in addresses:
            try:
                outbound.check_url(address)
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
            rule = rule_of(question.search_query, question.condition_description)
        except RuleError as error:
            raise AskFailed(FailureKind.USER_ERROR, str(error)) from error
        addresses = addresses_in(question.search_query)
        if not addresses:
            raise AskFailed(FailureKind.USER_ERROR, NO_ADDRESS)

        known = question.last_known_state or {}
        memories = known.get("pages", {}) if known.get("rule") == str(rule) else {}
        async with outbound.open_session(limit=MAX_PAGES) as session:
            pages = await asyncio.gather(*(visit(session, address) for address in addresses))
        findings = await asyncio.to_thread(
            lambda: {
                address: find(rule, page, memories.get(address))
                for address, page in zip(addresses, pages, strict=True)
            }
        )

        news = [address for address, finding in findings.items() if finding.is_news]
        titles = {
            address: page.title or urlsplit(address).netloc
            for address, page in zip(addresses, pages, strict=True)
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


def rule_of(search_query: str, condition_description: str) -> Rule:
    """Return the condition's rule; one that only repeats the query is the default, `changes`.

    Raises:
        RuleError: the condition is no rule.
    """
    if not condition_description.strip() or condition_description == search_query:
        return Changes()
    return parse(condition_description)


async def visit(session: aiohttp.ClientSession, address: str) -> Page:
    """Return what the page at `address` says.

    Raises:
        AskFailed: it could not be fetched or read.
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
    try:
        return await asyncio.to_thread(read, reply.body, reply.headers.get("content-type", ""))
    except Unreadable as error:
        raise AskFailed(FailureKind.USER_ERROR, f"{address} cannot be watched: {error}.") from error


def _failure_of(status: int) -> FailureKind:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return FailureKind.RATE_LIMIT
    # A page may be missing while its site is being updated; one that is gone is visited daily.
    return (
        FailureKind.NETWORK
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR
        else (FailureKind.USER_ERROR)
    )


def find(rule: Rule, page: Page, memory: Mapping[str, Any] | None) -> Finding:
    """Apply `rule` to a page, in the light of what was remembered of it."""
    remembered = {
        "sha256": hashlib.sha256(page.text.encode()).hexdigest(),
        "text": page.text[:REMEMBERED],
    }
    if isinstance(rule, Changes):
        return _find_change(page, memory, remembered)
    holds, evidence = _holds(rule, page)
    held = bool(memory and memory.get("holds"))
    if holds and held:
        evidence = f"Still so: {evidence}"
    return Finding(holds, holds and not held, evidence, {**remembered, "holds": holds})


def _find_change(
    page: Page, memory: Mapping[str, Any] | None, remembered: dict[str, Any]
) -> Finding:
    if memory is None:
        seen = f"First visit: remembered {len(page.text):,} characters to compare with."
        return Finding(holds=False, is_news=False, evidence=seen, memory=remembered)
    if memory["sha256"] == remembered["sha256"]:
        seen = "The page has not changed."
        return Finding(holds=False, is_news=False, evidence=seen, memory=remembered)
    seen = f"The page has changed.{_difference(memory['text'], remembered['text'])}"
    return Finding(holds=True, is_news=True, evidence=seen, memory=remembered)


def _difference(before: str, after: str) -> str:
    """Return the first lines that went and came, in words."""
    lines = list(difflib.ndiff(_lines(before), _lines(after)))
    said = ""
    for mark, verb in (("- ", "Gone"), ("+ ", "New")):
        part = " / ".join(line[2:] for line in lines if line.startswith(mark))
        if part:
            said += f' {verb}: "{_shortened(part)}".'
    return said


def _lines(text: str) -> list[str]:
    # ndiff compares every line with every other; this many show what a person wants to see.
    return [line.strip() for line in text.splitlines() if line.strip()][:200]


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _holds(rule: Contains | Matches | Number, page: Page) -> tuple[bool, str]:
    if isinstance(rule, Number):
        selected = select_number(page, rule.kind, rule.selector)
        if selected is None:
            return False, f'No number was found by {rule.kind}("{rule.selector}").'
        value, text = selected
        holds = rule.holds_for(value)
        return holds, (
            f'The number found by {rule.kind}("{rule.selector}") is {value} ("{text}"), which is '
            f"{'' if holds else 'not '}{rule.operator} {rule.operand}."
        )
    text = " ".join(page.text.split())
    if isinstance(rule, Matches):
        found = rule.compiled().search(text)
        span = found.span() if found else None
        wanted = f"a match of /{rule.pattern}/"
    else:
        at = re.search(re.escape(" ".join(rule.text.split())), text, re.IGNORECASE)
        span = at.span() if at else None
        wanted = f'"{rule.text}"'
    if span is None:
        negated = isinstance(rule, Contains) and rule.negated
        return negated, f"The page does not contain {wanted}."
    begin, end = max(0, span[0] - 60), min(len(text), span[1] + 60)
    around = f"{'…' if begin else ''}{text[begin:end]}{'…' if end < len(text) else ''}"
    holds = not (isinstance(rule, Contains) and rule.negated)
    return holds, f'The page contains {wanted}: "{_shortened(around)}".'


def tell(title: str, address: str, evidence: str) -> str:
    """Return the Markdown that tells a person; what the page says cannot become markup."""
    link = address.replace("<", "%3C").replace(">", "%3E")
    return f"**{_plain(title)}**\n\n{_plain(evidence)}\n\n<{link}>"


def _plain(text: str) -> str:
    # Titles stand behind two asterisks and evidence begins with a word of ours, so that only what
    # starts markup in the middle of a line needs escaping: the raw Markdown is read as text, too.
    return re.sub(r"([\\`*_\[\]<>&~|])", r"\\\1", " ".join(text.split()))
