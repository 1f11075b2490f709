"""Search with Brave (api-dashboard.search.brave.com, "Web search")."""

from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from executions.monitors.agent.search.call import answer_of, operators_key, unusual
from executions.monitors.agent.search.results import MAX_RESULTS, Result, results_of
from executions.monitors.protocol import Sessions

NAME: Final = "Brave"
ENDPOINT = "https://api.search.brave.com/res/v1/web/search"
_BAD_KEY: Final = (
    "Brave refused the search ({status}). An operator should check TORALE_SEARCH_KEY and its plan."
)
#: Brave answers 422 to a token that it does not know, and 402 when a plan is used up.
_REFUSALS: Final = {status: _BAD_KEY.format(status=status) for status in (401, 402, 403, 422)}


async def search(query: str, *, sessions: Sessions, time_limit: timedelta) -> list[Result]:
    """Return what Brave finds.

    Args:
        query: what to look for, at most 400 characters and 50 words.
        sessions: the connections to other people's servers.
        time_limit: the time for the whole search.

    Raises:
        SearchFailed: there is no answer.
    """
    parameters = {
        "q": query,
        "count": MAX_RESULTS,
        "result_filter": "web",
        # Otherwise words that were found stand between tags.
        "text_decorations": "false",
    }
    answer = await answer_of(
        NAME,
        sessions.of(()),
        f"{ENDPOINT}?{urlencode(parameters)}",
        headers={"X-Subscription-Token": operators_key(NAME)},
        time_limit=time_limit,
        refusals=_REFUSALS,
    )
    # Without `web`, nothing was found.
    web = answer.get("web", {"results": []})
    found = web.get("results") if isinstance(web, dict) else None
    if not isinstance(found, list):
        raise unusual(NAME)
    return results_of(found, snippet="description", published="page_age")
