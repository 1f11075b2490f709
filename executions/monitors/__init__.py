"""The registry of monitors, and the choice of the monitor that takes a question.

A monitor is imported when it is first needed. So the models, which need only the shape of an
answer, do not load an HTTP client or a parser.
"""

from functools import cache

from django.utils.module_loading import import_string

from executions.failures import FailureKind
from executions.monitors.protocol import (
    Answer,
    AskFailed,
    BadQuestion,
    FailedPage,
    Monitor,
    Question,
    Source,
)
from torale.fields import Undecryptable
from torale.url_rules import Networks

__all__ = [
    "MONITORS",
    "NO_MONITOR",
    "Answer",
    "AskFailed",
    "BadQuestion",
    "FailedPage",
    "Monitor",
    "Question",
    "Source",
    "ask",
    "check",
    "check_request_headers",
    "monitor_for",
    "origins_of",
]

#: The classes of the monitors. The first that takes a question is asked.
MONITORS = {"page": "executions.monitors.page.PageMonitor"}

NO_MONITOR = (
    'Name the page to watch, for example "https://example.com/product". '
    "Questions without a page need a language model, and none is configured."
)

UNDECRYPTABLE = (
    "The server cannot decrypt the request headers of this task with its keys. Set request_headers "
    "anew, or ask the operator to add the old key to TORALE_FIELD_KEYS."
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


def origins_of(*, search_query: str, condition_description: str) -> frozenset[str]:
    """Return the origins to which request headers would be sent; see `Monitor.origins`."""
    try:
        monitor = monitor_for(
            search_query=search_query, condition_description=condition_description
        )
    except BadQuestion:
        return frozenset()
    return monitor.origins(search_query)


def check_request_headers(*, search_query: str, condition_description: str) -> None:
    """Refuse request headers for a question about several origins, or about none.

    Raises:
        BadQuestion: says what to change.
    """
    origins = origins_of(search_query=search_query, condition_description=condition_description)
    if not origins:
        fault = "No page is visited for this question; leave the headers out."
    elif len(origins) > 1:
        fault = (
            "The headers are sent to one origin (scheme, host and port) only, but search_query "
            f"names pages of {len(origins)}: {', '.join(sorted(origins))}. Name pages of one "
            "origin, or leave the headers out."
        )
    else:
        return
    raise BadQuestion({"request_headers": fault})


async def ask(question: Question) -> Answer:
    """Return the answer of the monitor that takes `question`.

    Raises:
        AskFailed: there is no answer; the message says why.
    """
    if isinstance(question.request_headers, Undecryptable):
        # Without them, the page of a log-in would be read instead of the one that is watched.
        raise AskFailed(FailureKind.USER_ERROR, UNDECRYPTABLE)
    try:
        monitor = monitor_for(
            search_query=question.search_query,
            condition_description=question.condition_description,
        )
    except BadQuestion as error:  # it was stored when there still was a monitor for it
        raise AskFailed(FailureKind.USER_ERROR, str(error)) from error
    return await monitor.ask(question)


@cache
def _monitor(path: str) -> Monitor:
    monitor: Monitor = import_string(path)()
    return monitor
