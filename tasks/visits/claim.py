"""Lease due executions to this worker, in turn between users, as far as limits allow."""

import json
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import psycopg
from django.db import connection

from executions.models import ASKING_LEASE, Execution, ExecutionStatus
from executions.monitors import Question
from tasks.models import Task
from tasks.visits.statements import CLAIM, GIVE_BACK
from torale.clock import Reading
from torale.fields import Undecryptable, UndecryptableValue
from torale.outbound.url_check import networks_of

#: How many executions at a time call one server, by all workers together; one that calls several
#: servers and has waited for a minute may be one more.
PER_HOST = 2
#: How many users one statement looks at, and how many due executions of each.
USERS_PER_CLAIM = 200
DUE_PER_USER = 50
#: Up to so many bytes, a task's state, context and texts are read and stored together with those of
#: other tasks. Larger ones in one statement would hold up everything else.
SMALL = 64 * 1024
#: Comes before every user.
NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """An execution that this worker has leased, and what its question consists of."""

    #: The execution as far as it is needed to store the result.
    execution: Execution
    #: What the question is made from.
    row: Mapping[str, Any]
    #: When it was claimed.
    claimed_at: datetime
    #: The task's schedule, and the time zone in which it is read.
    schedule: str
    time_zone: str
    #: When the task was last changed by its owner, as PostgreSQL writes it.
    updated_at: str | None
    #: Whether the task has no warning and has not failed lately, so that an answer changes nothing
    #: of that.
    is_calm: bool

    @property
    def is_large(self) -> bool:
        """Whether what the question consists of is too large to come with the claim."""
        return bool(self.row["is_large"])

    def question(self) -> Question:
        """Return the question; its state, context and texts are missing if it is large.

        It is made when it is asked, and not with the claim, where one that cannot be made would
        keep all others from being asked.
        """
        row = self.row
        return Question(
            search_query=row["search_query"],
            condition_description=row["condition_description"],
            last_known_state=_json(row["last_known_state"]),
            texts={url: b64decode(text) for url, text in (row["texts"] or {}).items()},
            context=_json(row["context"]),
            asker=row["user_id"],
            networks=networks_of(email=row["email"], is_staff=row["is_staff"]),
            request_headers=_headers(row["request_headers"]),
            is_second_look=self.execution.first_look_at is not None,
            asked_at=self.claimed_at,
        )

    @property
    def fence(self) -> dict[str, Any]:
        """What guards the result: the attempt's number and the first look; plain JSON."""
        return {
            "attempt_count": self.execution.attempt_count,
            "first_look_at": self.execution.first_look_at,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The result of one look at the due executions."""

    #: The database's time when they were leased.
    clock: Reading
    visits: list[Visit]
    #: The user after whom the next claim begins.
    after: UUID
    #: Whether executions are due that a limit holds up.
    is_held_up: bool
    #: Whether to look again at once.
    more_may_be_due: bool


async def claim(
    database: psycopg.AsyncConnection[Any], *, most: int, free: int, after: UUID = NOBODY
) -> Claim:
    """Lease up to `most` due executions.

    The first of each user are taken before the second of any. What would exceed a limit stays due:
    executions of a server that PER_HOST executions are calling, and those of a user who has as many
    under way as there is room left.

    Args:
        database: a connection on which each statement commits by itself.
        most: how many to lease.
        free: how many more this worker could work on at once.
        after: the user after whom to begin: `after` of the last claim.
    """
    cursor = await database.execute(CLAIM, parameters(most=most, free=free, after=after))
    [row] = await cursor.fetchall()
    return read(row, after=after)


def parameters(*, most: int, free: int, after: UUID) -> dict[str, Any]:
    """Return the parameters of CLAIM; the arguments are those of `claim`."""
    return {
        "after": after,
        "users": USERS_PER_CLAIM,
        "window": DUE_PER_USER,
        "per_host": PER_HOST,
        "limit": most,
        "free": free,
        "lease_time": ASKING_LEASE,
        "small": SMALL,
    }


def read(row: Sequence[Any], *, after: UUID) -> Claim:
    """Return what the row says that CLAIM returned; `after` was its parameter."""
    now, rows, last_taken, last_seen, users, left, is_exhausted = row
    visits = [_visit(each, now) for each in orjson.loads(rows)]
    are_all_users_seen = users < USERS_PER_CLAIM
    has_reached_the_end = last_seen is None or last_seen <= after
    return Claim(
        clock=Reading(now),
        visits=visits,
        after=last_taken or (after if are_all_users_seen else last_seen),
        is_held_up=is_exhausted or left > 0,
        more_may_be_due=bool(visits) or not (are_all_users_seen or has_reached_the_end),
    )


def _visit(row: Mapping[str, Any], now: datetime) -> Visit:
    first_look_at = row["first_look_at"] and datetime.fromisoformat(row["first_look_at"])
    return Visit(
        execution=Execution(
            pk=UUID(row["id"]),
            task_id=UUID(row["task_id"]),
            user_id=UUID(row["user_id"]),
            status=ExecutionStatus.RUNNING,
            attempt_count=row["attempt_count"],
            first_look_at=first_look_at,
            created_at=datetime.fromisoformat(row["created_at"]),
            notify=row["notify"],
        ),
        row=row,
        claimed_at=now,
        schedule=row["schedule"],
        time_zone=row["time_zone"],
        updated_at=row["updated_at"],
        is_calm=row["is_calm"],
    )


def _json(text: str | None) -> Any:
    # Not by orjson, which rounds numbers that the database keeps exactly.
    return None if text is None else json.loads(text)


def _headers(digits: str | None) -> Mapping[str, str] | Undecryptable:
    if digits is None:
        return {}
    field: Any = Task._meta.get_field("request_headers")
    try:
        headers: dict[str, str] = field.decrypted(bytes.fromhex(digits))
    except UndecryptableValue as error:
        return error.kept
    return headers


def give_back(visits: Sequence[Visit]) -> None:
    """End the leases of executions whose question was not asked, so that they are due at once."""
    fences = [{"id": visit.execution.pk, **visit.fence} for visit in visits]
    with connection.cursor() as cursor:
        cursor.execute(GIVE_BACK, {"fences": orjson.dumps(fences).decode()})
