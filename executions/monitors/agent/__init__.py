"""The agent: a monitor that asks a language model, which searches the web and reads pages.

This module is all that web processes load of it. What needs the libraries for language models,
which take about a second and 50 MB to load, is loaded by the first question that is asked.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from executions.monitors.addresses import addresses_in, fault_in
from executions.monitors.agent.limits import Limits
from executions.monitors.named_pages import fault_in_pages, servers_in
from executions.monitors.plain_words import is_rule
from executions.monitors.protocol import Answer, BadQuestion, Preview, Question, Sessions
from torale.outbound.aiohttp_sessions import AiohttpSessions
from torale.outbound.url_rules import Networks

ASK = "executions.monitors.agent.asking.ask"
#: How many connections a preview may have at a time.
CONNECTIONS = 10
#: The time between visits until there is a plan.
UNPLANNED_HOURS = 24.0


class AgentMonitor:
    """Answers questions in plain words, and conditions in plain words about pages."""

    def takes(self, *, search_query: str, condition_description: str) -> bool:
        """Return whether there is a model for the question, and nothing simpler."""
        if not settings.TORALE_MODEL or fault_in(search_query):
            return False
        if addresses_in(search_query):
            return not is_rule(condition_description, search_query=search_query)
        return bool(settings.TORALE_SEARCH)

    def check(self, *, search_query: str, condition_description: str, networks: Networks) -> None:
        """Refuse a question with a page that may not be visited.

        Raises:
            BadQuestion: names the fields at fault.
        """
        if fault := fault_in_pages(search_query, networks=networks):
            raise BadQuestion({"search_query": fault})

    def hosts(self, *, search_query: str) -> list[str]:
        """Return the servers of the pages that the question names."""
        return servers_in(search_query)

    def interval(self, state: Mapping[str, Any] | None) -> timedelta:
        """Return the interval of the plan, which the state has after the first visit."""
        plan = (state or {}).get("plan")
        hours = plan.get("hours_between_visits") if isinstance(plan, dict) else None
        planned = hours if isinstance(hours, int | float) else UNPLANNED_HOURS
        return Limits.of_settings().interval(planned)

    async def ask(self, question: Question, *, sessions: Sessions) -> Answer:
        """Search, read and judge, as asking.py says.

        Raises:
            AskFailed: there is no answer; the message says why.
        """
        answer: Answer = (await _asked(question, sessions)).answer
        return answer

    async def preview(
        self, question: Question, *, time_limit: timedelta, progress: Callable[[str], None]
    ) -> Preview:
        """Answer as at the first visit, within TORALE_AGENT_SECONDS.

        Raises:
            AskFailed: there is no answer; the message says why.
        """
        async with AiohttpSessions(limit=CONNECTIONS) as sessions:
            visit = await _asked(question, sessions, progress)
        answer, read = visit.answer, visit.tools.pages
        return Preview(
            holds=answer.condition_met,
            evidence=answer.evidence,
            pages=[
                *(
                    {
                        "url": url,
                        "error": None,
                        "title": page.title,
                        "text": page.text,
                        "characters": page.characters,
                        "items": [],
                    }
                    for url, page in read.items()
                ),
                *({"url": page.url, "error": page.error} for page in answer.failed_pages),
            ],
            warnings=answer.warnings,
            activity=answer.activity,
            usage=answer.usage,
        )


async def _asked(
    question: Question, sessions: Sessions, progress: Callable[[str], None] = lambda _: None
) -> Any:
    # Loaded in a thread, because everything else would have to wait for it.
    ask = await asyncio.to_thread(import_string, ASK)
    return await ask(question, sessions=sessions, progress=progress)
