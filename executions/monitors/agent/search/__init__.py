"""Search the web with the engine that the operator has chosen."""

from datetime import timedelta

from django.conf import settings

from executions.failures import FailureKind
from executions.monitors.agent.search import brave, searxng, tavily
from executions.monitors.agent.search.results import Result, SearchFailed
from executions.monitors.protocol import Sessions

__all__ = ["MAX_QUERY_BYTES", "MAX_QUERY_WORDS", "Result", "SearchFailed", "search"]

#: What of a query is sent, in bytes of UTF-8 and in words: Brave takes no more.
MAX_QUERY_BYTES = 400
MAX_QUERY_WORDS = 50


async def search(query: str, *, sessions: Sessions, time_limit: timedelta) -> list[Result]:
    """Return the first pages that TORALE_SEARCH finds for `query`.

    Args:
        query: what to look for; only its beginning is sent.
        sessions: the connections to other people's servers.
        time_limit: the time for the whole search.

    Raises:
        SearchFailed: there is no answer; the message says why, without the operator's key and
            without addresses of the operator's own network.
    """
    words = " ".join(query.split()[:MAX_QUERY_WORDS]).encode(errors="ignore")
    sent = words[:MAX_QUERY_BYTES].decode(errors="ignore").strip()
    if not sent:
        raise SearchFailed(FailureKind.AGENT_ERROR, "The search query is empty.")
    engine, _, url = settings.TORALE_SEARCH.partition("+")
    if engine == "brave":
        return await brave.search(sent, sessions=sessions, time_limit=time_limit)
    if engine == "tavily":
        return await tavily.search(sent, sessions=sessions, time_limit=time_limit)
    if engine == "searxng":
        return await searxng.search(sent, url=url, sessions=sessions, time_limit=time_limit)
    raise SearchFailed(
        FailureKind.SYSTEM_ERROR, "No search engine is set. An operator can set TORALE_SEARCH."
    )
