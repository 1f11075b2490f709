"""Visits as a kind of work: claim due executions, ask their questions, store every result.

A page may be visited twice if the worker is killed meanwhile; nobody has been told of the first
visit then.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import psycopg
import structlog
from django.conf import settings

from executions.failures import FailureKind
from executions.models import ASKING_LIMIT
from executions.monitors import Answer, AskFailed, Question, ask
from tasks.models import PageText, Task
from tasks.run import WAKE_UP
from tasks.visits.claim import NOBODY, Visit, claim, give_back
from tasks.visits.store import THREADS, Result, store
from torale.errors import OUR_FAULT
from torale.outbound.aiohttp_sessions import AiohttpSessions
from torale.pool import Batch, Claimed, Report, Stored, in_thread

logger = structlog.get_logger(__name__)

#: Executions claimed by one statement. A small worker claims a fourth of its places at a time: it
#: waits until half as many are free, so larger claims would leave many places empty.
VISITS_PER_CLAIM = 50
PART_PER_CLAIM = 4
#: Connections that visits may have at a time; each visits a few pages.
CONNECTIONS_PER_VISIT = 5
#: How often one execution may be asked, including attempts in which the worker died. An execution
#: that only fails is given up earlier.
MOST_ASKINGS = 10
#: What the owner is told of such an execution. Something in it kills its worker each time, and
#: would kill the next one, too.
DEADLY = "The worker that ran this stopped unexpectedly each time."
#: What the owner is told of one that takes longer than its lease allows.
TOO_LONG = (
    "The pages could not be visited and read within {seconds:g} s. If many of your pages take long "
    "to read, they wait for each other: name smaller pages, or simplify the conditions."
)


class Visits:
    """What a pool needs to know of visits."""

    wake_up = WAKE_UP

    def __init__(self) -> None:
        self.most_at_once: int = settings.TORALE_VISITS_AT_ONCE
        self.per_claim = max(1, min(VISITS_PER_CLAIM, self.most_at_once // PART_PER_CLAIM))
        self._under_way = 0
        self._after = NOBODY
        self._is_held_up = False

    @asynccontextmanager
    async def open(self, stopping: threading.Event) -> AsyncIterator[None]:
        """Open the connections that all visits share."""
        async with AiohttpSessions(
            limit=self.most_at_once * CONNECTIONS_PER_VISIT
        ) as self._sessions:
            yield

    async def claim(
        self, database: psycopg.AsyncConnection[Any], *, most: int
    ) -> Claimed[Visit, Result]:
        """Lease due executions."""
        found = await claim(
            database, most=most, free=self.most_at_once - self._under_way, after=self._after
        )
        self._after, self._is_held_up = found.after, found.is_held_up
        self._under_way += len(found.visits)
        return Claimed(
            [Batch([visit], partial(self._attempt, visit)) for visit in found.visits],
            clock=found.clock,
            more_may_be_due=found.more_may_be_due,
        )

    async def _attempt(self, visit: Visit, report: Report[Visit, Result]) -> None:
        report(visit, await self._result(visit))

    async def _result(self, visit: Visit) -> Result:
        if visit.execution.attempt_count > MOST_ASKINGS:
            return AskFailed(FailureKind.SYSTEM_ERROR, DEADLY)
        limit = asyncio.timeout(ASKING_LIMIT.total_seconds())
        try:
            async with limit:
                return await self._asked(visit)
        except AskFailed as failure:
            return failure
        except Exception:  # whatever breaks in a question or a monitor
            if limit.expired():
                seconds = ASKING_LIMIT.total_seconds()
                return AskFailed(FailureKind.TIMEOUT, TOO_LONG.format(seconds=seconds))
            logger.exception("monitor_broke", execution_id=self.name(visit))
            return AskFailed(FailureKind.SYSTEM_ERROR, OUR_FAULT)

    async def _asked(self, visit: Visit) -> Answer:
        question = visit.question()
        if visit.is_large:
            question = await in_thread(_completed, visit, question, executor=THREADS)
        return await ask(question, sessions=self._sessions)

    def note_result(self, visit: Visit, result: Result) -> bool:
        """Make room for another visit."""
        self._under_way -= 1
        return False

    def note_given_back(self, visit: Visit) -> None:
        """Make room for another visit."""
        self._under_way -= 1

    def give_back(self, visits: Sequence[Visit]) -> None:
        """End the leases of executions that were not asked."""
        give_back(visits)

    def broken(self, visit: Visit, *, now: datetime) -> Result:
        """Return a failure that is our fault."""
        return AskFailed(FailureKind.SYSTEM_ERROR, OUR_FAULT)

    def name(self, visit: Visit) -> str:
        """Return the execution's id."""
        return str(visit.execution.pk)

    async def store(
        self, database: psycopg.AsyncConnection[Any], results: Sequence[tuple[Visit, Result]]
    ) -> Stored[Visit, Result]:
        """Store the results; what they held up may then be claimed."""
        held_up = await store(database, results)
        return Stored(held_up=held_up, is_worth_claiming=self._is_held_up)


def _completed(visit: Visit, question: Question) -> Question:
    """Return a large question with what did not come with the claim."""
    task = Task.objects.filter(pk=visit.execution.task_id)
    if kept := task.values("last_known_state", "context").first():  # it may have been deleted
        question = replace(question, **kept)
    return replace(question, texts=PageText.objects.of(visit.execution.task_id))
