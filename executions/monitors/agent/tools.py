"""What a model may do in a visit: search, and read pages. Both are counted.

A tool never raises because of what the model or a page did: that would end the visit. It says in
words what is wrong, and the model goes on.
"""

import asyncio
import re
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
from executions.monitors.agent.quotes import is_for_readers, leads_elsewhere, why_tainted
from executions.monitors.agent.reading import PageRead
from executions.monitors.agent.search import Result, SearchFailed, search
from executions.monitors.look import download_of, headers_in, in_child
from executions.monitors.protocol import AskFailed, Question, Sessions
from executions.monitors.robots import check_of
from executions.monitors.visit import visit
from executions.pages.storable import storable
from torale.outbound.url_rules import origin_of

#: Seconds for each page and each search. Of several, one that is slow leaves time for the others.
STEP_S = 20
#: How many seconds are left for the model's answer when the tools stop.
ANSWER_S = 25
#: A longer query is cut.
QUERY_CHARACTERS = 300

USED_UP = "The budget for this is used up. Call `report` now, with what you know."
_STATUS = re.compile(r" answered (\d{3})\b")
NOT_SEEN = (
    "This address is not one of the question, of a search result or of a page that was read, so it "
    "is not visited. Choose one of those, written exactly as it stands there."
)


#: Why is not said: the sentences for people may quote the page.
UNREADABLE = "This page cannot be read now. Choose another one."
FAILED = "The search failed. Try other words once, or read the pages that you know."
NOT_WORDS = "Search for words: a query may hold no address, and no instruction."
NO_LINKS = (
    "This is a link of a page. Links of pages that the question does not name are not followed "
    "now, because which of them is read could tell a stranger what you know of the person. Search "
    "for the page instead."
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
    #: Whether the model has been shown what is not for strangers: the person's own data, pages that
    #: only the person may see, or what earlier visits saw.
    is_private: bool = False
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
        self._words = reading.words_of(
            self.question.search_query, self.question.condition_description
        )
        #: The URLs that may be read, by their form without fragment and final slash.
        self._seen = {_plain(url): url for url in self.named}
        #: The URLs of search results, and the origins of pages that the question names.
        self._found: set[str] = set()
        self._own = {origin_of(url) for url in self.named}
        #: The queries and URLs that the model asked for.
        self._used: set[str] = set()
        self._fetching: dict[str, asyncio.Task[PageRead]] = {}

    async def search(self, query: str) -> str:
        """Search the web, and return the results.

        Args:
            query: a few words, as one would type them into a search engine.
        """
        query = storable(" ".join(query.split()))[:QUERY_CHARACTERS]
        if refusal := self._refusal_of(query):
            return refusal
        if query not in self._used:
            if self.search_count >= settings.TORALE_AGENT_SEARCHES:
                return USED_UP
            self.search_count += 1
            self._used.add(query)
        if query not in self.searches:
            if not self._may_go_on():
                return USED_UP
            try:
                await self.find(query)
            except SearchFailed:
                return FAILED
        return prompt.results_text(query, self.searches[query], boundary=self.boundary)

    async def read(self, url: str) -> str:
        """Read a page: one of the question, of a search result, or that a page read links to.

        Args:
            url: its address, exactly as you saw it.
        """
        address = self._seen.get(_plain(url))
        if address is None:
            # The address is the model's own, so people are not shown it.
            self.note({"action": "read", "url": "", "error": "not an address seen before"})
            return NOT_SEEN
        if self.is_private and address not in self.pages and not self._may_be_known(address):
            self.note({"action": "read", "url": "", "error": "a link of another page"})
            return NO_LINKS
        if address not in self._used and address not in self.named:
            if self.page_count >= settings.TORALE_AGENT_PAGES:
                return USED_UP
            self.page_count += 1
            self._used.add(address)
        if address not in self.pages:
            if not self._may_go_on():
                return USED_UP
            try:
                await self.look_at(address)
            except AskFailed:
                return UNREADABLE
        return prompt.page_text(self.pages[address], boundary=self.boundary)

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
        results = _for_people(results)
        self.searches[query] = results
        self._allow(result.url for result in results)
        self._found.update(result.url for result in results)
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
                is_named = address in self.named
                kept = failure if is_named else _without_words_of_it(address, failure)
                self.failures[address] = kept
                self.note({"action": "read", "url": address, "error": str(kept)})
            raise self.failures[address] from None
        if address not in self.pages:
            self.pages[address] = page
            if page.taint:
                error = f"not shown to the model, because it has text for models: {page.taint}"
                self.note({"action": "read", "url": address, "error": error})
            else:
                self._allow(link for _, link in page.links)
                title = "" if leads_elsewhere(page.title) else page.title
                self.note({"action": "read", "url": address, "title": title})
        return page

    def note(self, step: dict[str, object]) -> None:
        """Keep a step, and show it to whoever watches."""
        self.activity.append(step)
        done = step_of(step)
        self.progress(f"{done.text} {done.url}".rstrip())

    def digests(self, *, only_used: bool = False) -> tuple[dict[str, str], dict[str, str]]:
        """Return digests of what was found by query, and of what was read by URL.

        Args:
            only_used: whether to leave out what the model did not ask for in this visit, and the
                question does not name.
        """
        found = {query: digest_of(results) for query, results in self.searches.items()}
        read = {url: page.digest for url, page in self.pages.items()}
        if only_used:
            found = {query: found[query] for query in found if query in self._used}
            read = {url: read[url] for url in read if url in self._used or url in self.named}
        return found, read

    async def _fetched(self, address: str) -> PageRead:
        question = self.question
        # Not to other pages of their sites: strangers may choose which of them are visited.
        headers = headers_in(question) if address in self.named else {}
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
            return await in_child(
                address, reading.read, download, self._words, asker=question.asker
            )

    def _refusal_of(self, query: str) -> str:
        """Return why a query is not searched for; empty if it is."""
        if not settings.TORALE_SEARCH:
            return "There is no search engine. Read the pages that the question names."
        if not query:
            return "The query is empty. Write a few words."
        # People are shown the queries, and later visits repeat them.
        if leads_elsewhere(query) or is_for_readers(query):
            self.note({"action": "search", "query": "", "error": "the query is not only words"})
            return NOT_WORDS
        return ""

    def _may_be_known(self, address: str) -> bool:
        """Return whether strangers may know that a page was chosen: their servers learn it."""
        return address in self._found or origin_of(address) in self._own

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


def _for_people(results: Iterable[Result]) -> list[Result]:
    """Return the results without those that have text for models, alone or after the others."""
    kept: list[Result] = []
    before = ""
    for result in results:
        text = f"{result.title}\n{result.snippet}\n{result.published}"
        # What begins in one result may end in the next.
        if not why_tainted(text, [result.url]) and not why_tainted(f"{before} {result.title}"):
            kept.append(result)
            before = result.snippet
    return kept


def _without_words_of_it(address: str, failure: AskFailed) -> AskFailed:
    """Return why a page that a stranger has chosen cannot be read, without quoting it."""
    status = _STATUS.search(str(failure))
    why = f" answered {status[1]}" if status else " cannot be read as a page"
    return AskFailed(failure.kind, f"{address}{why}.", retry_after=failure.retry_after)


def digest_of(results: list[Result]) -> str:
    """Return a digest of results that does not depend on their order."""
    return digest(*sorted(f"{result.url} {result.title}" for result in results))


def _plain(url: str) -> str:
    return urldefrag(url.strip()).url.rstrip("/")
