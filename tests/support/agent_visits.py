"""Visits of the agent: a script for its model, and asking without a task."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from executions.monitors import Answer, Question
from executions.monitors.agent import AgentMonitor
from tests.support.factories import NOW
from tests.support.scripted_model import Body, Reply, calls, tools_of
from tests.support.small_web import SmallWeb
from torale.outbound.url_check import networks_of

URL = "http://news.example/quill"
SAYS = "The Quill 4 goes on sale on 19 December 2026."
PLAN: dict[str, Any] = {
    "topic": "Quill 4 release",
    "value_kind": "yes",
    "is_once_only": False,
    "depends_on_time": False,
    "hours_between_visits": 24,
}
FINDING: dict[str, Any] = {
    "holds": True,
    "confidence": 95,
    "value": None,
    "quotes": [{"url": URL, "text": SAYS}],
}
QUESTION = Question(
    search_query="When does the Quill 4 go on sale?",
    condition_description="The date is announced",
    last_known_state=None,
    asked_at=NOW,
    networks=networks_of(email="owner@example.com", is_staff=False),
)

#: A call of a tool: its name and its arguments.
Call = tuple[str, dict[str, Any]]


def search(query: str = "quill 4") -> Call:
    return "search", {"query": query}


def read(url: str = URL) -> Call:
    return "read", {"url": url}


def report(**fields: Any) -> Call:
    return "report", FINDING | fields


def plays(*steps: Call | Reply, agrees: bool = True, **plan: Any) -> Callable[[Body], Reply]:
    """Return what a model says that takes these steps, and agrees with itself or not.

    The last step is repeated. `plan` has what is other than in PLAN.
    """
    left: Iterator[Call | Reply] = iter(steps)
    last: list[Call | Reply] = [steps[-1]]

    def judge(body: Body) -> Reply:
        offered = tools_of(body)
        if "plan" in offered:
            return calls(("plan", PLAN | plan))
        if "judge" in offered:
            return calls(("judge", {"agrees": agrees}))
        step = next(left, last[0])
        return step if isinstance(step, Reply) else calls(step)

    return judge


def ask(
    web: SmallWeb, *, before: Answer | None = None, at: timedelta = timedelta(0), **question: Any
) -> Answer:
    """Return the agent's answer, a time after that of `before`.

    `question` has what is other than in QUESTION.
    """

    async def main() -> Answer:
        async with web.sessions() as sessions:
            asked = replace(
                QUESTION,
                **question,
                last_known_state=before.state if before else None,
                asked_at=NOW + at,
            )
            return await AgentMonitor().ask(asked, sessions=sessions)

    return asyncio.run(main())


def texts_in(body: Body) -> str:
    """Return all that a request says to the model."""
    return "\n".join(str(message.get("content")) for message in body["messages"])
