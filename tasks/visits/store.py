"""Store what visits brought: quiet answers together, everything else one by one."""

import asyncio
import random
from base64 import b64encode
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import orjson
import psycopg
import structlog
from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from executions.failures import FailureKind
from executions.models import kept_of
from executions.monitors import Answer, AskFailed
from tasks.models import PageText
from tasks.next_visit import after_answer
from tasks.run import fail, settle
from tasks.visits.claim import SMALL, Visit
from tasks.visits.statements import STORE
from torale import clock
from torale.errors import OUR_FAULT
from torale.pool import in_thread
from torale.trouble import is_trouble

logger = structlog.get_logger(__name__)

Result = Answer | AskFailed
#: Milliseconds that storing one result waits for a lock. An owner's request or an operator may hold
#: one for longer, and everybody's results would wait meanwhile.
LOCK_TIMEOUT_MS = 20

#: The threads of visits, so that what takes long holds up nothing else of Django's.
THREADS = ThreadPoolExecutor(4, thread_name_prefix="visits")


async def store(
    database: psycopg.AsyncConnection[Any], results: Sequence[tuple[Visit, Result]]
) -> list[tuple[Visit, Result]]:
    """Store the results of visits; return those whose rows another transaction has locked.

    One that cannot be stored does not hold up the others. A result whose lease has passed to
    another claim is dropped, as that claim stores its own.

    Raises:
        psycopg.Error, django.db.Error: the database cannot serve now; storing them all again
            changes nothing of what was stored.
    """
    quiet = [
        (visit, result)
        for visit, result in results
        if isinstance(result, Answer) and is_quiet(visit, result)
    ]
    stored = await _store_quiet(database, quiet) if quiet else set()
    others = [each for each in results if str(each[0].execution.pk) not in stored]
    are_stored = await asyncio.gather(
        *(in_thread(_store_alone, visit, result, executor=THREADS) for visit, result in others)
    )
    return [each for each, is_stored in zip(others, are_stored, strict=True) if not is_stored]


def is_quiet(visit: Visit, answer: Answer) -> bool:
    """Return whether nothing is to be told of an answer, and little to be stored."""
    return (
        visit.is_calm
        and not (answer.condition_met or answer.is_tentative or answer.warnings or answer.topic)
        and all(text is not None for text in answer.texts.values())
        and _is_small(answer)
    )


def _is_small(answer: Answer) -> bool:
    size = sum(len(text or b"") for text in answer.texts.values())
    try:
        return size <= SMALL and size + len(orjson.dumps(answer.state)) <= SMALL
    except orjson.JSONEncodeError:
        return False


async def _store_quiet(
    database: psycopg.AsyncConnection[Any], answers: Sequence[tuple[Visit, Answer]]
) -> set[str]:
    """Store quiet answers by one statement; return the ids of the executions that it settled.

    The others have changed since they were claimed, no longer belong to their claim, or are locked
    by another transaction.
    """
    cursor = await database.execute("SELECT torale_now()")
    [(now,)] = await cursor.fetchall()
    try:
        rows = orjson.dumps([_row(visit, answer, now) for visit, answer in answers]).decode()
        cursor = await database.execute(STORE, {"quiet": rows, "now": now})
    except (psycopg.Error, orjson.JSONEncodeError) as error:
        if is_trouble(error):
            raise
        # One of them is at fault; alone, each is stored or fails.
        logger.warning("answers_not_stored_together", count=len(answers), error=str(error))
        return set()
    return {execution_id for (execution_id,) in await cursor.fetchall()}


def _row(visit: Visit, answer: Answer, now: datetime) -> dict[str, Any]:
    return {
        "execution_id": visit.execution.pk,
        **visit.fence,
        "task_id": visit.execution.task_id,
        "updated_at": visit.updated_at,
        **kept_of(answer),
        "state": answer.state,
        "next_run_at": after_answer(
            visit.schedule,
            visit.time_zone,
            now=now,
            proposed=answer.next_run_at,
            jitter=random.random(),  # noqa: S311
        ),
        "texts": [
            {"page": PageText.key(url), "url": url, "content": b64encode(text).decode()}
            for url, text in answer.texts.items()
            if text is not None
        ],
    }


def _store_alone(visit: Visit, result: Result) -> bool:
    """Store one result; return False if another transaction has locked what it changes.

    If storing it is impossible, store that it is. If even that is impossible, the question is asked
    again when the lease has run out.
    """
    try:
        if not _settle_if_possible(visit, result):
            _settle_if_possible(visit, AskFailed(FailureKind.SYSTEM_ERROR, OUR_FAULT))
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            return False
        raise
    return True


def _settle_if_possible(visit: Visit, result: Result) -> bool:
    """Store one result; return False if something in it makes that impossible."""
    try:
        _settle(visit, result)
    except Exception as error:  # whatever breaks while it is stored
        if is_trouble(error):
            raise
        logger.exception("result_not_stored", execution_id=str(visit.execution.pk))
        return False
    return True


def _settle(visit: Visit, result: Result) -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
        now, jitter = clock.now(), random.random()  # noqa: S311
        if isinstance(result, Answer):
            settle(visit.execution, result, now=now, jitter=jitter)
        else:
            fail(visit.execution, result, now=now, jitter=jitter)
