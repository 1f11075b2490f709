"""Room for large bodies, so that no number of large pages takes all the memory of a process."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

#: A body of more bytes is large.
LARGE_BYTES = 256 * 1024
#: How many callers may have large bodies at a time, and how many of them may be for one asker.
PLACES = 24
PLACES_OF_ONE_ASKER = 6


class Place:
    """One place, which a caller takes before its first large body, and leaves after its last."""

    def __init__(self, room: "Room", asker: str) -> None:
        self._room = room
        self._asker = asker
        self.is_taken = False

    async def take(self) -> None:
        """Wait until there is room; return at once if this place has been taken already.

        Of those that wait, the asker with the fewest places comes next.
        """
        room = self._room
        async with room.changed:
            room.waiting[self._asker] += 1
            try:
                await room.changed.wait_for(lambda: self.is_taken or room.is_free_for(self._asker))
                if not self.is_taken:
                    self.is_taken = True
                    room.taken[self._asker] += 1
            finally:
                room.waiting[self._asker] -= 1
                room.waiting += Counter()  # drops those with none
                room.changed.notify_all()  # it may be the turn of another one now

    async def leave(self) -> None:
        """Let the next one in."""
        async with self._room.changed:
            if self.is_taken:
                self.is_taken = False
                self._room.taken[self._asker] -= 1
                self._room.taken += Counter()  # drops those with none
                self._room.changed.notify_all()


class Room:
    """The places of one event loop."""

    def __init__(self) -> None:
        self.changed = asyncio.Condition()
        self.taken: Counter[str] = Counter()
        self.waiting: Counter[str] = Counter()

    def is_free_for(self, asker: str) -> bool:
        """Return whether `asker` may take a place now."""
        own = self.taken[asker]
        return (
            self.taken.total() < PLACES
            and own < PLACES_OF_ONE_ASKER
            and (not own or all(self.taken[other] >= own for other in self.waiting))
        )

    @asynccontextmanager
    async def place(self, asker: str) -> AsyncIterator[Place]:
        """Yield a place that is not taken yet, and leave it at the end.

        Args:
            asker: on whose behalf bodies are read, such as a user's id.
        """
        place = Place(self, asker)
        try:
            yield place
        finally:
            await place.leave()
