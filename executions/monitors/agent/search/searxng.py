"""Search with the operator's SearXNG (docs.searxng.org, "Search API")."""

from datetime import timedelta
from ipaddress import ip_network
from typing import Any, Final
from urllib.parse import urlencode

from executions.failures import FailureKind
from executions.monitors.agent.search.call import answer_of, unusual
from executions.monitors.agent.search.results import Result, SearchFailed, plain, results_of
from executions.monitors.protocol import Sessions

NAME: Final = "SearXNG"
#: The operator's own server may stand in any network.
ANY_NETWORK: Final = (ip_network("0.0.0.0/0"), ip_network("::/0"))
_NO_JSON: Final = (
    "SearXNG refused the search (403). An operator should allow the format `json` in its "
    "settings.yml, under search.formats."
)
_LOG_IN: Final = (
    "SearXNG refused the search (401). An operator should let Torale call it without a log-in."
)
#: How many of the engines that did not answer are named, and how many characters of each.
MAX_NAMED: Final = 5
MAX_NAME: Final = 60


async def search(
    query: str, *, url: str, sessions: Sessions, time_limit: timedelta
) -> list[Result]:
    """Return what the SearXNG at `url` finds.

    Args:
        query: what to look for.
        url: where the SearXNG is, without `/search`.
        sessions: the connections to other people's servers.
        time_limit: the time for the whole search.

    Raises:
        SearchFailed: there is no answer, or nothing was found because engines that SearXNG asks
            did not answer.
    """
    answer = await answer_of(
        NAME,
        sessions.of(ANY_NETWORK),
        f"{url}/search?{urlencode({'q': query, 'format': 'json'})}",
        headers={},
        time_limit=time_limit,
        refusals={401: _LOG_IN, 403: _NO_JSON},
    )
    found = answer.get("results")
    if not isinstance(found, list):
        raise unusual(NAME)
    if not found and (silent := _silent(answer.get("unresponsive_engines"))):
        raise SearchFailed(
            FailureKind.NETWORK,
            f"SearXNG found nothing, and these of its engines did not answer: {silent}.",
        )
    return results_of(found, snippet="content", published="publishedDate")


def _silent(engines: Any) -> str:
    """Return the names of the engines that did not answer, with reasons; empty if all did.

    Args:
        engines: pairs of name and reason.
    """
    pairs = engines if isinstance(engines, list) else []
    named = [
        f"{plain(pair[0], MAX_NAME)} ({plain(pair[1], MAX_NAME)})"
        for pair in pairs[:MAX_NAMED]
        if isinstance(pair, list) and len(pair) == 2  # noqa: PLR2004 - a pair
    ]
    return ", ".join(named)
