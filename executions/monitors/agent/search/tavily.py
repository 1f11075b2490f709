"""Search with Tavily (docs.tavily.com, "Tavily Search")."""

import json
from datetime import timedelta
from typing import Final

from executions.monitors.agent.search.call import answer_of, operators_key, unusual
from executions.monitors.agent.search.results import MAX_RESULTS, Result, results_of
from executions.monitors.protocol import Sessions

NAME: Final = "Tavily"
ENDPOINT = "https://api.tavily.com/search"
_BAD_KEY: Final = (
    "Tavily refused the search ({status}). An operator should check TORALE_SEARCH_KEY."
)
_USED_UP: Final = (
    "Tavily refused the search ({status}): its plan is used up. An operator should raise the "
    "plan's limit."
)
_REFUSALS: Final = {
    **{status: _BAD_KEY.format(status=status) for status in (401, 403)},
    **{status: _USED_UP.format(status=status) for status in (432, 433)},
}


async def search(query: str, *, sessions: Sessions, time_limit: timedelta) -> list[Result]:
    """Return what Tavily finds.

    Args:
        query: what to look for, at most 400 characters.
        sessions: the connections to other people's servers.
        time_limit: the time for the whole search.

    Raises:
        SearchFailed: there is no answer.
    """
    answer = await answer_of(
        NAME,
        sessions.of(()),
        ENDPOINT,
        headers={
            "Authorization": f"Bearer {operators_key(NAME)}",
            "Content-Type": "application/json",
        },
        body=json.dumps({"query": query, "max_results": MAX_RESULTS}).encode(),
        time_limit=time_limit,
        refusals=_REFUSALS,
    )
    found = answer.get("results")
    if not isinstance(found, list):
        raise unusual(NAME)
    return results_of(found, snippet="content", published="published_date")
