"""How many requests each caller has made in the last minute, counted by one process alone.

With CACHE_URL, all web processes count together: `torale.api.shared_request_counts`.
"""

import time
from collections import OrderedDict, deque
from dataclasses import dataclass
from threading import Lock
from typing import Final, Protocol

#: How long a request counts, in seconds.
MINUTE_S: Final = 60
#: How many callers one process counts at a time. Beyond that, the one that has not called for the
#: longest time is forgotten.
MOST_CALLERS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Count:
    """What counting one request came to."""

    #: Whether the request is within the limit. One that is not does not count.
    is_allowed: bool
    #: How many more requests the caller may make now.
    left: int
    #: Seconds until the caller's oldest request no longer counts.
    reset_s: float


class RequestCounts(Protocol):
    """Counts the requests of callers."""

    def count(self, caller: str, *, most: int) -> Count:
        """Count a request.

        Args:
            caller: who makes it.
            most: how many a caller may make in a minute.
        """


class LocalCounts:
    """Counts in the memory of this process, so that no request needs a query for it."""

    def __init__(self) -> None:
        #: The times of each caller's requests in the last minute, the oldest first; of callers, the
        #: one that called last is last.
        self._times: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = Lock()

    def count(self, caller: str, *, most: int) -> Count:
        """Count a request."""
        now = time.time()
        with self._lock:
            times = self._times_of(caller)
            while times and times[0] <= now - MINUTE_S:
                times.popleft()
            is_allowed = len(times) < most
            if is_allowed:
                times.append(now)
            return Count(is_allowed, most - len(times), times[0] + MINUTE_S - now)

    def _times_of(self, caller: str) -> deque[float]:
        times = self._times.setdefault(caller, deque())
        self._times.move_to_end(caller)
        if len(self._times) > MOST_CALLERS:
            self._times.popitem(last=False)
        return times
