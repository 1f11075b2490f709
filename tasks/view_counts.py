"""Count views of tasks without writing while somebody waits for the page.

Each process adds up in memory and stores what it has every few seconds, from a thread of its own.
A process that is killed takes the views of its last seconds with it: that is accepted, as a write
for every view would cost more than the view.
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

#: Seconds between a view and its being stored, at most.
DELAY_S = 5

#: Locks in the order of ids, so that two processes cannot wait for each other. A count stops at the
#: column's largest value: one that overflowed would lose the others' views.
STORE = """
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
    """Views not stored yet, by task; safe to use from all threads of a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._views: Counter[UUID] = Counter()
        self._timer: threading.Timer | None = None

    def add(self, task: Task, *, by: User | AnonymousUser) -> None:
        """Count a view by another than the owner; it is stored within DELAY_S seconds."""
        if by.pk == task.user_id:
            return
        with self._lock:
            self._views[task.pk] += 1
            if self._timer is None:
                self._timer = threading.Timer(DELAY_S, self._store_in_background)
                self._timer.daemon = True
                self._timer.start()

    def take(self) -> Counter[UUID]:
        """Return the views not stored yet, and begin anew."""
        with self._lock:
            views, self._views = self._views, Counter()
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        return views

    def store(self) -> None:
        """Store the views counted so far, in one statement; those of deleted tasks are dropped.

        Raises:
            DatabaseError: they could not be stored, and are lost.
        """
        views = self.take()
        if views:
            with connection.cursor() as cursor:
                cursor.execute(STORE, [list(views), list(views.values())])

    def _store_in_background(self) -> None:
        """Store, and give the thread's connection back."""
        try:
            self.store()
        except DatabaseError:
            logger.warning("views_lost", exc_info=True)
        finally:
            connection.close()


view_counter = ViewCounter()
# A process that ends in order loses nothing.
atexit.register(view_counter._store_in_background)  # noqa: SLF001 - nobody is left to tell
