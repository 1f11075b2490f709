"""The page monitor: visits the pages that a question names and applies a rule to them.

It uses no language model.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from executions.failures import FailureKind
from executions.monitors.addresses import addresses_in, fault_in
from executions.monitors.look import UNREAD, find, see
from executions.monitors.named_pages import MAX_PAGES, fault_in_pages, servers_in
from executions.monitors.notification import tell
from executions.monitors.plain_words import is_rule
from executions.monitors.protocol import (
    Answer,
    AskFailed,
    BadQuestion,
    FailedPage,
    Preview,
    Question,
    Sessions,
    Source,
    joined,
)
from executions.monitors.resting import remembered, resting
from executions.pages.parsing import parse
from executions.pages.rule import Changes, Rule
from executions.pages.rule_error import RuleError
from torale.outbound.aiohttp_sessions import AiohttpSessions
from torale.outbound.url_rules import Networks

#: What is added for a condition that may be meant for another monitor.
PLAIN_WORDS = (
    "A condition in plain words needs a language model; an operator sets one by TORALE_MODEL."
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
        if fault := fault_in_pages(search_query, networks=networks):
            faults["search_query"] = fault
        try:
            _rule_of(search_query, condition_description)
        except RuleError as error:
            is_meant = is_rule(condition_description, search_query=search_query)
            faults["condition_description"] = str(error) if is_meant else f"{error} {PLAIN_WORDS}"
        if faults:
            raise BadQuestion(faults)

    def hosts(self, *, search_query: str) -> list[str]:
        """Return the servers of the pages."""
        return servers_in(search_query)

    def interval(self, state: Mapping[str, Any] | None) -> timedelta:
        """Return the operator's interval."""
        return timedelta(minutes=settings.TORALE_PAGE_INTERVAL_MINUTES)

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
        findings, failures = await find(
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
            next_run_at=question.asked_at + self.interval(question.last_known_state),
        )

    async def preview(
        self, question: Question, *, time_limit: timedelta, progress: Callable[[str], None]
    ) -> Preview:
        """Visit the pages and show what is read on each, and what the rule says of it.

        Raises:
            AskFailed: no page could be read.
        """
        rule = _rule_in(question)
        addresses = addresses_in(question.search_query)
        async with AiohttpSessions(limit=MAX_PAGES) as sessions:
            sights, failures, warnings = await see(
                question, rule, sessions=sessions, time_limit=time_limit
            )
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


def _rule_of(search_query: str, condition_description: str, *, compiles: bool = True) -> Rule:
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
        return _rule_of(question.search_query, question.condition_description, compiles=False)
    except RuleError as error:
        raise AskFailed(FailureKind.USER_ERROR, str(error)) from error


def _about(address: str, sentence: str, addresses: Sequence[str]) -> str:
    """Return a sentence that says which of the pages it is about, if there are several."""
    return sentence if len(addresses) == 1 else f"{address}: {sentence}"
