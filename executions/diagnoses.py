"""Checks of what answers questions in plain words."""

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.utils.module_loading import import_string

from executions.monitors.agent.search import Result, SearchFailed, search
from torale.doctor import Check, Finding, Verdict
from torale.outbound.aiohttp_sessions import AiohttpSessions

#: What is searched for, and how long that may take.
QUERY: Final = "test"
PATIENCE: Final = timedelta(seconds=20)


def look_at_model() -> Iterator[Finding]:
    """Ask the language model, if there is one. It is loaded only then, which takes seconds."""
    if settings.TORALE_MODEL:
        yield import_string("executions.monitors.agent.trial.try_model")("model")
    else:
        text = "No language model is set; questions in plain words are refused."
        yield Finding("model", Verdict.OK, text)


def look_at_search() -> Iterator[Finding]:
    """Search once, if there is a search engine."""
    name, engine = "search", settings.TORALE_SEARCH.partition("+")[0]
    if not engine:
        if settings.TORALE_MODEL:
            text = "No search engine is set: questions that name no page are refused."
            yield Finding(name, Verdict.WARNING, text, "set TORALE_SEARCH.")
        else:
            text = "No search engine is set, and without a language model none is needed."
            yield Finding(name, Verdict.OK, text)
        return
    started = time.monotonic()
    try:
        found = asyncio.run(_found())
    except SearchFailed as error:
        remedy = "see TORALE_SEARCH and TORALE_SEARCH_KEY, and whether the engine runs."
        yield Finding(name, Verdict.PROBLEM, str(error), remedy)
        return
    seconds = time.monotonic() - started
    if found:
        text = f'{engine} found pages for "{QUERY}" in {seconds:.1f} s.'
        yield Finding(name, Verdict.OK, text)
    else:
        text = f'{engine} found no page for "{QUERY}".'
        yield Finding(name, Verdict.WARNING, text, "see what the engine finds in a browser.")


async def _found() -> list[Result]:
    async with AiohttpSessions(limit=1) as sessions:
        return await search(QUERY, sessions=sessions, time_limit=PATIENCE)


CHECKS: Final = (Check("model", look_at_model), Check("search", look_at_search))
