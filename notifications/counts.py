"""Keep the counts of sends (SendCount) few and correct, and read them.

A total takes as long for a million sends as for ten. It is exact at every moment, because the rows
of SendCount are written in the transactions that change the sends.
"""

from collections.abc import Callable, Mapping
from datetime import date
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Sum

from notifications.models import UNFINISHED, SendCount, SendStatus

#: The key of the advisory lock that is held while rows are replaced. We chose it: it is "coun" in
#: ASCII.
LOCK = 0x636F756E
#: Groups of rows that one transaction folds; it takes some tens of milliseconds.
GROUPS_PER_TRANSACTION = 1000
#: With more rows for a user's day, the counts are kept apart from the classes of times.
#: `notifications_recount` (migration 0007) has the same number.
MOST_UNDIVIDED = 8

FOLD = """
WITH touched AS (
    SELECT DISTINCT user_id, day, task_id FROM notifications_sendcount
    WHERE NOT is_folded AND {these}
    LIMIT %(most)s
), replaced AS (
    -- OFFSET keeps the planner from joining in another way than by the indexes.
    SELECT id FROM touched, LATERAL (
        SELECT id FROM notifications_sendcount AS counted WHERE number <> 0 AND {same} OFFSET 0
    ) AS counted
    UNION
    SELECT id FROM touched, LATERAL (
        SELECT id FROM notifications_sendcount AS counted WHERE timed <> 0 AND {same} OFFSET 0
    ) AS counted
), gone AS (
    DELETE FROM notifications_sendcount WHERE id = ANY(ARRAY(SELECT id FROM replaced)) RETURNING *
), summed AS (
    SELECT user_id, day, took, task_id, recipient, notification_type, status, event_type,
           sum(number) AS number, sum(timed) AS timed,
           day IS NOT NULL
           AND count(*) OVER (PARTITION BY user_id, day) > %(most_undivided)s AS is_divided
    FROM gone
    GROUP BY user_id, day, took, task_id, recipient, notification_type, status, event_type
), folded AS (
    INSERT INTO notifications_sendcount (
        user_id, day, took, task_id, recipient, notification_type, status, event_type, number,
        timed, is_folded
    )
    SELECT user_id, day, took, task_id, recipient, notification_type, status, event_type, number,
           timed, true
    FROM summed WHERE NOT is_divided AND (number <> 0 OR timed <> 0)
    UNION ALL
    SELECT user_id, day, NULL, NULL, NULL, notification_type, status, event_type, sum(number), 0,
           true
    FROM summed WHERE is_divided
    GROUP BY user_id, day, notification_type, status, event_type HAVING sum(number) <> 0
    UNION ALL
    SELECT user_id, day, took, NULL, NULL, notification_type, status, event_type, 0, timed, true
    FROM summed WHERE is_divided AND timed <> 0
)
SELECT count(*) FROM touched
"""
#: Which rows are folded together, as conditions that the indexes of SendCount serve.
FOLDED_TOGETHER = {
    "user_id IS NULL": "counted.user_id IS NULL AND counted.day = touched.day",
    "user_id IS NOT NULL AND day IS NOT NULL": (
        "counted.user_id = touched.user_id AND counted.day = touched.day"
    ),
    "task_id IS NOT NULL": (
        "counted.user_id = touched.user_id AND counted.day IS NULL"
        " AND counted.task_id = touched.task_id"
    ),
    "user_id IS NOT NULL AND day IS NULL AND task_id IS NULL": (
        "counted.user_id = touched.user_id AND counted.day IS NULL AND counted.task_id IS NULL"
    ),
}


def fold(*, must_end: Callable[[], bool] = lambda: False) -> None:
    """Replace the rows that were added since the last call, and those they belong to, by sums.

    Totals stay the same at every moment. Does nothing while another process folds or recounts.

    Args:
        must_end: asked before each transaction.
    """
    for these, same in FOLDED_TOGETHER.items():
        statement = FOLD.format(these=these, same=same)
        is_more = True
        while is_more and not must_end():
            is_more = _fold_some(statement)


@transaction.atomic
def _fold_some(statement: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if cursor.fetchone() != (True,):
            return False
        cursor.execute(
            statement, {"most": GROUPS_PER_TRANSACTION, "most_undivided": MOST_UNDIVIDED}
        )
        return bool(cursor.fetchone() == (GROUPS_PER_TRANSACTION,))


def recount() -> int:
    """Count all sends anew; return how many counts were wrong.

    Reads the whole table. Sends that are recorded or delivered meanwhile are counted correctly.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # In a statement of its own, so that the next one sees what the last holder has committed.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute("SELECT notifications_recount()")
        [wrong] = cursor.fetchone()
    fold()
    return int(wrong)


def unfinished() -> dict[SendStatus, int]:
    """Return how many sends of all users await an attempt, by status."""
    counts = SendCount.objects.filter(user_id=None, status__in=UNFINISHED).values_list("status")
    found = dict(counts.annotate(Sum("number")))
    return {status: found.get(status, 0) for status in UNFINISHED}


def total(
    *,
    kinds: Mapping[str, str],
    user_id: UUID | None = None,
    task_id: UUID | None = None,
    days: tuple[date | None, date | None] = (None, None),
) -> int:
    """Return how many sends there are, of one user or of all.

    Args:
        kinds: their status, event and channel, by the names of the columns, as far as given.
        user_id: their user; None for those of all users.
        task_id: their task, for which the user must be given and no days.
        days: the first day, and the one after the last; None where the range is open.
    """
    counts = SendCount.objects.exclude(number=0).filter(user_id=user_id, **kinds)
    first, end = days
    if task_id:
        counts = counts.filter(day=None, task_id=task_id)
    elif user_id and not first and not end:
        counts = counts.filter(day=None, task_id=None)
    else:
        bounds = {"day__gte": first, "day__lt": end}
        given = {name: day for name, day in bounds.items() if day}
        counts = counts.filter(day__isnull=False, **given)
    return counts.aggregate(total=Sum("number"))["total"] or 0
