"""The registry of monitors, and the choice of the monitor that takes a question.

A monitor is imported when it is first needed. So the models, which need only the shape of an
answer, do not load an HTTP client or a parser.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

from django.utils.module_loading import import_string

from executions.failures import FailureKind
from executions.monitors.protocol import (
    TOPIC_CHARACTERS,
    UNDECRYPTABLE,
    Answer,
    AskFailed,
    BadQuestion,
    FailedPage,
    Monitor,
    Preview,
    Question,
    Sessions,
    Source,
    Usage,
)
from torale.outbound.url_rules import Networks

__all__ = [
    "MONITORS",
    "NO_MONITOR",
    "TOPIC_CHARACTERS",
    "UNDECRYPTABLE",
    "Answer",
    "AskFailed",
    "BadQuestion",
    "FailedPage",
    "Monitor",
    "Preview",
    "Question",
    "Sessions",
    "Source",
    "Usage",
    "ask",
    "check",
    "hosts_of",
    "interval_of",
    "monitor_for",
    "preview",
]

#: The classes of the monitors. The first that takes a question is asked.
MONITORS = {
    "agent": "executions.monitors.agent.AgentMonitor",
    "page": "executions.monitors.page.PageMonitor",
}

NO_MONITOR = (
    'Name the page to watch, for example "https://example.com/product". Questions without a page '
    "need a language model and a search engine; an operator sets them by TORALE_MODEL and "
    "TORALE_SEARCH."
)


def monitor_for(*, search_query: str, condition_description: str) -> Monitor:
    """Return the first monitor that takes a question.

    Args:
        search_query: what to look at.
        condition_description: when to tell.

    Raises:
        BadQuestion: no monitor takes it; the message says what to write.
    """
    for path in MONITORS.values():
        monitor = _monitor(path)
        if monitor.takes(search_query=search_query, condition_description=condition_description):
            return monitor
    raise BadQuestion({"search_query": NO_MONITOR})


def check(*, search_query: str, condition_description: str, networks: Networks) -> None:
    """Refuse a question that no monitor can ask.

    Args:
        search_query: what to look at.
        condition_description: when to tell.
        networks: the networks that the task's owner may call besides the public internet.

    Raises:
        BadQuestion: names the fields at fault and what to change.
    """
    monitor = monitor_for(search_query=search_query, condition_description=condition_description)
    monitor.check(
        search_query=search_query, condition_description=condition_description, networks=networks
    )


def hosts_of(*, search_query: str, condition_description: str) -> list[str]:
    """Return the servers that asking a question calls first, as `host:port`, each once.

    Args:
        search_query: what to look at.
        condition_description: when to tell.
    """
    try:
        monitor = monitor_for(
            search_query=search_query, condition_description=condition_description
        )
    except BadQuestion:  # asking says so
        return []
    return monitor.hosts(search_query=search_query)


def interval_of(
    *, search_query: str, condition_description: str, state: dict[str, Any] | None
) -> timedelta:
    """Return the usual time between two visits of a question.

    Args:
        search_query: what to look at.
        condition_description: when to tell.
        state: `state` of the last answer; None if there was none yet.
    """
    try:
        monitor = monitor_for(
            search_query=search_query, condition_description=condition_description
        )
    except BadQuestion:  # asking says so
        monitor = _monitor(MONITORS["page"])
    return monitor.interval(state)


async def ask(question: Question, *, sessions: Sessions) -> Answer:
    """Return the answer of the monitor that takes `question`.

    Args:
        question: what to ask.
        sessions: the connections to other people's servers.

    Raises:
        AskFailed: there is no answer; the message says why.
    """
    return await _chosen(question).ask(question, sessions=sessions)


async def preview(
    question: Question,
    *,
    time_limit: timedelta,
    progress: Callable[[str], None] = lambda _: None,
) -> Preview:
    """Return what the monitor that takes `question` would see and answer now.

    Args:
        question: what to try. What it knows from earlier answers is not used.
        time_limit: the time that each page may take.
        progress: called with a sentence for each step of a monitor that takes several.

    Raises:
        AskFailed: nothing could be read; the message says why.
    """
    return await _chosen(question).preview(question, time_limit=time_limit, progress=progress)


def _chosen(question: Question) -> Monitor:
    """Return the monitor that takes `question`.

    Raises:
        AskFailed: there is none any more.
    """
    try:
        return monitor_for(
            search_query=question.search_query,
            condition_description=question.condition_description,
        )
    except BadQuestion as error:  # it was stored when there still was a monitor for it
        raise AskFailed(FailureKind.USER_ERROR, str(error)) from error


@cache
def _monitor(path: str) -> Monitor:
    monitor: Monitor = import_string(path)()
    return monitor
