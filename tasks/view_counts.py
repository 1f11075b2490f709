"""Count views of tasks without a database write in each request.

Each process counts in memory and stores its counts every few seconds from a separate thread. If a
process is killed, the views of its last seconds are lost. This is accepted, because a write for
every view would cost more than the view itself.
"""

import atexit
import threading
from collections import Counter
from uuid import UUID

import structlog
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, connection

from accounts.models import User
from tasks.models import Task

logger = structlog.get_logger(__name__)

#: A view is stored after at most this many seconds.
DELAY_S = 5

#: Rows are locked in the order of their ids, so that two processes cannot deadlock. A count stops
#: at the column's largest value: an overflow would fail the statement and lose all its views.
STORE_VIEWS = """
WITH counted AS (
    SELECT tasks_task.id, seen.views
    FROM tasks_task JOIN unnest(%s::uuid[], %s::int[]) AS seen (id, views) USING (id)
    ORDER BY tasks_task.id
    FOR NO KEY UPDATE OF tasks_task
)
UPDATE tasks_task SET view_count = least(view_count::bigint + counted.views, 2147483647)
FROM counted WHERE tasks_task.id = counted.id
"""


class ViewCounter:
    """Counts views by task until they are stored. All threads of a process can use it safely."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._views: Counter[UUID] = Counter()
        self._timer: threading.Timer | None = None

    def add(self, task: Task, *, by: User | AnonymousUser) -> None:
        """Count a view, unless it is the owner's. It is stored within DELAY_S seconds."""
        if by.pk == task.user_id:
            return
        with self._lock:
            self._views[task.pk] += 1
            if self._timer is None:
                self._timer = threading.Timer(DELAY_S, self._store_in_background)
                self._timer.daemon = True
                self._timer.start()

    def take(self) -> Counter[UUID]:
        """Return the views that are not stored yet, and reset the counts."""
        with self._lock:
            views, self._views = self._views, Counter()
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        return views

    def store(self) -> None:
        """Store the views counted so far in one statement. Views of deleted tasks are dropped.

        Raises:
            DatabaseError: the views could not be stored, and are lost.
        """
        views = self.take()
        if views:
            with connection.cursor() as cursor:
                cursor.execute(STORE_VIEWS, [list(views), list(views.values())])

    def _store_in_background(self) -> None:
        """Store the views, and close the thread's connection."""
        try:
            self.store()
        except DatabaseError:
            logger.warning("views_lost", exc_info=True)
        finally:
            connection.close()


view_counter = ViewCounter()
# A process that ends normally loses no views.
atexit.register(view_counter._store_in_background)  # noqa: SLF001 - of this module
