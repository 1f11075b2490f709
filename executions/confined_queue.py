"""The order in which confined calls are made: askers take turns by the CPU time that they used.

An asker who has used much lately is heavy. Heavy askers share some of the threads that make calls;
the others are only for light ones. So however long the pages of some users take to read, those of
the others are read at once.
"""

import threading
import time
from collections import deque
from typing import Protocol

#: Seconds of CPU time after which an asker is heavy. What was used counts half after HALF_LIFE_S.
HEAVY_S = 2.0
HALF_LIFE_S = 60.0
#: Less than this is forgotten.
FORGOTTEN_S = 0.001


class Call(Protocol):
    """What a queue knows of a call."""

    def run(self) -> float:
        """Make the call unless it was cancelled; return the seconds of CPU time that it took."""


class Queue:
    """Calls that wait for a thread, and the threads.

    Args:
        threads: how many threads make the calls of all askers.
        for_light: how many threads besides make only the calls of light ones.
    """

    def __init__(self, *, threads: int, for_light: int) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[str, deque[Call]] = {}
        #: How many calls of each asker are being made.
        self._running: dict[str, int] = {}
        #: The CPU time that each asker had used at a time of `time.monotonic`, the oldest first.
        self._used: dict[str, tuple[float, float]] = {}
        for number in range(threads + for_light):
            only_light = number >= threads
            threading.Thread(
                target=self._serve, args=[only_light], name=f"confined-{number}", daemon=True
            ).start()

    def put(self, call: Call, *, asker: str) -> None:
        """Have `call` made by a thread when it is the asker's turn."""
        with self._changed:
            self._waiting.setdefault(asker, deque()).append(call)
            self._changed.notify_all()

    def _serve(self, only_light: bool) -> None:  # noqa: FBT001 - threads take no keywords
        while True:
            asker, call = self._next(only_light=only_light)
            cpu_s = 0.0
            try:
                cpu_s = call.run()
            finally:
                self._end(asker, cpu_s)

    def _next(self, *, only_light: bool) -> tuple[str, Call]:
        with self._changed:
            while True:
                asker = self._whose_turn(only_light=only_light)
                if asker is not None:
                    break
                self._changed.wait()
            calls = self._waiting[asker]
            call = calls.popleft()
            if not calls:
                del self._waiting[asker]
            self._running[asker] = self._running.get(asker, 0) + 1
            return asker, call

    def _whose_turn(self, *, only_light: bool) -> str | None:
        """Return who of those that wait has the fewest calls under way, and has used the least."""
        now = time.monotonic()
        used = {asker: self._used_by(asker, now) for asker in self._waiting}
        allowed = [asker for asker, seconds in used.items() if not only_light or seconds < HEAVY_S]
        return min(
            allowed, key=lambda asker: (self._running.get(asker, 0), used[asker]), default=None
        )

    def _end(self, asker: str, cpu_s: float) -> None:
        now = time.monotonic()
        with self._changed:
            self._running[asker] -= 1
            if not self._running[asker]:
                del self._running[asker]
            used = self._used_by(asker, now) + cpu_s
            self._used.pop(asker, None)
            self._used[asker] = used, now
            self._forget(now)

    def _forget(self, now: float) -> None:
        while self._used:
            asker = next(iter(self._used))
            if self._used_by(asker, now) >= FORGOTTEN_S:
                return
            del self._used[asker]

    def _used_by(self, asker: str, now: float) -> float:
        seconds, at = self._used.get(asker, (0.0, now))
        return float(seconds * 0.5 ** ((now - at) / HALF_LIFE_S))
