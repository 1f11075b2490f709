"""Fill the database with a demonstration, by COPY."""

import random
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Model

from executions.models import Execution
from notifications.counts import fold
from notifications.demo import story
from notifications.demo.scene import set_up
from notifications.models import Attempt, NotificationSend, Payload, SendCount
from torale.postgres.bulk import without_foreign_keys, without_indexes

#: Sends that are copied at once. Their counts are added by the trigger of one statement.
AT_ONCE = 50_000
#: The share of the sends, the newest, that keep what they carried; and how many keep it at least.
KEPT_SHARE, KEPT = 20, 1000
FILLED: tuple[type[Model], ...] = (Execution, NotificationSend, Attempt, Payload)


def fill(*, sends: int, now: datetime, tell: Callable[[int], None] = lambda _: None) -> str:
    """Store users, tasks and a history of exactly `sends` sends, all or nothing.

    While it runs, nobody else can use the tables of the history.

    Args:
        sends: how many sends.
        now: the end of the history.
        tell: called with how many sends were stored since the last call.

    Returns:
        The password of the demonstration's user.
    """
    password = secrets.token_urlsafe(12)
    chance = random.Random()  # noqa: S311 - for looks
    tables = [model._meta.db_table for model in FILLED]
    with transaction.atomic(), connection.cursor() as cursor:
        watches = set_up(sends=sends, now=now, password=password, chance=chance)
        history = story.Story(
            watches, sends=sends, payloads=max(KEPT, sends // KEPT_SHARE), now=now, chance=chance
        )
        cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
        cursor.execute("SET LOCAL work_mem = '64MB'")
        with without_foreign_keys(cursor, tables), without_indexes(cursor, tables):
            for chapter in history.chapters(AT_ONCE):
                _copy(cursor, Execution, story.EXECUTIONS, chapter.executions)
                _copy(cursor, NotificationSend, story.SENDS, chapter.sends)
                _copy(cursor, Attempt, story.ATTEMPTS, chapter.attempts)
                _copy(cursor, Payload, story.PAYLOADS, chapter.payloads)
                tell(len(chapter.sends))
    fold()
    with connection.cursor() as cursor:
        # Without this, lists would be planned for empty tables until autovacuum comes.
        cursor.execute(f"VACUUM (ANALYZE) {', '.join([*tables, SendCount._meta.db_table])}")
    return password


def _copy(
    cursor: CursorWrapper, model: type[Model], columns: Sequence[str], lines: Sequence[str]
) -> None:
    statement = f"COPY {model._meta.db_table} ({', '.join(columns)}) FROM STDIN"
    with cursor.copy(statement) as copy:
        copy.write("".join(f"{line}\n" for line in lines))
