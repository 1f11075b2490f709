"""When a task is visited next after an answer, or after a run that failed for good; pure."""

from datetime import datetime, timedelta

from executions.failures import LONGEST_REST
from tasks import visit_schedule

#: The wait before the next visit if neither the task nor the monitor sets one.
FALLBACK_INTERVAL = timedelta(hours=24)

#: The wait after the first failed run. Each further one in a row doubles it.
FIRST_WAIT = timedelta(minutes=1)
#: The longest wait, however long the task's own interval is.
LONGEST_WAIT = timedelta(hours=1)
#: Doublings after which the wait is LONGEST_WAIT anyway.
MOST_DOUBLINGS = 6


def after_answer(
    schedule: str, zone: str, *, now: datetime, proposed: datetime | None, jitter: float
) -> datetime:
    """Return when to visit again.

    Args:
        schedule: the task's.
        zone: the task's time zone.
        now: when the answer is stored.
        proposed: when the monitor would ask next; the schedule goes first.
        jitter: a random number from 0 to 1, which moves the visit; 0.5 does not.
    """
    interval = proposed - now if proposed else FALLBACK_INTERVAL
    return visit_schedule.next_visit(schedule, zone, after=now, interval=interval, jitter=jitter)


def after_failure(
    *, failed_runs: int, now: datetime, regular_at: datetime, retry_after: datetime | None = None
) -> datetime:
    """Return when to visit again.

    Args:
        failed_runs: how many runs in a row have failed, this one included.
        now: when it failed.
        regular_at: when the task's schedule has the next visit. It is never missed.
        retry_after: until when the server asked not to be visited; more than LONGEST_REST is too
            much.
    """
    wait = FIRST_WAIT * (1 << min(failed_runs - 1, MOST_DOUBLINGS))
    at = min(now + min(wait, LONGEST_WAIT), max(regular_at, now))
    if retry_after is not None:
        at = max(at, min(retry_after, now + LONGEST_REST))
    return at
