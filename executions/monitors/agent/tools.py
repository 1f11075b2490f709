"""What a model may do in a visit: search, and read pages. Both are counted.

A tool never raises because of what the model or a page did: that would end the visit. It says in
words what is wrong, and the model goes on.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urldefrag

from django.conf import settings

from executions.activity import step_of
from executions.monitors.addresses import addresses_in
from executions.monitors.agent import prompt, reading
from executions.monitors.agent.memory import digest
from executions.monitors.agent.reading import PageRead
from executions.monitors.agent.search import Result, SearchFailed, search
from executions.monitors.look import download_of, headers_in, in_child
from executions.monitors.protocol import AskFailed, Question, Sessions
from executions.monitors.robots import check_of
from executions.monitors.visit import visit
from torale.outbound.url_rules import origin_of

#: Seconds for each page and each search. Of several, one that is slow leaves time for the others.
STEP_S = 20
#: How many seconds are left for the model's answer when the tools stop.
ANSWER_S = 25
#: A longer query is cut.
QUERY_CHARACTERS = 300

USED_UP = "The budget for this is used up. Call `report` now, with what you know."
NOT_SEEN = (
    "This address is not one of the question, of a search result or of a page that was read, so it "
    "is not visited. Choose one of those, written exactly as it stands there."
)


@dataclass(kw_only=True)
class Tools:
    """The tools of one visit, and what they have brought."""

    question: Question
    sessions: Sessions
    #: Separates text from elsewhere in what the model reads.
    boundary: str
    #: When the visit must have ended, by `time.monotonic`.
    ends_at: float
    #: Called with a sentence for each step.
    progress: Callable[[str], None]
    #: Whether there is enough left of the other limits for another step.
    may_go_on: Callable[[], bool] = lambda: True
    #: What was found, by query, and what was read and what failed, by URL.
    searches: dict[str, list[Result]] = field(default_factory=dict)
    pages: dict[str, PageRead] = field(default_factory=dict)
    failures: dict[str, AskFailed] = field(default_factory=dict)
    search_failures: list[SearchFailed] = field(default_factory=list)
    activity: list[dict[str, object]] = field(default_factory=list)
    #: How often each was used by the model.
    search_count: int = 0
    page_count: int = 0

    def __post_init__(self) -> None:
        self.named = addresses_in(self.question.search_query)
        #: The URLs that may be read, by their form without fragment and final slash.
        self._seen = {_plain(url): url for url in self.named}
        self._fetching: dict[str, asyncio.Task[PageRead]] = {}

    async def search(self, query: str) -> str:
        """Search the web, and return the results.

        Args:
            query: a few words, as one would type them into a search engine.
        """
        query = " ".join(query.split())[:QUERY_CHARACTERS]
        if not settings.TORALE_SEARCH:
            return "There is no search engine. Read the pages that the question names."
        if not query:
            return "The query is empty. Write a few words."
        if query not in self.searches:
            if self.search_count >= settings.TORALE_AGENT_SEARCHES or not self._may_go_on():
                return USED_UP
            self.search_count += 1
            try:
                await self.find(query)
            except SearchFailed as failure:
                return f"The search failed: {failure}"
        return prompt.results_text(query, self.searches[query], boundary=self.boundary)

    async def read(self, url: str) -> str:
        """Read a page: one of the question, of a search result, or that a page read links to.

        Args:
            url: its address, exactly as you saw it.
        """
        address = self._seen.get(_plain(url))
        if address is None:
            self.note({"action": "read", "url": url[:500], "error": "not an address seen before"})
            return NOT_SEEN
        if address not in self.pages:
            if self.page_count >= settings.TORALE_AGENT_PAGES or not self._may_go_on():
                return USED_UP
            self.page_count += 1
            try:
                await self.look_at(address)
            except AskFailed as failure:
                return f"The page cannot be read: {failure}"
        words = prompt.words_of(self.question)
        return prompt.page_text(self.pages[address], words=words, boundary=self.boundary)

    async def find(self, query: str) -> list[Result]:
        """Search, keep the results and return them.

        Raises:
            SearchFailed: the search engine gave none; kept, too.
        """
        try:
            results = await search(
                query, sessions=self.sessions, time_limit=timedelta(seconds=self._step_s())
            )
        except SearchFailed as failure:
            self.search_failures.append(failure)
            self.note({"action": "search", "query": query, "error": str(failure)})
            raise
        self.searches[query] = results
        self._allow(result.url for result in results)
        self.note({"action": "search", "query": query, "results": len(results)})
        return results

    async def look_at(self, address: str) -> PageRead:
        """Read a page once in a visit, keep and return it.

        Raises:
            AskFailed: it cannot be read; kept, too.
        """
        if address in self.failures:
            raise self.failures[address]
        # Two calls for one page, which a model may make side by side, wait for one visit.
        if address not in self._fetching:
            self._fetching[address] = asyncio.ensure_future(self._fetched(address))
        try:
            page = await self._fetching[address]
        except AskFailed as failure:
            if address not in self.failures:
                self.failures[address] = failure
                self.note({"action": "read", "url": address, "error": str(failure)})
            raise
        if address not in self.pages:
            self.pages[address] = page
            self._allow(link for _, link in page.links)
            self.note({"action": "read", "url": address, "title": page.title})
        return page

    def note(self, step: dict[str, object]) -> None:
        """Keep a step, and show it to whoever watches."""
        self.activity.append(step)
        done = step_of(step)
        self.progress(f"{done.text} {done.url}".rstrip())

    def digests(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return digests of what was found by query, and of what was read by URL."""
        found = {query: digest_of(results) for query, results in self.searches.items()}
        return found, {url: page.digest for url, page in self.pages.items()}

    async def _fetched(self, address: str) -> PageRead:
        question = self.question
        own = {origin_of(url) for url in self.named}
        headers = headers_in(question) if origin_of(address) in own else {}
        session = self.sessions.of(question.networks)
        async with self.sessions.room.place(question.asker) as place:
            reply = await visit(
                session,
                address,
                headers=headers,
                allowed=check_of(question, session, place),
                now=question.asked_at,
                place=place,
                time_limit=timedelta(seconds=self._step_s()),
            )
            download = download_of(address, reply)
            return await in_child(address, reading.read, download, asker=question.asker)

    def _allow(self, urls: Iterable[str]) -> None:
        for url in urls:
            self._seen.setdefault(_plain(url), url)

    def is_time_left(self) -> bool:
        """Return whether there is time for another step, and for the answer after it."""
        return time.monotonic() < self.ends_at - ANSWER_S

    def _may_go_on(self) -> bool:
        return self.may_go_on() and self.is_time_left()

    def _step_s(self) -> float:
        return max(1.0, min(STEP_S, self.ends_at - time.monotonic()))


def digest_of(results: list[Result]) -> str:
    """Return the same whenever a search finds the same, in whatever order."""
    return digest(*sorted(f"{result.url} {result.title}" for result in results))


def _plain(url: str) -> str:
    return urldefrag(url.strip()).url.rstrip("/")
